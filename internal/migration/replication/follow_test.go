package replication_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/internal/credential"
	"heek.kr/heektime/internal/migration/documentwriter"
	"heek.kr/heektime/internal/migration/migrationtest/bothsides"
	"heek.kr/heektime/internal/migration/migrationtest/olddata"
	"heek.kr/heektime/internal/migration/migrationtest/postgrestest"
	"heek.kr/heektime/internal/migration/replication"
	"heek.kr/heektime/internal/schema"
)

// few is a small database without dirt.
func few() olddata.Config { return olddata.Config{Users: 8, LecturesPerUser: 3, Clean: true} }

// Each change by itself, on rows of which some are dirty.
func TestFollow(t *testing.T) {
	t.Parallel()
	w := newWorld(t, olddata.Config{Users: 60, LecturesPerUser: 3})
	follow(t, t.Context(), w.config())
	const (
		newUser = "3f1b2c4d-5e6f-4a7b-8c9d-0e1f2a3b4c5d"
		table   = "0123456789abcdef0123456789abcdef"
		lecture = "4f1b2c4d-5e6f-4a7b-8c9d-0e1f2a3b4c5d"
	)
	var owners []*olddata.User // who have timetables, and no dirt
	for i := 0; len(owners) < 2; i++ {
		if u := w.Data.User(i); i%10 != 5 && len(u.Timetables) > 0 {
			owners = append(owners, u)
		}
	}
	first, second, semester := owners[0].ID, owners[1].ID, *owners[0].Timetables[0].SemesterID
	for _, sql := range []string{
		"INSERT INTO timetables VALUES ('" + table + "', '" + newUser + "', '" + semester + "', 'before its user')",
		"INSERT INTO lectures (id, timetable_id, title) VALUES ('" + lecture + "', '" + table + "', 'before its user')",
		"INSERT INTO users (id, username, password_hash) VALUES ('" + newUser + "', 'newcomer', 'pbkdf2:sha256:1$a$b')",
		"UPDATE users SET password_hash = 'pbkdf2:sha256:1$a$c' WHERE id = '" + newUser + "'",
		"INSERT INTO lecture_times (lecture_id, weekday, time_begin, time_end, room) VALUES ('" + lecture + "', 1, 60, 120, 'a')",
		"UPDATE lecture_times SET room = 'b' WHERE lecture_id = '" + lecture + "'",
		"INSERT INTO lecture_tags VALUES ('" + lecture + "', 'tag'), ('" + lecture + "', 'tag'), ('" + lecture + "', NULL)",
		"INSERT INTO lecture_categories VALUES ('" + lecture + "', 1, 'b'), ('" + lecture + "', 0, 'a')",
		"DELETE FROM lecture_times WHERE lecture_id = '" + lecture + "'",
		"UPDATE lectures SET timetable_id = (SELECT max(id) FROM timetables WHERE user_id = '" + first + "') WHERE id = '" + lecture + "'",
		"UPDATE timetables SET user_id = '" + second + "' WHERE user_id = '" + first + "'",
		"UPDATE timetables SET semester_id = NULL WHERE user_id = '" + second + "'",
		"UPDATE timetables SET semester_id = '" + semester + "' WHERE user_id = '" + second + "'",
		"UPDATE timetables SET user_id = '" + first + "', id = 'f' || substr(id, 2) WHERE id IN (SELECT id FROM timetables WHERE user_id = '" + second + "' LIMIT 1)",
		"UPDATE users SET username = 'NEWCOMER' WHERE id = '" + first + "'",
		"UPDATE users SET username = 'Newcomer' WHERE id = '" + second + "'",
		"UPDATE users SET username = 'somebody else' WHERE id = '" + newUser + "'",
		"BEGIN; UPDATE users SET username = 'x' WHERE id = '" + first + "'; UPDATE users SET username = 'NEWCOMER' WHERE id = '" + second + "'; UPDATE users SET username = 'Newcomer' WHERE id = '" + first + "'; COMMIT",
		"UPDATE users SET id = '5f1b2c4d-5e6f-4a7b-8c9d-0e1f2a3b4c5d' WHERE id = '" + newUser + "'",
		"DELETE FROM users WHERE id = '" + first + "'",
		"DELETE FROM lectures WHERE timetable_id IN (SELECT id FROM timetables WHERE user_id = '" + second + "')",
		"DELETE FROM timetables WHERE user_id = '" + second + "'",
		"DELETE FROM users WHERE id = '" + second + "'",
		"INSERT INTO schools VALUES ('new_school', '새학교'); INSERT INTO semesters VALUES ('new_school/2026-2학기', 'new_school', 2026, '2학기')",
		"BEGIN; DELETE FROM lecture_times; DELETE FROM lecture_tags; UPDATE lectures SET credit = 4; DELETE FROM lecture_categories; COMMIT",
		"BEGIN; DELETE FROM lectures; DELETE FROM timetables; DELETE FROM users; COMMIT",
	} {
		w.Exec(t, sql)
		w.drain(t)
		if w.RequireEqual(t); t.Failed() {
			t.Fatalf("after %s", sql)
		}
	}
}

// A schema change that does not matter does not stop following.
func TestHarmlessSchemaChanges(t *testing.T) {
	t.Parallel()
	w := newWorld(t, olddata.Config{Users: 10, LecturesPerUser: 2})
	follow(t, t.Context(), w.config())
	for _, sql := range []string{
		"ALTER TABLE lectures ADD memo text; UPDATE lectures SET memo = 'x', title = title || '1'",
		"ALTER TABLE lectures DROP memo; UPDATE lectures SET title = title || '2'",
		"ALTER TABLE lectures ALTER credit TYPE numeric, ALTER title TYPE varchar(1000); UPDATE lectures SET title = title || '3'",
		"ALTER TABLE lecture_times ALTER id TYPE integer, ALTER weekday TYPE smallint; UPDATE lecture_times SET room = 'r'",
		"CREATE INDEX ON lectures (title); CREATE TABLE other (id int); INSERT INTO other VALUES (1); TRUNCATE other",
		"ALTER TABLE lectures RENAME TO lectures_before; CREATE VIEW nothing AS SELECT 1; ALTER TABLE lectures_before RENAME TO lectures; UPDATE lectures SET title = title || '4'",
	} {
		w.Exec(t, sql)
		w.drain(t)
		if w.RequireEqual(t); t.Failed() {
			t.Fatalf("after %s", sql)
		}
	}
}

// PostgreSQL streams a transaction before others see it. With synchronous replication and no standby
// that gap has no end, until an operator ends it.
func TestTransactionIsStreamedBeforeItIsVisible(t *testing.T) {
	t.Parallel()
	server := postgrestest.Start(t, nil)
	w := newWorldOn(t, server, few())
	hidden := make(chan struct{}, 1000)
	cfg := w.config()
	cfg.Log = slog.New(slog.NewTextHandler(lineFunc(func(line string) {
		if strings.Contains(line, replication.LogHidden) {
			hidden <- struct{}{}
		}
	}), &slog.HandlerOptions{Level: slog.LevelDebug}))
	follow(t, t.Context(), cfg)
	w.drain(t)
	synchronous := func(standby string) {
		w.Exec(t, "ALTER SYSTEM SET synchronous_standby_names = '"+standby+"'")
		w.Exec(t, "SELECT pg_reload_conf()")
	}
	synchronous("nobody")
	waitFor(t, func() bool { return setting(t, w, "synchronous_standby_names") == "nobody" })
	committed := make(chan error, 1)
	go func() {
		conn, err := pgx.Connect(t.Context(), w.Database.URL())
		if err == nil {
			_, err = conn.Exec(t.Context(), "UPDATE lectures SET title = 'after'")
			conn.Close(t.Context())
		}
		committed <- err
	}()
	// It waits for the standby: its commit is in the log.
	waitFor(t, func() bool { return waitsForStandby(t, w) })
	<-hidden // following has received it, and does not see it
	for path, document := range bothsides.Stored(t, w.Firestore) {
		if strings.Contains(document, `"after"`) {
			t.Errorf("%s has a change that could still be seen by nobody", path)
		}
	}
	synchronous("")
	if err := <-committed; err != nil {
		t.Fatal(err)
	}
	w.drain(t)
	w.RequireEqual(t)
	for path, document := range bothsides.Stored(t, w.Firestore) {
		if strings.Contains(path, "/lectures/") && !strings.Contains(document, "after") {
			t.Errorf("%s is %s", path, document)
		}
	}
}

// lineFunc is called with each line of a log.
type lineFunc func(line string)

func (f lineFunc) Write(line []byte) (int, error) {
	f(string(line))
	return len(line), nil
}

func setting(t *testing.T, w *world, name string) (value string) {
	t.Helper()
	w.With(t, func(conn *pgx.Conn) error {
		return conn.QueryRow(t.Context(), "SELECT current_setting($1)", name).Scan(&value)
	})
	return value
}

func waitsForStandby(t *testing.T, w *world) (waits bool) {
	t.Helper()
	w.With(t, func(conn *pgx.Conn) error {
		return conn.QueryRow(t.Context(), "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event = 'SyncRep')").Scan(&waits)
	})
	return waits
}

// What the reverse direction writes is in Firestore already, or Firestore has something newer.
func TestOwnTransactionsAreSkipped(t *testing.T) {
	t.Parallel()
	w := newWorld(t, few())
	follow(t, t.Context(), w.config())
	w.With(t, func(conn *pgx.Conn) error {
		for _, sql := range []string{
			"SELECT pg_replication_origin_create('" + w.Origin + "')",
			"SELECT pg_replication_origin_session_setup('" + w.Origin + "')",
			"UPDATE lectures SET title = 'ours'",
			"SELECT pg_replication_origin_session_reset()",
			"SELECT pg_replication_origin_drop('" + w.Origin + "')",
			"UPDATE timetables SET title = 'theirs'",
		} {
			if _, err := conn.Exec(t.Context(), sql); err != nil {
				return fmt.Errorf("%s: %w", sql, err)
			}
		}
		return nil
	})
	w.drain(t)
	for path, document := range bothsides.Stored(t, w.Firestore) {
		switch {
		case strings.Contains(path, "/lectures/"):
			if strings.Contains(document, "ours") {
				t.Errorf("applied a change of the reverse direction: %s", path)
			}
		case strings.Contains(path, "/timetables/") && !strings.Contains(document, "theirs"):
			t.Errorf("did not apply a change: %s is %s", path, document)
		}
	}
}

// Changes of a kind that has moved are ignored until it has moved back.
func TestMovedKind(t *testing.T) {
	t.Parallel()
	w := newWorld(t, few())
	follow(t, t.Context(), w.config())
	set := func(phase schema.MigrationPhase, toward schema.MigrationSide) {
		t.Helper()
		m := schema.Migration{Phase: phase, Toward: toward, Epoch: 1, LeaseMillis: 5000, LimitMillis: 5000}
		if _, err := schema.MigrationRef(w.Firestore, schema.MigrateTimetables).Set(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	for i, c := range []struct {
		phase  schema.MigrationPhase
		toward schema.MigrationSide
		want   bool
	}{
		{schema.PhaseOld, schema.OldSide, true}, {schema.PhaseHolding, schema.NewSide, true}, {schema.PhaseSettling, schema.NewSide, true},
		{schema.PhaseNew, schema.NewSide, false}, {schema.PhaseHolding, schema.OldSide, false}, {schema.PhaseSettling, schema.OldSide, false},
		{schema.PhaseOld, schema.OldSide, true},
	} {
		set(c.phase, c.toward)
		title := fmt.Sprintf("title %d", i)
		hash := olddata.Hash("password", fmt.Sprintf("salt%d", i))
		w.Exec(t, "UPDATE lectures SET title = '"+title+"'; UPDATE users SET password_hash = '"+hash+"'")
		w.drain(t)
		for path, document := range bothsides.Stored(t, w.Firestore) {
			if strings.Contains(path, "/lectures/") && strings.Contains(document, title) != c.want {
				t.Errorf("%s toward %s: %s is %s", c.phase, c.toward, path, document)
			}
		}
		docs, err := schema.Credentials(w.Firestore).Documents(t.Context()).GetAll()
		if err != nil || len(docs) == 0 {
			t.Fatal(len(docs), err)
		}
		for _, doc := range docs {
			if stored, err := credential.Read(doc); err != nil || stored.Hash != hash {
				t.Errorf("%s toward %s: credential %v has another hash (%v), although only timetables move", c.phase, c.toward, stored, err)
			}
		}
	}
	w.RequireEqual(t)
}

// A second process takes over when the first has lost its lock, and the first writes nothing more.
func TestReplaced(t *testing.T) {
	t.Parallel()
	w := newWorld(t, few())
	first := follow(t, t.Context(), w.config())
	w.Exec(t, "UPDATE users SET name = 'before'")
	w.drain(t) // so it has claimed the position
	writer, position, err := documentwriter.Claim(t.Context(), w.Firestore, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	w.Exec(t, "UPDATE lectures SET title = 'after'; UPDATE users SET name = 'after'")
	if err := first.wait(); !errors.Is(err, documentwriter.ErrReplaced) {
		t.Errorf("it ended with %v", err)
	}
	for path, document := range bothsides.Stored(t, w.Firestore) {
		if strings.Contains(document, `"after"`) {
			t.Errorf("it wrote %s", path)
		}
	}
	if err := writer.Advance(t.Context(), position); err != nil {
		t.Fatal(err)
	}
	follow(t, t.Context(), w.config())
	w.drain(t)
	w.RequireEqual(t)
}

func TestLock(t *testing.T) {
	t.Parallel()
	w := bothsides.New(t, emulatortest.Start(t).FirestoreClient(t), olddata.Config{Users: 1})
	first, err := replication.Lock(t.Context(), w.Database.URL())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := replication.Lock(t.Context(), w.Database.URL()); err == nil || !strings.Contains(err.Error(), "only one may run") {
		t.Errorf("a second lock: %v", err)
	}
	if err := first.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool {
		again, err := replication.Lock(t.Context(), w.Database.URL())
		if err != nil {
			return false
		}
		return again.Close(context.Background()) == nil
	})
}

// The last password is the one that counts, whatever the copy read.
func TestPasswordChangedBeforeFollowing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, few())
	hash := olddata.Hash("new password", "salt")
	w.Exec(t, "UPDATE users SET password_hash = '"+hash+"'")
	follow(t, t.Context(), w.config())
	w.drain(t)
	docs, err := schema.Credentials(w.Firestore).Documents(t.Context()).GetAll()
	if err != nil || len(docs) != few().Users {
		t.Fatal(len(docs), err)
	}
	for _, doc := range docs {
		if stored, err := credential.Read(doc); err != nil || stored.Hash != hash {
			t.Errorf("credential %v has another hash, %v", stored, err)
		}
	}
}
