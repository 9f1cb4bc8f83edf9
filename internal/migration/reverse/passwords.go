package reverse

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"

	"firebase.google.com/go/v4/auth"
	"github.com/jackc/pgx/v5"
	"google.golang.org/api/iterator"

	"heek.kr/heektime/internal/migration/conversion"
	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/migration/state"
	"heek.kr/heektime/internal/schema"
)

// Accounts is what the way back has to know from Firebase Authentication.
type Accounts interface {
	// DisplayName returns the name of an account, "" if it has none or does not exist.
	DisplayName(ctx context.Context, uid string) (string, error)
	// WithPassword lists the uids of all accounts that have a password in Authentication.
	WithPassword(ctx context.Context) iter.Seq2[string, error]
}

// FirebaseAccounts is Accounts with the Admin SDK.
type FirebaseAccounts struct{ Client *auth.Client }

// DisplayName implements [Accounts].
func (a FirebaseAccounts) DisplayName(ctx context.Context, uid string) (string, error) {
	user, err := a.Client.GetUser(ctx, uid)
	if auth.IsUserNotFound(err) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read the account %s: %w", uid, err)
	}
	return user.DisplayName, nil
}

// WithPassword implements [Accounts].
func (a FirebaseAccounts) WithPassword(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		users := a.Client.Users(ctx, "")
		for {
			user, err := users.Next()
			if errors.Is(err, iterator.Done) {
				return
			}
			if err != nil {
				yield("", fmt.Errorf("list the accounts: %w", err))
				return
			}
			for _, provider := range user.ProviderUserInfo {
				if provider.ProviderID == "password" && !yield(user.UID, nil) {
					return
				}
			}
		}
	}
}

// fingerprint identifies a hash without revealing it.
func fingerprint(hash string) string {
	sum := sha256.Sum256([]byte(hash))
	return hex.EncodeToString(sum[:])
}

// rememberPasswords stores fingerprints of the password hashes as they are at the switch to the new side.
func (t *transaction) rememberPasswords(ctx context.Context) error {
	if _, err := t.tx.Exec(ctx, "DELETE FROM heektime_migration.passwords"); err != nil {
		return err
	}
	var rows [][]any
	for user, err := range legacydb.Rows[legacydb.User](ctx, t.reader, "") {
		if err != nil {
			return err
		}
		documents, _ := t.cfg.Converter.User(user)
		if documents == nil || documents.Credential == nil || user.PasswordHash == nil {
			continue
		}
		rows = append(rows, []any{user.ID, documents.Credential.Ref.ID, fingerprint(*user.PasswordHash)})
	}
	if _, err := t.tx.CopyFrom(ctx, pgx.Identifier{"heektime_migration", "passwords"}, []string{"key", "credential", "fingerprint"},
		pgx.CopyFromRows(rows)); err != nil {
		return fmt.Errorf("remember the passwords: %w", err)
	}
	_, err := t.tx.Exec(ctx, "UPDATE heektime_migration.reverse_position SET passwords = true WHERE kind = $1", string(state.Accounts))
	return err
}

// credentialGone makes the old hash unusable: the account has a password in Authentication now, or is gone.
func (t *transaction) credentialGone(ctx context.Context, c *change) error {
	rows, err := t.tx.Query(ctx, "SELECT key FROM heektime_migration.passwords WHERE credential = $1", c.ids[1])
	if err != nil {
		return err
	}
	keys, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	return t.expirePasswords(ctx, keys)
}

// expirePasswords makes the hashes of these users unusable, if they are still those of the switch.
func (t *transaction) expirePasswords(ctx context.Context, keys []string) error {
	users, err := byKey(ctx, t.reader, keys, func(r *legacydb.User) string { return r.ID })
	if err != nil {
		return err
	}
	for key, user := range users {
		var known string
		err := t.tx.QueryRow(ctx, "SELECT fingerprint FROM heektime_migration.passwords WHERE key = $1", key).Scan(&known)
		if errors.Is(err, pgx.ErrNoRows) {
			continue
		}
		if err != nil {
			return err
		}
		if user.PasswordHash == nil || fingerprint(*user.PasswordHash) != known {
			continue // the old server has set another password since
		}
		hash := unusableHash
		user.PasswordHash = &hash
		if err := legacydb.Save(ctx, t.tx, t.cfg.DB.Mapping, *user); err != nil {
			return fmt.Errorf("make the old password of user %s unusable: %w", key, err)
		}
		t.putName(*user)
	}
	_, err = t.tx.Exec(ctx, "DELETE FROM heektime_migration.passwords WHERE key = ANY ($1)", keys)
	return err
}

// passwordChunk is how many accounts one transaction checks.
const passwordChunk = 1000

// passwordMark is how marks begin that make Run list the accounts first.
const passwordMark = "passwords "

// PasswordMark returns a new mark for [schema.MigrationMark]. When it is applied, the old hashes of all
// accounts that had a password in Authentication when it was written are unusable.
func PasswordMark() string { return passwordMark + rand.Text() }

// sweepPasswords makes the old hashes of all accounts with a password in Authentication unusable. The stream
// cannot report such a password if it was set there directly.
func (r *runner) sweepPasswords(ctx context.Context) error {
	var keys []string
	flush := func() error {
		err := r.transact(ctx, newChangeSet(), func(ctx context.Context, t *transaction) error {
			rows, err := t.tx.Query(ctx, "SELECT key FROM heektime_migration.passwords WHERE key = ANY ($1)", keys)
			if err != nil {
				return err
			}
			known, err := pgx.CollectRows(rows, pgx.RowTo[string])
			if err != nil || len(known) == 0 {
				return err
			}
			return t.expirePasswords(ctx, known)
		})
		keys = keys[:0]
		return err
	}
	for uid, err := range r.cfg.Accounts.WithPassword(ctx) {
		if err != nil {
			return err
		}
		ref := schema.UserRef(r.cfg.Client, uid)
		if ref == nil {
			continue
		}
		if keys = append(keys, conversion.UserKey(schema.Path(ref))); len(keys) == passwordChunk {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}
