package comparison_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/internal/migration/comparison"
	"heek.kr/heektime/internal/migration/conversion"
	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/migration/migrationtest/olddata"
	"heek.kr/heektime/internal/migration/reverse"
	"heek.kr/heektime/internal/schema"
)

// Documents of the new side are compared with their rows, whose keys may be others, and what was kept aside is
// expected. It is long because of what there is to prepare.
func TestNewSide(t *testing.T) {
	t.Parallel()
	w := newWorld(t, olddata.Config{Users: 30, Clean: true})
	w.copyAll()
	ctx := t.Context()
	w.must(reverse.Install(ctx, w.old.Pool))
	for _, kind := range []schema.MigrationKind{schema.MigrateAccounts, schema.MigrateTimetables} {
		_, err := schema.MigrationRef(w.client, kind).Set(ctx, schema.Migration{Phase: schema.PhaseNew, Toward: schema.NewSide, WasNew: true})
		w.must(err)
		w.exec("INSERT INTO heektime_migration.reverse_position (kind, read_time, backfill) VALUES ($1, now(), NULL)", string(kind))
	}
	reader, err := w.old.Reader(ctx, "")
	w.must(err)
	convert, _, err := w.converter(ctx, reader)
	w.must(err)
	reader.Close()
	at, err := legacydb.ParseTime("2026-11-01 00:00:00", w.old.Mapping.TimeZone)
	w.must(err)
	// add gives a user a timetable and a lecture with ids of a new client, and returns the lecture.
	add := func(user *firestore.DocumentRef, key string) *firestore.DocumentRef {
		timetable := schema.TimetableRef(user, "AbCdEfGhIj")
		lecture := schema.LectureRef(timetable, "AbCdEfGhIjKlMnOpQrSt")
		semester := w.generator.Semesters()[0]
		ref, ok := convert.SemesterRef(semester.ID)
		if !ok {
			t.Fatalf("no semester %s", semester.ID)
		}
		// Another user's timetable may have the same id.
		timetableKey := conversion.DigestKey(legacydb.TimetableKind, schema.Path(timetable))
		lectureKey := conversion.LectureKey(schema.Path(lecture))
		w.exec("INSERT INTO timetables (id, user_id, semester_id, title, created_at, updated_at) VALUES ($1, $2, $3, 'new', '2026-11-01', '2026-11-01')",
			timetableKey, key, semester.ID)
		w.exec("INSERT INTO lectures (id, timetable_id, title, created_at, updated_at) VALUES ($1, $2, 'lecture', '2026-11-01', '2026-11-01')", lectureKey, timetableKey)
		w.exec("INSERT INTO heektime_migration.ids (path, kind, key) VALUES ($1, 'timetable', $2), ($3, 'lecture', $4)",
			schema.Path(timetable), timetableKey, schema.Path(lecture), lectureKey)
		_, err := timetable.Set(ctx, schema.Timetable{Title: "new", Visibility: schema.Public, Semester: ref, CreatedAt: at, UpdatedAt: at}.Fields())
		w.must(err)
		_, err = lecture.Set(ctx, schema.Lecture{Title: "lecture"}.Fields(at, at))
		w.must(err)
		return lecture
	}
	newUser := schema.UserRef(w.client, "AbCdEfGhIjKlMnOpQrStUvWxYz12")
	key := conversion.UserKey(schema.Path(newUser))
	w.exec("INSERT INTO users (id, username, password_hash, created_at, updated_at) VALUES ($1, '새사용자', '!', '2026-11-01', '2026-11-01')", key)
	w.exec("INSERT INTO heektime_migration.ids (path, kind, key) VALUES ($1, 'user', $2)", schema.Path(newUser), key)
	_, err = newUser.Set(ctx, schema.User{Username: "새사용자", CreatedAt: at, UpdatedAt: at}.Fields())
	w.must(err)
	_, err = schema.UsernameRef(w.client, "새사용자").Set(ctx, schema.NewUsername(newUser.ID))
	w.must(err)
	users := w.cleanUsers(2)
	ofNew, ofOld := add(newUser, key), add(w.user(users[0]), users[0].ID)
	if r := w.run(nil); !r.OK() || r.Expected > 1 {
		t.Fatalf("documents of the new side with their rows:\n%s\n%+v", describe(r), r.Groups)
	}

	for _, lecture := range []*firestore.DocumentRef{ofNew, ofOld} {
		_, err := lecture.Update(ctx, []firestore.Update{{Path: "title", Value: "changed"}})
		w.must(err)
	}
	private := schema.TimetableRef(w.user(users[1]), "0123456789abcdef0123456789abcdef")
	_, err = private.Set(ctx, schema.Timetable{Title: "private", Visibility: schema.Private})
	w.must(err)
	check := func(when string, differences, expected int) {
		t.Helper()
		r := w.run(func(cfg *comparison.Config) {
			cfg.Kinds = []schema.MigrationKind{schema.MigrateAccounts, schema.MigrateTimetables}
		})
		if r.Differences != differences || r.Expected != expected || !strings.Contains(fmt.Sprint(r.Groups), schema.Path(ofNew)) {
			t.Errorf("%s: %d differences, %d expected, want %d and %d\n%s", when, r.Differences, r.Expected, differences, expected, describe(r))
		}
	}
	check("before the way back", 3, 0)
	w.exec("INSERT INTO heektime_migration.aside (path, whole, document) VALUES ($1, true, '{}')", schema.Path(private))
	w.exec(`INSERT INTO heektime_migration.aside (path, whole, document) VALUES ($1, false, '{"title": "changed"}')`, schema.Path(ofOld))
	check("what is kept aside", 1, 2)
	w.exec("DELETE FROM users WHERE id = $1", key)
	check("a user's row is gone", 2+2, 2) // and with it those of a timetable and a lecture
	w.exec("UPDATE heektime_migration.reverse_position SET backfill = ''")
	r := w.run(func(cfg *comparison.Config) {
		cfg.Kinds = []schema.MigrationKind{schema.MigrateAccounts, schema.MigrateTimetables}
	})
	if r.Differences != 0 || !strings.Contains(fmt.Sprint(r.Groups), "not brought back yet") {
		t.Errorf("documents without rows, before all have been brought back: %d differences\n%s", r.Differences, describe(r))
	}
}

// The way back has lost documents of a user of the new side: neither is a row there, nor is it kept aside.
func TestLostDocumentsOfNewUser(t *testing.T) {
	t.Parallel()
	w := newWorld(t, olddata.Config{Users: 5, Clean: true})
	w.copyAll()
	ctx := t.Context()
	w.must(reverse.Install(ctx, w.old.Pool))
	for _, kind := range []schema.MigrationKind{schema.MigrateAccounts, schema.MigrateTimetables} {
		_, err := schema.MigrationRef(w.client, kind).Set(ctx, schema.Migration{Phase: schema.PhaseNew, Toward: schema.NewSide, WasNew: true})
		w.must(err)
		w.exec("INSERT INTO heektime_migration.reverse_position (kind, read_time, backfill) VALUES ($1, now(), NULL)", string(kind))
	}
	const uid, id = "01234567-89ab-8def-8123-456789abcdef", "0123456789abcdef0123456789abcdef"
	w.exec("INSERT INTO users (id, username, password_hash, created_at, updated_at) VALUES ($1, '새사용자', '!', '2026-11-01', '2026-11-01')", uid)
	w.must(w.follow(ctx, []string{uid}))
	timetable := schema.TimetableRef(schema.UserRef(w.client, uid), id)
	_, err := timetable.Set(ctx, schema.Timetable{Title: "new", Visibility: schema.Public})
	w.must(err)
	lecture := schema.LectureRef(timetable, uid)
	_, err = lecture.Set(ctx, schema.Lecture{Title: "new"}.NewFields())
	w.must(err)
	if r := w.run(nil); r.Differences != 2 {
		t.Errorf("%d differences, want the timetable and the lecture\n%s", r.Differences, describe(r))
	}
	for _, ref := range []*firestore.DocumentRef{timetable, lecture} {
		w.exec("INSERT INTO heektime_migration.aside (path, whole, document) VALUES ($1, true, '{}')", schema.Path(ref))
	}
	if r := w.run(nil); !r.OK() {
		t.Errorf("kept aside:\n%s", describe(r))
	}
}

// While accounts are on the new side and timetables are not, timetables of accounts that compat-server made have no
// rows, although the accounts do.
func TestNewAccountsOldTimetables(t *testing.T) {
	t.Parallel()
	w := newWorld(t, olddata.Config{Users: 5, Clean: true})
	w.copyAll()
	ctx := t.Context()
	w.must(reverse.Install(ctx, w.old.Pool))
	_, err := schema.MigrationRef(w.client, schema.MigrateAccounts).Set(ctx, schema.Migration{Phase: schema.PhaseNew, Toward: schema.NewSide, WasNew: true})
	w.must(err)
	const uid, id = "01234567-89ab-8def-8123-456789abcdef", "0123456789abcdef0123456789abcdef"
	w.exec("INSERT INTO users (id, username, password_hash, created_at, updated_at) VALUES ($1, '새사용자', '!', '2026-11-01', '2026-11-01')", uid)
	w.must(w.follow(ctx, []string{uid}))
	timetable := schema.TimetableRef(schema.UserRef(w.client, uid), id)
	_, err = timetable.Set(ctx, schema.Timetable{Title: "new", Visibility: schema.Public})
	w.must(err)
	_, err = schema.LectureRef(timetable, uid).Set(ctx, schema.Lecture{Title: "new"}.NewFields())
	w.must(err)
	r := w.run(nil)
	if !r.OK() || r.Expected != 2 {
		t.Errorf("%d expected\n%s", r.Expected, describe(r))
	}
	r = w.run(func(cfg *comparison.Config) {
		cfg.Since, cfg.Budget = time.Time{}.Add(1), time.Hour
		cfg.Kinds = []schema.MigrationKind{schema.MigrateTimetables}
	})
	if !r.OK() || r.Users == 0 || r.Documents == 0 {
		t.Errorf("timetables of everyone: %+v\n%s", r, describe(r))
	}
}
