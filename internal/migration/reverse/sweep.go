package reverse

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"heek.kr/heektime/internal/migration/conversion"
	"heek.kr/heektime/internal/migration/state"
	"heek.kr/heektime/internal/schema"
)

// A sweep lists the accounts in Authentication and makes the old hashes of those unusable that have a password
// there. The stream cannot report such a password if it was set there directly. Listing takes as long as there
// are accounts, so it runs beside the stream; only accounts whose hashes are still usable come back to it, a few
// at a time.

const (
	// lookupChunk is how many accounts are looked up at a time in the old database.
	lookupChunk = 1000
	// expireChunk is how many accounts one transaction makes unusable. The stream waits for it.
	expireChunk = 50
)

// passwordMark is how marks begin that make Run list the accounts first.
const passwordMark = "passwords "

// PasswordMark returns a new mark for [schema.MigrationMark]. When it is applied, the old hashes of all
// accounts that had a password in Authentication when it was written are unusable.
func PasswordMark() string { return passwordMark + rand.Text() }

func isPasswordMark(mark string) bool { return strings.HasPrefix(mark, passwordMark) }

// sweep is a list of accounts in progress.
type sweep struct {
	// found has users whose hashes may have to become unusable. It is closed at the end.
	found chan foundPasswords
	err   error  // after the end
	mark  string // to be applied at the end, if any
}

// foundPasswords are keys of users with a password in Authentication, and when the list began: a hash that
// Firestore got later replaces the password that was found.
type foundPasswords struct {
	keys  []string
	began time.Time
}

// sweeps runs one sweep at a time.
type sweeps struct {
	*runner
	running *sweep
	// again says that another sweep has been asked for since the one that is running began.
	again bool
	// mark is the last password mark that was reported.
	mark string
}

// begin starts a sweep, or one after that which is running.
func (s *sweeps) begin(ctx context.Context) {
	if s.running != nil {
		s.again = true
		return
	}
	s.again = false
	running := &sweep{found: make(chan foundPasswords), mark: s.mark}
	s.running = running
	_, active := s.active[state.Accounts]
	list := active && s.wasNew[state.Accounts] && s.cfg.Accounts != nil // otherwise nothing was replaced
	go func() {
		defer close(running.found)
		if list {
			running.err = s.list(ctx, running.found)
		}
	}()
}

// found returns the channel of the sweep that is running, nil if none is.
func (s *sweeps) found() <-chan foundPasswords {
	if s.running == nil {
		return nil
	}
	return s.running.found
}

// handle makes what a sweep has found unusable, or ends the sweep.
func (s *sweeps) handle(ctx context.Context, found foundPasswords, more bool) error {
	if more {
		return s.transact(ctx, newChangeSet(time.Time{}), func(ctx context.Context, t *transaction) error {
			return t.expirePasswords(ctx, found.keys, &found.began)
		})
	}
	ended := s.running
	s.running = nil
	if ended.err != nil {
		return fmt.Errorf("compare passwords with Authentication: %w", ended.err)
	}
	if ended.mark != "" {
		if _, err := s.conn.Exec(ctx, "UPDATE heektime_migration.reverse_stream SET password_mark = $1", ended.mark); err != nil {
			return fmt.Errorf("note that passwords were compared: %w", err)
		}
	}
	if s.again {
		s.begin(ctx)
	}
	return nil
}

// resume begins the sweep that an earlier session has not ended.
func (s *sweeps) resume(ctx context.Context) error {
	var done string
	err := s.conn.QueryRow(ctx, "SELECT wanted_password_mark, password_mark FROM heektime_migration.reverse_stream").Scan(&s.mark, &done)
	if err != nil {
		return fmt.Errorf("read which passwords to compare: %w", err)
	}
	if s.mark != done {
		s.begin(ctx)
	}
	return nil
}

// list sends the keys of users with a password in Authentication whose hashes Firestore got before.
func (s *sweeps) list(ctx context.Context, found chan<- foundPasswords) error {
	var began time.Time
	if err := s.cfg.DB.Pool.QueryRow(ctx, "SELECT clock_timestamp()").Scan(&began); err != nil {
		return fmt.Errorf("read the time of the old database: %w", err)
	}
	var keys []string
	flush := func() error {
		rows, err := s.cfg.DB.Pool.Query(ctx, "SELECT key FROM heektime_migration.passwords WHERE key = ANY ($1) AND at < $2", keys, began)
		if err != nil {
			return fmt.Errorf("find users whose passwords were replaced: %w", err)
		}
		usable, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return fmt.Errorf("find users whose passwords were replaced: %w", err)
		}
		keys = keys[:0]
		for len(usable) > 0 {
			n := min(len(usable), expireChunk)
			select {
			case found <- foundPasswords{usable[:n], began}:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
			usable = usable[n:]
		}
		return nil
	}
	for uid, err := range s.cfg.Accounts.WithPassword(ctx) {
		if err != nil {
			return err
		}
		ref := schema.UserRef(s.cfg.Client, uid)
		if ref == nil {
			continue
		}
		if keys = append(keys, conversion.UserKey(schema.Path(ref))); len(keys) == lookupChunk {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}
