package olddata_test

import (
	"context"
	"reflect"
	"testing"

	"github.com/jackc/pgx/v5"

	"heek.kr/heektime/internal/migration/migrationtest/olddata"
	"heek.kr/heektime/internal/migration/migrationtest/postgrestest"
	"heek.kr/heektime/internal/schema"
	"heek.kr/heektime/internal/werkzeug"
)

// dirtyFields counts, by SQL, what the issue of the demo database is about.
var dirtyFields = map[string]string{
	"usernames that collide":  `SELECT count(*) - count(DISTINCT lower(username)) FROM users WHERE username IS NOT NULL`,
	"short usernames":         `SELECT count(*) FROM users WHERE length(username) < 4`,
	"long usernames":          `SELECT count(*) FROM users WHERE length(username) > 32`,
	"usernames with slashes":  `SELECT count(*) FROM users WHERE username LIKE '%/%'`,
	"usernames with @":        `SELECT count(*) FROM users WHERE username LIKE '%@%'`,
	"usernames that are NULL": `SELECT count(*) FROM users WHERE username IS NULL`,
	"titles of 500":           `SELECT count(*) FROM timetables WHERE length(title) = 500`,
	"titles of lectures":      `SELECT count(*) FROM lectures WHERE length(title) = 500`,
	"orphaned timetables":     `SELECT count(*) FROM timetables t WHERE NOT EXISTS (SELECT FROM users WHERE id = t.user_id)`,
	"orphaned lectures":       `SELECT count(*) FROM lectures l WHERE NOT EXISTS (SELECT FROM timetables WHERE id = l.timetable_id)`,
	"times backwards":         `SELECT count(*) FROM lecture_times WHERE time_end < time_begin`,
	"weekdays of 7":           `SELECT count(*) FROM lecture_times WHERE weekday = 7`,
	"tags twice":              `SELECT count(*) FROM (SELECT FROM lecture_tags GROUP BY lecture_id, name HAVING count(*) > 1) twice`,
}

func TestFill(t *testing.T) {
	db := postgrestest.NewDatabase(t, olddata.Schema)
	conn, err := pgx.Connect(t.Context(), db.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	g := olddata.New(olddata.Config{})
	counts, err := olddata.Fill(t.Context(), conn, g)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", counts)
	if counts.Users != 2000 || counts.Lectures < 10_000 || counts.Times < counts.Lectures || counts.Tags == 0 {
		t.Errorf("rows: %+v", counts)
	}
	for what, sql := range dirtyFields {
		var n int
		if err := conn.QueryRow(t.Context(), sql).Scan(&n); err != nil {
			t.Errorf("%s: %v", what, err)
		} else if n < 2 {
			t.Errorf("%s: %d, want several", what, n)
		}
	}
	for _, name := range olddata.Dirt() {
		u := g.Dirty(name)
		if u == nil {
			t.Errorf("nobody has: %s", name)
			continue
		}
		var found bool
		if err := conn.QueryRow(t.Context(), "SELECT true FROM users WHERE id = $1 AND username IS NOT DISTINCT FROM $2", u.ID, u.Username).Scan(&found); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDeterministic(t *testing.T) {
	a, b := olddata.New(olddata.Config{Seed: 1}), olddata.New(olddata.Config{Seed: 1})
	other := olddata.New(olddata.Config{Seed: 2})
	for _, i := range []int{1999, 0, 7} {
		if !reflect.DeepEqual(a.User(i), b.User(i)) {
			t.Errorf("user %d differs between generators with the same seed", i)
		}
		if a.User(i).ID == other.User(i).ID {
			t.Errorf("user %d is the same with another seed", i)
		}
	}
}

// Without its dirt, everything fits into the new schema, and everybody can sign in.
func TestClean(t *testing.T) {
	g := olddata.New(olddata.Config{Clean: true})
	for i := range g.Len() {
		u := g.User(i)
		if err := schema.CheckUsername(*u.Username); err != nil || u.Dirt != "" {
			t.Fatalf("user %d: %v, dirt %q", i, err, u.Dirt)
		}
		if i >= 50 {
			continue
		}
		h, err := werkzeug.Parse(*u.PasswordHash)
		if err != nil {
			t.Fatal(err)
		}
		if ok, err := h.Verify(u.Password); !ok || err != nil {
			t.Errorf("%s: password %q does not match: %v", *u.PasswordHash, u.Password, err)
		}
	}
}
