package cutover

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"heek.kr/heektime/internal/migration/migrationtest/olddata"
	"heek.kr/heektime/internal/migration/migrationtest/postgrestest"
)

const (
	insertUser    = "INSERT INTO users (id, username) VALUES (gen_random_uuid(), gen_random_uuid()::text)"
	insertLecture = "INSERT INTO lectures (id) VALUES (gen_random_uuid())"
)

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

func exec(t *testing.T, conn *pgx.Conn, sql string, args ...any) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// newGuard returns a guard of timetables on an empty old database.
func newGuard(t *testing.T) (*guard, string) {
	t.Helper()
	db := postgrestest.NewDatabase(t, olddata.Schema)
	conn := connect(t, db.URL())
	for range 2 { // it can run again
		if err := Install(t.Context(), conn); err != nil {
			t.Fatal(err)
		}
	}
	return &guard{conn: conn, kind: "timetables", tables: []string{"timetables", "lectures", "lecture_times", "lecture_categories", "lecture_tags"}}, db.URL()
}

func isRejected(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && e.Code == Rejected
}

func (g *guard) mustBe(t *testing.T, want guardState) {
	t.Helper()
	if got, err := g.state(t.Context()); err != nil || got != want {
		t.Fatalf("the guard is %v, %v; want %v", got, err, want)
	}
}

// waitForLock waits until some session of the database waits for a lock.
func waitForLock(t *testing.T, conn *pgx.Conn, statement string) {
	t.Helper()
	for waiting := 0; waiting == 0; {
		err := conn.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity
			WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE $1 || '%'`, statement).Scan(&waiting)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Millisecond)
	}
}

func TestGuardRejectsEveryWrite(t *testing.T) {
	t.Parallel()
	g, url := newGuard(t)
	old := connect(t, url)
	g.mustBe(t, guardOpen)
	exec(t, old, insertLecture)
	for range 2 {
		if err := g.finalize(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	g.mustBe(t, guardFinal)
	for _, sql := range []string{
		insertLecture,
		"INSERT INTO lectures SELECT * FROM lectures ON CONFLICT (id) DO UPDATE SET title = 'x'",
		"UPDATE lectures SET title = 'x'",
		"UPDATE lectures SET title = 'x' WHERE false",
		"DELETE FROM lectures",
		"TRUNCATE lectures",
		"WITH gone AS (DELETE FROM lectures RETURNING id) SELECT count(*) FROM gone",
		"INSERT INTO timetables (id) VALUES ('x')",
		"DELETE FROM lecture_times",
		"DELETE FROM lecture_categories",
		"DELETE FROM lecture_tags",
		"SET session_replication_role = replica; DELETE FROM lecture_tags",
		"BEGIN; DELETE FROM lecture_tags; COMMIT",
	} {
		if _, err := old.PgConn().Exec(t.Context(), sql).ReadAll(); !isRejected(err) {
			t.Errorf("%s: %v, want a rejection", sql, err)
		}
		exec(t, old, "ROLLBACK")
	}
	if _, err := old.CopyFrom(t.Context(), pgx.Identifier{"lectures"}, []string{"title"}, pgx.CopyFromRows([][]any{{"x"}})); !isRejected(err) {
		t.Errorf("COPY: %v, want a rejection", err)
	}
	exec(t, old, "SELECT * FROM lectures FOR UPDATE")
	exec(t, old, insertUser) // another kind

	reverse := connect(t, url)
	exec(t, reverse, "SET heektime.reverse = on")
	exec(t, reverse, insertLecture)

	if err := g.open(t.Context()); err != nil {
		t.Fatal(err)
	}
	g.mustBe(t, guardOpen)
	exec(t, old, insertLecture)
	exec(t, old, "TRUNCATE lectures")
}

// A statement that was prepared and planned before the guard is rejected, too.
func TestGuardRejectsPreparedStatements(t *testing.T) {
	t.Parallel()
	g, url := newGuard(t)
	old := connect(t, url)
	exec(t, old, "SET plan_cache_mode = force_generic_plan")
	exec(t, old, "PREPARE change AS UPDATE lectures SET title = 'x'")
	exec(t, old, "EXECUTE change")
	if err := g.finalize(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := old.Exec(t.Context(), "EXECUTE change"); !isRejected(err) {
		t.Errorf("%v, want a rejection", err)
	}
}

// Writers that began before the guard are awaited; those that wait for the tables are rejected, whatever
// their isolation level and however old their snapshot.
func TestGuardAwaitsWritersBeforeItAndRejectsThoseAfter(t *testing.T) {
	t.Parallel()
	for _, level := range []string{"READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"} {
		t.Run(level, func(t *testing.T) {
			t.Parallel()
			g, url := newGuard(t)
			before, after, monitor := connect(t, url), connect(t, url), connect(t, url)
			exec(t, before, "BEGIN")
			exec(t, before, insertLecture)
			exec(t, after, "BEGIN ISOLATION LEVEL "+level)
			exec(t, after, "SELECT count(*) FROM users") // takes the snapshot

			shut := make(chan error, 1)
			go func() { shut <- g.shut(t.Context(), 1, time.Hour) }()
			waitForLock(t, monitor, "CREATE TRIGGER")
			late := make(chan error, 1)
			go func() {
				// The guard may give up its place in the queue to let writers pass: wait until it has the tables.
				for drained := false; !drained; time.Sleep(time.Millisecond) {
					err := monitor.QueryRow(t.Context(), "SELECT count(*) > 0 FROM heektime_migration.drain").Scan(&drained)
					if err != nil {
						late <- err
						return
					}
				}
				_, err := after.Exec(t.Context(), insertLecture)
				late <- err
			}()
			select {
			case err := <-shut:
				t.Fatalf("the guard did not wait for a transaction that writes: %v", err)
			default:
			}
			exec(t, before, "COMMIT")
			if err := <-shut; err != nil {
				t.Fatal(err)
			}
			if err := <-late; !isRejected(err) {
				t.Errorf("a late writer: %v, want a rejection", err)
			}
			exec(t, after, "ROLLBACK")
			g.mustBe(t, guardTimed)
			var lectures int
			if err := monitor.QueryRow(t.Context(), "SELECT count(*) FROM lectures").Scan(&lectures); err != nil || lectures != 1 {
				t.Errorf("%d lectures (%v), want that of the transaction before the guard", lectures, err)
			}
		})
	}
}

// A statement that waits for the guard's own lock is rejected once the guard has it.
func TestGuardRejectsStatementsInTheQueue(t *testing.T) {
	t.Parallel()
	g, url := newGuard(t)
	late, monitor := connect(t, url), connect(t, url)
	result := make(chan error, 1)
	err := g.retry(t.Context(), func(tx pgx.Tx) error {
		if err := g.create(t.Context(), tx, "timed_1", time.Hour); err != nil {
			return err
		}
		go func() {
			_, err := late.Exec(t.Context(), insertLecture)
			result <- err
		}()
		waitForLock(t, monitor, "INSERT INTO lectures")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := <-result; !isRejected(err) {
		t.Errorf("%v, want a rejection", err)
	}
}

// A writer that locks the tables in another order is not aborted by PostgreSQL's deadlock detection: the
// guard lets it finish.
func TestGuardAvoidsDeadlocks(t *testing.T) {
	t.Parallel()
	g, url := newGuard(t)
	writer, monitor := connect(t, url), connect(t, url)
	exec(t, writer, "BEGIN")
	exec(t, writer, "DELETE FROM lecture_tags")
	shut := make(chan error, 1)
	go func() { shut <- g.shut(t.Context(), 1, time.Hour) }()
	waitForLock(t, monitor, "CREATE TRIGGER") // it has timetables, and waits for lecture_tags
	exec(t, writer, "INSERT INTO timetables (id) VALUES ('x')")
	exec(t, writer, "COMMIT")
	if err := <-shut; err != nil {
		t.Fatal(err)
	}
}

func TestGuardGivesUp(t *testing.T) {
	t.Parallel()
	g, url := newGuard(t)
	writer := connect(t, url)
	exec(t, writer, "BEGIN")
	exec(t, writer, insertLecture)
	ctx, cancel := context.WithTimeout(t.Context(), lockTimeout/2)
	defer cancel()
	if err := g.shut(ctx, 1, time.Hour); err == nil {
		t.Error("the guard did not wait for a transaction that writes")
	}
	exec(t, writer, insertLecture)
	exec(t, writer, "COMMIT")
}

// A timed guard ends by itself, and a later one can follow it.
func TestTimedGuardEnds(t *testing.T) {
	t.Parallel()
	g, url := newGuard(t)
	old := connect(t, url)
	for mark := range int64(2) {
		if err := g.shut(t.Context(), mark, 100*time.Millisecond); err != nil {
			t.Fatal(err)
		}
		for {
			_, err := old.Exec(t.Context(), insertLecture)
			if err == nil {
				break
			}
			if !isRejected(err) {
				t.Fatal(err)
			}
		}
		g.mustBe(t, guardOpen)
	}
	if err := g.shut(t.Context(), 3, time.Hour); err != nil {
		t.Fatal(err)
	}
	g.mustBe(t, guardTimed)
	if err := g.open(t.Context()); err != nil {
		t.Fatal(err)
	}
	exec(t, old, insertLecture)
}

// Somebody who reads a table for long does not keep it closed.
func TestGuardOpensDuringLongReads(t *testing.T) {
	t.Parallel()
	g, url := newGuard(t)
	reader, old := connect(t, url), connect(t, url)
	if err := g.finalize(t.Context()); err != nil {
		t.Fatal(err)
	}
	exec(t, reader, "BEGIN")
	exec(t, reader, "SELECT count(*) FROM lectures")
	if err := g.open(t.Context()); err != nil {
		t.Fatal(err)
	}
	exec(t, old, insertLecture)
	exec(t, reader, "COMMIT")
	if err := g.finalize(t.Context()); err != nil { // while the old trigger is still there
		t.Fatal(err)
	}
	g.mustBe(t, guardFinal)
	if _, err := old.Exec(t.Context(), insertLecture); !isRejected(err) {
		t.Errorf("%v, want a rejection", err)
	}
}
