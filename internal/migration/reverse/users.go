package reverse

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/jackc/pgx/v5"

	"heek.kr/heektime/internal/migration/conversion"
	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/migration/state"
	"heek.kr/heektime/internal/schema"
)

// saveUser writes the row of a user. A new one gets no usable password hash: the password is in
// Authentication.
func (t *transaction) saveUser(ctx context.Context, c *change) error {
	current, key := t.user(c.path)
	known := current
	if current == nil {
		if err := t.mayInsert(state.Accounts, c); err != nil {
			return err
		}
		var err error
		if known, err = t.parked(ctx, c.path); err != nil {
			return err
		}
	} else {
		t.putName(*current)
		var converted *conversion.Document
		if documents, _ := t.cfg.Converter.User(*current); documents != nil {
			converted = documents.User
		}
		if t.olderThanRow(state.Accounts, c.doc, converted) {
			return nil
		}
	}
	if known != nil {
		t.putName(*known)
	}
	row, rest := t.cfg.Converter.UserRow(*c.doc, known)
	if row == nil {
		return t.setAside(ctx, c.path, true, c.doc.Fields, nil)
	}
	if known == nil {
		hash := unusableHash
		row.PasswordHash = &hash
		name, err := t.displayName(ctx, c.ids[1])
		if err != nil {
			return err
		}
		row.Name = &name
	}
	if t.careful {
		if err := t.freeUsername(ctx, key, row); err != nil {
			return err
		}
	}
	if err := save(ctx, t, c, legacydb.UserKind, key, current, row); err != nil {
		return err
	}
	t.users[key] = row
	t.putName(*row)
	if err := t.write(ctx, "DELETE FROM heektime_migration.parked WHERE path = $1", c.path); err != nil {
		return err
	}
	return t.setAside(ctx, c.path, false, rest, nil)
}

// freeUsername makes a username available that another row has. If that row's document is in the set, it
// gets its own username next, because users have exchanged theirs. Otherwise the two differ on the new side
// only, for instance in case, and this row gets a suffix.
func (t *transaction) freeUsername(ctx context.Context, key string, row *legacydb.User) error {
	if row.Username == nil {
		return nil
	}
	for other, user := range t.users {
		if other == key || user == nil || !is(user.Username, *row.Username) {
			continue
		}
		placeholder := "~" + other
		user.Username = &placeholder
		if err := saveRow(ctx, t, *user); err != nil {
			return err
		}
	}
	if err := saveRowAlone(ctx, t, *row); isUniqueViolation(err) {
		name := *row.Username + "~" + key[:min(len(key), 8)]
		row.Username = &name
	}
	return nil
}

// displayName returns the name of an account of the new side, which is in Authentication only.
func (t *transaction) displayName(ctx context.Context, uid string) (string, error) {
	if t.cfg.Accounts == nil {
		return "", nil
	}
	if name, ok := t.set.names[uid]; ok {
		return name, nil
	}
	return t.cfg.Accounts.DisplayName(ctx, uid)
}

// removeUser deletes the rows of a user who is hidden or gone. It parks the user's own, which has what
// Firestore does not have, until the account is gone for good.
func (t *transaction) removeUser(ctx context.Context, c *change) error {
	row, key := t.user(c.path)
	if row == nil {
		return t.forget(ctx, c.path)
	}
	if err := t.park(ctx, c.path, row); err != nil {
		return err
	}
	_, reader, err := t.read(ctx)
	if err != nil {
		return err
	}
	timetables, err := legacydb.ByParent[legacydb.Timetable](ctx, reader, []string{key})
	if err != nil {
		return err
	}
	for i := range timetables {
		if err := t.dropTimetable(ctx, &timetables[i], ""); err != nil {
			return err
		}
	}
	if err := t.removeRow(ctx, legacydb.UserKind, key); err != nil {
		return err
	}
	delete(t.users, key)
	t.removeName(key)
	return t.forget(ctx, c.path)
}

// park keeps the row of a user who is hidden.
func (t *transaction) park(ctx context.Context, path string, row *legacydb.User) error {
	text, err := json.Marshal(row)
	if err != nil {
		return err
	}
	return t.write(ctx, "INSERT INTO heektime_migration.parked (path, row) VALUES ($1, $2) ON CONFLICT (path) DO UPDATE SET row = excluded.row", path, text)
}

// parked returns the parked row of a user, nil if there is none.
func (t *transaction) parked(ctx context.Context, path string) (*legacydb.User, error) {
	var text []byte
	tx, _, err := t.read(ctx)
	if err != nil {
		return nil, err
	}
	err = tx.QueryRow(ctx, "SELECT row FROM heektime_migration.parked WHERE path = $1", path).Scan(&text)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var row legacydb.User
	return &row, json.Unmarshal(text, &row)
}

// deletionGone deletes the parked row of a user whose deletion is complete. A user who was restored
// is in the same point, or has been in an earlier one.
func (t *transaction) deletionGone(ctx context.Context, c *change) error {
	path := schema.Path(schema.UserRef(t.cfg.Client, c.ids[1]))
	if u := t.set.users[path]; u != nil && u.doc != nil {
		return nil
	}
	return t.write(ctx, "DELETE FROM heektime_migration.parked WHERE path = $1", path)
}
