// Package passwords makes a password that was changed on the old side the one that works on the new side.
//
// An account that has a password in Firebase Authentication signs in with that one only, and its old hash
// counts for nothing. That is wrong when the old server sets another password later: while accounts are on
// the old side, which they are before the first switch and after a move back, people use both. So when a
// hash has changed, the password in Authentication is removed, and the next sign-in checks the hash and
// moves the password to Authentication again. Sessions go on until then; setting a
// password in Authentication ends the older ones, as each change of a password there does.
//
// A row says what its hash is, not whether it has changed: any change of a user's row makes heektime migrate
// follow read it again. So the old database keeps a fingerprint of each hash that Firestore has got.
//
// If both sides change the password, the later change wins, by the clocks of PostgreSQL, which dates commits,
// and of Authentication, which dates passwords.
package passwords

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

//go:embed passwords.sql
var installSQL string

// Install creates what this package keeps in the old database. It can run again.
func Install(ctx context.Context, conn *pgx.Conn) error {
	if _, err := conn.PgConn().Exec(ctx, installSQL).ReadAll(); err != nil {
		return fmt.Errorf("create the schema heektime_migration in the old database: %w", err)
	}
	return nil
}

// Fingerprint identifies a hash without revealing it.
func Fingerprint(hash string) string {
	sum := sha256.Sum256([]byte(hash))
	return hex.EncodeToString(sum[:])
}

// Authentication is what this package needs of Firebase Authentication; [Firebase] has it.
type Authentication interface {
	// PasswordTimes returns when the passwords of at most 100 accounts were set, of those that have one.
	PasswordTimes(ctx context.Context, uids []string) (map[string]time.Time, error)
	// RemovePassword removes the password of an account. It is not an error if there is no such account.
	RemovePassword(ctx context.Context, uid string) error
	// ChangeAddress changes the address of an account that has a certain one, which no other provider gave it. If another
	// account has the new address, it changes nothing and returns that account's uid.
	ChangeAddress(ctx context.Context, uid, from, to string) (holder string, err error)
}

// Hash is the password hash of a user's row.
type Hash struct {
	// UID is the user's id, on both sides.
	UID string
	// Credential is the id of the credential's document.
	Credential string
	// Text is the hash itself.
	Text string
	// ChangedAt is when the row was changed.
	ChangedAt time.Time
}

// String hides the hash.
func (h Hash) String() string { return "hash of " + h.UID }

// GoString hides the hash.
func (h Hash) GoString() string { return h.String() }

// Store compares hashes with those that Firestore has. It is not safe for concurrent use.
type Store struct {
	conn     *pgx.Conn
	accounts Authentication
	resumed  bool // renames that were interrupted are complete
}

// Open connects to the old database. accounts may be nil, if nobody has a password in Authentication.
func Open(ctx context.Context, url string, accounts Authentication) (*Store, error) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return nil, fmt.Errorf("connect to the old database: %w", err)
	}
	if err := Install(ctx, conn); err != nil {
		return nil, errors.Join(err, conn.Close(ctx))
	}
	return &Store{conn: conn, accounts: accounts}, nil
}

// Close closes the connection.
func (s *Store) Close(ctx context.Context) error { return s.conn.Close(ctx) }

// First remembers the hashes of users of whom none is remembered. A copy calls it before it writes them: then
// a change that a killed copy reads only when it is run again is a change.
func (s *Store) First(ctx context.Context, hashes []Hash) error {
	return s.put(ctx, hashes, "DO NOTHING")
}

// Changed returns those hashes that are not the ones that Firestore has got. Those that only belong to another
// credential now, because the user has another name, are remembered as that.
func (s *Store) Changed(ctx context.Context, hashes []Hash) ([]Hash, error) {
	if len(hashes) == 0 {
		return nil, nil
	}
	var keys []string
	for _, h := range hashes {
		keys = append(keys, h.UID)
	}
	rows, err := s.conn.Query(ctx, "SELECT key, credential, fingerprint FROM heektime_migration.passwords WHERE key = ANY ($1)", keys)
	if err != nil {
		return nil, fmt.Errorf("read which passwords have changed: %w", err)
	}
	type remembered struct{ Key, Credential, Fingerprint string }
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[remembered])
	if err != nil {
		return nil, fmt.Errorf("read which passwords have changed: %w", err)
	}
	known := map[string]remembered{}
	for _, r := range list {
		known[r.Key] = r
	}
	var changed, renamed []Hash
	for _, h := range hashes {
		switch r := known[h.UID]; {
		case r.Fingerprint != Fingerprint(h.Text):
			changed = append(changed, h)
		case r.Credential != h.Credential:
			renamed = append(renamed, h)
		}
	}
	return changed, s.Remember(ctx, renamed)
}

// RemoveOlder removes the passwords in Authentication that are older than these hashes, and returns their
// accounts. The credentials must have been written, and must be written again for these accounts: until its
// password is removed, a sign-in with the right password takes the hash for the older one and deletes it. If it
// is interrupted, it can be repeated: a password that was moved or set since is not older.
func (s *Store) RemoveOlder(ctx context.Context, hashes []Hash) (uids []string, err error) {
	for chunk := range slices.Chunk(hashes, maxLookup) {
		removed, _, err := s.removeOlder(ctx, chunk)
		if err != nil {
			return nil, err
		}
		uids = append(uids, removed...)
	}
	return uids, nil
}

// maxLookup is how many accounts Authentication looks up at a time.
const maxLookup = 100

// Gone is a user whose row the old server has deleted.
type Gone struct {
	// Key is that of the row.
	Key, UID  string
	DeletedAt time.Time
	// Addresses are those that the user may have had.
	Addresses []string
}

// RemoveGone removes the passwords in Authentication that are older than the deletion of their users, frees the
// addresses of these users for others, and forgets their hashes. If it is interrupted, it can be repeated.
func (s *Store) RemoveGone(ctx context.Context, users []Gone) error {
	for chunk := range slices.Chunk(users, maxLookup) {
		var hashes []Hash
		for _, g := range chunk {
			hashes = append(hashes, Hash{UID: g.UID, ChangedAt: g.DeletedAt})
		}
		_, later, err := s.removeOlder(ctx, hashes)
		if err != nil {
			return err
		}
		for _, g := range chunk {
			if !later[g.UID] {
				if err := s.freeAddresses(ctx, g); err != nil {
					return err
				}
			}
		}
	}
	return s.forget(ctx, users)
}

func (s *Store) freeAddresses(ctx context.Context, g Gone) error {
	if s.accounts == nil || len(g.UID) > maxUID {
		return nil
	}
	for _, address := range append(g.Addresses, AnyOldAddress) {
		if _, err := s.accounts.ChangeAddress(ctx, g.UID, address, between(g.UID)); err != nil {
			return fmt.Errorf("free the address of a user who is gone: %w", err)
		}
	}
	return nil
}

// Remember stores that Firestore has these hashes. It must be called last: who sees a hash here takes a
// password in Authentication for a later one.
func (s *Store) Remember(ctx context.Context, hashes []Hash) error {
	return s.put(ctx, hashes, "(key) DO UPDATE SET credential = excluded.credential, fingerprint = excluded.fingerprint, at = excluded.at")
}

// forget removes what is remembered of users who are gone.
func (s *Store) forget(ctx context.Context, users []Gone) error {
	var keys []string
	for _, g := range users {
		keys = append(keys, g.Key)
	}
	if _, err := s.conn.Exec(ctx, "DELETE FROM heektime_migration.passwords WHERE key = ANY ($1)", keys); err != nil {
		return fmt.Errorf("forget the passwords of users who are gone: %w", err)
	}
	return nil
}

// maxUID is the length of the longest uid that Authentication has.
//
// Source: https://firebase.google.com/docs/auth/admin/manage-users#create_a_user
const maxUID = 128

// removeOlder is [Store.RemoveOlder] for a chunk. It also returns the accounts whose password is later.
func (s *Store) removeOlder(ctx context.Context, hashes []Hash) (uids []string, later map[string]bool, err error) {
	changedAt := map[string]time.Time{}
	var lookup []string
	for _, h := range hashes {
		if len(h.UID) <= maxUID {
			changedAt[h.UID] = h.ChangedAt
			lookup = append(lookup, h.UID)
		}
	}
	if s.accounts == nil || len(lookup) == 0 {
		return nil, nil, nil
	}
	times, err := s.accounts.PasswordTimes(ctx, lookup)
	if err != nil {
		return nil, nil, fmt.Errorf("find passwords that the old server has replaced: %w", err)
	}
	later = map[string]bool{}
	for _, uid := range lookup {
		setAt, has := times[uid]
		switch {
		case !has:
			continue
		case setAt.After(changedAt[uid]):
			later[uid] = true
			continue
		}
		if err := s.accounts.RemovePassword(ctx, uid); err != nil {
			return nil, nil, err
		}
		uids = append(uids, uid)
	}
	return uids, later, nil
}

// put stores fingerprints.
func (s *Store) put(ctx context.Context, hashes []Hash, onConflict string) error {
	if len(hashes) == 0 {
		return nil
	}
	var keys, credentials, fingerprints []string
	for _, h := range hashes {
		keys, credentials, fingerprints = append(keys, h.UID), append(credentials, h.Credential), append(fingerprints, Fingerprint(h.Text))
	}
	_, err := s.conn.Exec(ctx, `INSERT INTO heektime_migration.passwords (key, credential, fingerprint)
		SELECT * FROM unnest($1::text[], $2::text[], $3::text[]) ON CONFLICT `+onConflict, keys, credentials, fingerprints)
	if err != nil {
		return fmt.Errorf("remember which passwords Firestore has: %w", err)
	}
	return nil
}
