package replication_test

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"heek.kr/heektime/internal/migration/conversion"
	"heek.kr/heektime/internal/migration/migrationtest/bothsides"
	"heek.kr/heektime/internal/migration/reverse"
	"heek.kr/heektime/internal/schema"
)

// newcomer is somebody who signed up at Firebase Authentication, and whose row the way back has written under another
// key, because the uid is not a UUID.
const newcomer = "aaaaaaaaaaaaaaaaaaaaaaaaaaaa"

// bornThere gives the world a newcomer with a username.
func (w *world) bornThere(t *testing.T, username string) (key string) {
	t.Helper()
	path := "users/" + newcomer
	key = conversion.UserKey(path)
	w.With(t, func(conn *pgx.Conn) error {
		if err := reverse.InstallOn(t.Context(), conn); err != nil {
			return err
		}
		for _, sql := range []string{
			"INSERT INTO heektime_migration.reverse_position (kind, read_time) VALUES ('accounts', now())",
			"INSERT INTO heektime_migration.ids VALUES ('" + path + "', 'user', '" + key + "')",
			"INSERT INTO users (id, username, password_hash) VALUES ('" + key + "', '" + username + "', '!')",
		} {
			if _, err := conn.Exec(t.Context(), sql); err != nil {
				return err
			}
		}
		return nil
	})
	for path, fields := range map[string]map[string]any{
		path:                                 {"username": username},
		"indices/user/usernames/" + username: schema.NewUsername(newcomer),
	} {
		if _, err := w.Firestore.Doc(path).Set(t.Context(), fields); err != nil {
			t.Fatal(err)
		}
	}
	return key
}

// owner returns who has a username, "" if nobody.
func (w *world) owner(t *testing.T, username string) string {
	t.Helper()
	docs, err := schema.Usernames(w.Firestore).Where("__name__", "==", schema.UsernameRef(w.Firestore, username)).Documents(t.Context()).GetAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(docs) == 0 {
		return ""
	}
	return schema.UIDOf(docs[0])
}

// What the old website changes of such a user changes the documents that they have, and makes no others. It is long
// because each change depends on those before it.
func TestUserOfTheNewSide(t *testing.T) {
	t.Parallel()
	w := newWorld(t, few())
	key := w.bornThere(t, "newcomer")
	db := w.Legacy(t)
	cfg := w.config()
	cfg.NewSide = reverse.NewSide(db.Pool, w.Firestore)
	following := follow(t, t.Context(), cfg)
	other := w.Data.User(0)
	for _, c := range []struct{ sql, username, free string }{
		{"UPDATE users SET name = 'x' WHERE id = '" + key + "'", "newcomer", ""},
		{"UPDATE users SET password_hash = 'pbkdf2:sha256:1$a$b' WHERE id = '" + key + "'", "newcomer", ""},
		{"UPDATE users SET username = 'renamed' WHERE id = '" + key + "'", "renamed", "newcomer"},
		{"BEGIN; UPDATE users SET username = 'between' WHERE id = '" + key + "'; UPDATE users SET username = 'renamed' WHERE id = '" + other.ID + "';" +
			"UPDATE users SET username = '" + *other.Username + "' WHERE id = '" + key + "'; COMMIT", *other.Username, "between"},
	} {
		w.Exec(t, c.sql)
		w.drain(t)
		doc, err := schema.UserRef(w.Firestore, newcomer).Get(t.Context())
		if err != nil || schema.UsernameOf(doc) != c.username || w.owner(t, c.username) != newcomer {
			t.Errorf("after %s: %v, %v, and %s belongs to %q", c.sql, doc.Data(), err, c.username, w.owner(t, c.username))
		}
		if c.free != "" && w.owner(t, c.free) != "" {
			t.Errorf("after %s: the username %s belongs to %q", c.sql, c.free, w.owner(t, c.free))
		}
		w.requireNoSecond(t, key)
	}
	if got := w.owner(t, "renamed"); got != other.ID {
		t.Errorf("the username renamed belongs to %q, want user %s, who exchanged it", got, other.ID)
	}
	following.end()
	w.copy(t)
	follow(t, t.Context(), cfg)
	w.requireNoSecond(t, key)
	if got := w.owner(t, *other.Username); got != newcomer {
		t.Errorf("after another copy, the username belongs to %q", got)
	}
	// Unless follow has read the names before, it leaves the former one to the function /user-deleted.
	w.Exec(t, "UPDATE users SET name = 'y' WHERE id = '"+other.ID+"'")
	w.drain(t)
	w.Exec(t, "DELETE FROM users WHERE id = '"+key+"'")
	w.drain(t)
	if got := w.owner(t, *other.Username); got != "" {
		t.Errorf("the username of a deleted user belongs to %q", got)
	}
	if docs, err := schema.UserRef(w.Firestore, newcomer).Get(t.Context()); err == nil {
		t.Errorf("a deleted user has the document %v", docs.Data())
	}
}

// requireNoSecond checks that nothing in Firestore is of the key of a row.
func (w *world) requireNoSecond(t *testing.T, key string) {
	t.Helper()
	for path, document := range bothsides.Stored(t, w.Firestore) {
		if strings.Contains(path, key) || strings.Contains(document, key) {
			t.Errorf("%s is of the key of a row: %s", path, document)
		}
	}
}

// New apps may choose a name that differs from an older user's in case only; it stays theirs.
func TestUserOfTheNewSideKeepsName(t *testing.T) {
	t.Parallel()
	w := newWorld(t, few())
	name := strings.ToUpper(*w.Data.User(0).Username)
	key := w.bornThere(t, name)
	cfg := w.config()
	cfg.NewSide = reverse.NewSide(w.Legacy(t).Pool, w.Firestore)
	follow(t, t.Context(), cfg)
	w.Exec(t, "UPDATE users SET name = 'x' WHERE id = '"+key+"'")
	w.drain(t)
	doc, err := schema.UserRef(w.Firestore, newcomer).Get(t.Context())
	if err != nil || schema.UsernameOf(doc) != name || w.owner(t, name) != newcomer {
		t.Errorf("%v, %v, and %s belongs to %q", doc.Data(), err, name, w.owner(t, name))
	}
	w.requireNoSecond(t, key)
}
