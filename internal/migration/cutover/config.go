package cutover

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"cloud.google.com/go/firestore"
	"github.com/jackc/pgx/v5"

	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/migration/state"
	"heek.kr/heektime/internal/migration/walstream"
)

// Config has what switches need.
type Config struct {
	// DB is the old database, writable, as the owner of its tables.
	DB        *legacydb.DB
	Firestore *firestore.Client
	// Drain waits until heektime migrate follow has applied everything that the old database committed before
	// a position of its log.
	Drain func(ctx context.Context, lsn walstream.LSN) error
	// Verify compares both sides of a kind while its writes are held, first of all what changed since a time. What new
	// clients have changed after drained, a time of Firestore, may differ. An error takes the switch back. nil compares
	// nothing.
	Verify func(ctx context.Context, kind state.Kind, since, drained time.Time) error
	// VerifyEarly compares both sides of a kind before its writes are held, so that Verify, while they are, has only
	// what changed since. nil compares nothing.
	VerifyEarly func(ctx context.Context, kind state.Kind, since time.Time) error
	// Limit is how long writes may be held, state.SwitchLimit if it is 0.
	Limit time.Duration
	// Progress is called after each step.
	Progress func(Step)
	Log      *slog.Logger

	now   func() time.Time        // the clock of leases; nil is time.Now
	fault func(step string) error // of tests: called before each step; errKilled ends the tool there
}

// Step is a step of a switch that is done.
type Step struct {
	Number, Of int
	Text       string
	Took       time.Duration
	// Held is how long writes have been held, 0 if they are not yet. It no longer rises once they go on.
	Held time.Duration
	// Epoch is that of the kind's state after the step.
	Epoch int64
}

func (cfg Config) withDefaults() Config {
	if cfg.Limit == 0 {
		cfg.Limit = state.SwitchLimit
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Progress == nil {
		cfg.Progress = func(Step) {}
	}
	return cfg
}

// rowKinds are the rows of each kind of data.
var rowKinds = map[state.Kind][]legacydb.Kind{
	state.Schools:    {legacydb.SchoolKind, legacydb.SemesterKind},
	state.Accounts:   {legacydb.UserKind},
	state.Timetables: {legacydb.TimetableKind, legacydb.LectureKind},
}

// tables returns the tables of a kind, quoted. A table that several kinds use belongs to the one that
// moves first.
func tables(m *legacydb.Mapping, kind state.Kind) []string {
	owned := map[string]bool{}
	for _, k := range state.Kinds() {
		var list []string
		for _, rows := range rowKinds[k] {
			if m.Rows[rows] == nil {
				continue
			}
			for _, name := range slices.Sorted(maps.Keys(m.Rows[rows].Tables)) {
				if !owned[name] {
					owned[name] = true
					list = append(list, quoteTable(name))
				}
			}
		}
		if k == kind {
			return list
		}
	}
	return nil
}

// quoteTable quotes the name of a table of a mapping, which may have a schema.
func quoteTable(name string) string {
	var id pgx.Identifier
	for start, i := 0, 0; i <= len(name); i++ {
		if i == len(name) || name[i] == '.' {
			id = append(id, name[start:i])
			start = i + 1
		}
	}
	if len(id) == 1 {
		id = append(pgx.Identifier{"public"}, id...)
	}
	return id.Sanitize()
}

// tool is a tool at work. Only one at a time is, on one old database.
type tool struct {
	cfg   Config
	store *state.Store
	conn  *pgx.Conn
}

// ErrBusy means that another tool is at work.
var ErrBusy = errors.New("another heektime migrate switch, back or finish is at work: wait for its end")

// lockKey identifies the advisory lock of tools that switch: "heekswit".
const lockKey = 0x6865656b73776974

// patience is how long a command waits for what passes by itself: the lock while follow repairs something, and the
// slot while follow connects again.
const patience = 3 * time.Second

// patiencePoll is how often it looks meanwhile.
const patiencePoll = 50 * time.Millisecond

// open connects to the old database and makes this tool the only one. It waits at most so long for another tool. The
// lock ends with the connection.
func open(ctx context.Context, cfg Config, wait time.Duration) (*tool, error) {
	cfg = cfg.withDefaults()
	conn, err := openConn(ctx, cfg, wait)
	if err != nil {
		return nil, err
	}
	if err := Install(ctx, conn); err != nil {
		closeConn(conn)
		return nil, err
	}
	return &tool{cfg: cfg, store: state.NewStore(cfg.Firestore, cfg.now), conn: conn}, nil
}

// openConn connects to the old database, and makes sure that no other tool does. It waits at most so long for that. The
// error may be [ErrBusy].
func openConn(ctx context.Context, cfg Config, wait time.Duration) (*pgx.Conn, error) {
	config := cfg.DB.Pool.Config().ConnConfig.Copy()
	config.RuntimeParams["application_name"] = "heektime migrate"
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("connect to the old database: %w", err)
	}
	var locked bool
	err = poll(ctx, wait, func() (bool, error) {
		err := conn.QueryRow(ctx, "SELECT pg_try_advisory_lock($1)", int64(lockKey)).Scan(&locked)
		return locked, err
	})
	if err == nil && !locked {
		err = ErrBusy
	}
	if err != nil {
		closeConn(conn)
		return nil, err
	}
	return conn, nil
}

// poll calls look until it returns true or an error, but not for longer than it may wait.
func poll(ctx context.Context, wait time.Duration, look func() (bool, error)) error {
	for began := time.Now(); ; {
		if done, err := look(); err != nil || done || time.Since(began) > wait {
			return err
		}
		select {
		case <-ctx.Done(): // look returns its error
		case <-time.After(patiencePoll):
		}
	}
}

func (t *tool) close() { closeConn(t.conn) }

func closeConn(conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = conn.Close(ctx) // nothing depends on it
}

func (t *tool) guard(kind state.Kind) *guard {
	return &guard{conn: t.conn, kind: string(kind), tables: tables(t.cfg.DB.Mapping, kind)}
}
