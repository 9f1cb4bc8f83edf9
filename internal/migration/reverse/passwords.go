package reverse

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"firebase.google.com/go/v4/auth"
	"github.com/jackc/pgx/v5"
	"google.golang.org/api/iterator"

	"heek.kr/heektime/internal/credential"
	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/migration/passwords"
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

// credentialGone makes the old hash unusable: the account has a password in Authentication now, or is gone. If
// the account has a credential again, the old server has set another password, or the user's name, since.
func (t *transaction) credentialGone(ctx context.Context, c *change) error {
	if !t.wasNew[state.Accounts] {
		return nil // a switch that is taken back must leave the old side as it was; a sweep finds the account later
	}
	tx, _, err := t.read(ctx)
	if err != nil {
		return err
	}
	rows, err := tx.Query(ctx, "SELECT key FROM heektime_migration.passwords WHERE credential = $1", c.ids[1])
	if err != nil {
		return err
	}
	keys, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	var gone []string
	for _, key := range keys {
		has, err := credential.Has(ctx, t.cfg.Client, key)
		if err != nil {
			return err
		}
		if !has {
			gone = append(gone, key)
		}
	}
	return t.expirePasswords(ctx, gone, nil)
}

// expirePasswords makes the hashes of these users unusable, if they are still those that Firestore has got, and
// had got before a time unless that is nil.
func (t *transaction) expirePasswords(ctx context.Context, keys []string, before *time.Time) error {
	tx, reader, err := t.read(ctx)
	if err != nil {
		return err
	}
	users, err := byKey(ctx, reader, keys, func(r *legacydb.User) string { return r.ID })
	if err != nil {
		return err
	}
	for _, key := range keys {
		var known string
		err := tx.QueryRow(ctx, "SELECT fingerprint FROM heektime_migration.passwords WHERE key = $1 AND ($2::timestamptz IS NULL OR at < $2)",
			key, before).Scan(&known)
		if errors.Is(err, pgx.ErrNoRows) {
			continue
		}
		if err != nil {
			return err
		}
		if err := t.expirePassword(ctx, key, users[key], known); err != nil {
			return fmt.Errorf("make the old password of user %s unusable: %w", key, err)
		}
	}
	return t.write(ctx, "DELETE FROM heektime_migration.passwords WHERE key = ANY ($1) AND ($2::timestamptz IS NULL OR at < $2)", keys, before)
}

// expirePassword makes the hash of a user unusable if it has a fingerprint. row is nil if the user is hidden: then the
// row is parked, and must not return with the hash.
func (t *transaction) expirePassword(ctx context.Context, key string, row *legacydb.User, known string) error {
	path := schema.Path(schema.UserRef(t.cfg.Client, key))
	parked := row == nil
	if parked {
		var err error
		if row, err = t.parked(ctx, path); err != nil || row == nil {
			return err
		}
	}
	if row.PasswordHash == nil || passwords.Fingerprint(*row.PasswordHash) != known {
		return nil // the old server has set another password since
	}
	hash := unusableHash
	row.PasswordHash = &hash
	if parked {
		return t.park(ctx, path, row)
	}
	if err := saveRow(ctx, t, *row); err != nil {
		return err
	}
	t.putName(*row)
	return nil
}
