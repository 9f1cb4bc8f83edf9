package walstream_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/migration/migrationtest/postgrestest"
	"heek.kr/heektime/internal/migration/walstream"
)

const tables = `
	CREATE TABLE full_rows (id int PRIMARY KEY, parent text, big text);
	ALTER TABLE full_rows REPLICA IDENTITY FULL;
	ALTER TABLE full_rows ALTER big SET STORAGE EXTERNAL;
	CREATE TABLE key_rows (id int PRIMARY KEY, parent text, big text);
	ALTER TABLE key_rows ALTER big SET STORAGE EXTERNAL;
	CREATE TABLE other (id int PRIMARY KEY);
	CREATE PUBLICATION changes FOR TABLE full_rows, key_rows`

type world struct {
	db   *postgrestest.Database
	sql  *pgx.Conn
	slot string
	from walstream.LSN
}

func newWorld(t *testing.T) *world {
	w := &world{db: postgrestest.NewDatabase(t, tables)}
	w.slot = "slot_" + w.db.Name
	var err error
	if w.sql, err = pgx.Connect(t.Context(), w.db.URL()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.sql.Close(context.Background()) })
	conn := w.connect(t)
	if _, w.from, err = conn.CreateSlot(t.Context(), w.slot); err != nil {
		t.Fatal(err)
	}
	conn.Close(t.Context())
	return w
}

// A reader that is gone without a goodbye does not keep its slot for a minute.
func TestSenderTimeout(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if _, err := w.connect(t).Start(t.Context(), w.slot, "changes", w.from); err != nil {
		t.Fatal(err)
	}
	// The reader neither reads nor says that it is alive.
	for active := true; active && t.Context().Err() == nil; time.Sleep(100 * time.Millisecond) {
		if err := w.sql.QueryRow(t.Context(), "SELECT active FROM pg_replication_slots WHERE slot_name = $1", w.slot).Scan(&active); err != nil {
			t.Fatal(err)
		}
	}
}

func (w *world) connect(t *testing.T) *walstream.Conn {
	t.Helper()
	conn, err := walstream.Connect(t.Context(), w.db.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

func (w *world) exec(t *testing.T, sql string) {
	t.Helper()
	if _, err := w.sql.PgConn().Exec(t.Context(), sql).ReadAll(); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func (w *world) stream(t *testing.T, from walstream.LSN) (*walstream.Conn, *walstream.Stream) {
	t.Helper()
	conn := w.connect(t)
	s, err := conn.Start(t.Context(), w.slot, "changes", from)
	if err != nil {
		t.Fatal(err)
	}
	return conn, s
}

// transaction describes the events of the next transaction that has changes, a line for each.
func transaction(t *testing.T, s *walstream.Stream) (lines string, end walstream.LSN) {
	t.Helper()
	var b strings.Builder
	var begin *walstream.Begin
	for {
		event, err := s.Next(t.Context(), time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		switch e := event.(type) {
		case *walstream.Begin:
			begin = e
		case *walstream.Change:
			fmt.Fprintf(&b, "%s%d %s old %s new %s\n", begin.Origin, e.Op, e.Table, show(e.Old), show(e.New))
		case *walstream.Truncate:
			fmt.Fprintln(&b, "truncate", e.Tables)
		case *walstream.Commit:
			if b.Len() > 0 {
				return b.String(), e.End
			}
		}
	}
}

func show(tuple legacydb.Tuple) string {
	if tuple == nil {
		return "-"
	}
	var columns []string
	for _, name := range []string{"id", "parent", "big", "more"} {
		switch value, ok := tuple[name]; {
		case ok && value == nil:
			columns = append(columns, name+"=NULL")
		case ok:
			columns = append(columns, fmt.Sprintf("%s=%.9s", name, *value))
		}
	}
	return strings.Join(columns, ",")
}

func TestEvents(t *testing.T) {
	w := newWorld(t)
	_, s := w.stream(t, w.from)
	large := strings.Repeat("x", 5000)
	for _, c := range []struct{ sql, want string }{
		{"INSERT INTO other VALUES (1)", ""},
		{"INSERT INTO full_rows VALUES (1, 'a', '" + large + "'), (2, NULL, '')", "1 public.full_rows old - new id=1,parent=a,big=xxxxxxxxx\n1 public.full_rows old - new id=2,parent=NULL,big=\n"},
		{"UPDATE full_rows SET parent = 'b' WHERE id = 1", "2 public.full_rows old id=1,parent=a,big=xxxxxxxxx new id=1,parent=b\n"},
		{"DELETE FROM full_rows WHERE id = 1", "3 public.full_rows old id=1,parent=b,big=xxxxxxxxx new -\n"},
		{"INSERT INTO key_rows VALUES (1, 'a', '')", "1 public.key_rows old - new id=1,parent=a,big=\n"},
		{"UPDATE key_rows SET parent = 'b'", "2 public.key_rows old - new id=1,parent=b,big=\n"},
		{"UPDATE key_rows SET id = 2", "2 public.key_rows old id=1 new id=2,parent=b,big=\n"},
		{"DELETE FROM key_rows", "3 public.key_rows old id=2 new -\n"},
		{"ALTER TABLE full_rows ADD more int; INSERT INTO full_rows VALUES (3, 'c', '', 7)", "1 public.full_rows old - new id=3,parent=c,big=,more=7\n"},
		{"BEGIN; SAVEPOINT a; INSERT INTO full_rows VALUES (4); ROLLBACK TO a; INSERT INTO full_rows VALUES (5); COMMIT", "1 public.full_rows old - new id=5,parent=NULL,big=NULL,more=NULL\n"},
		{"TRUNCATE full_rows, other, key_rows", "truncate [public.full_rows public.key_rows]\n"},
	} {
		w.exec(t, c.sql)
		if c.want == "" {
			continue
		}
		if got, _ := transaction(t, s); got != c.want {
			t.Errorf("%.80s:\n%s want\n%s", c.sql, got, c.want)
		}
	}
}

// What another process wrote with a replication origin can be told apart.
func TestOrigin(t *testing.T) {
	w := newWorld(t)
	_, s := w.stream(t, w.from)
	origin := "origin_" + w.db.Name
	w.exec(t, "SELECT pg_replication_origin_create('"+origin+"')")
	t.Cleanup(func() {
		w.sql.Exec(context.Background(), "SELECT pg_replication_origin_session_reset()")
		w.sql.Exec(context.Background(), "SELECT pg_replication_origin_drop('"+origin+"')")
	})
	w.exec(t, "SELECT pg_replication_origin_session_setup('"+origin+"')")
	w.exec(t, "INSERT INTO key_rows VALUES (1)")
	want := origin + "1 public.key_rows old - new id=1,parent=NULL,big=NULL\n"
	if got, _ := transaction(t, s); got != want {
		t.Errorf("got %s want %s", got, want)
	}
}

// A transaction comes again until it is confirmed, whole, and nothing is left out.
func TestResume(t *testing.T) {
	w := newWorld(t)
	var ends []walstream.LSN
	conn, s := w.stream(t, w.from)
	for i := range 3 {
		w.exec(t, fmt.Sprintf("INSERT INTO key_rows VALUES (%d)", i))
		_, end := transaction(t, s)
		ends = append(ends, end)
	}
	if err := s.Confirm(t.Context(), ends[0]); err != nil {
		t.Fatal(err)
	}
	waitConfirmed(t, w, ends[0])
	conn.Close(t.Context())
	waitInactive(t, w)
	// From where this reader applied changes to, which is more than it confirmed.
	conn, s = w.stream(t, ends[1])
	if got, end := transaction(t, s); !strings.Contains(got, "id=2") || end != ends[2] {
		t.Errorf("resumed with %s at %v, want the third row at %v", got, end, ends[2])
	}
	conn.Close(t.Context())
	waitInactive(t, w)
	_, s = w.stream(t, ends[0])
	if got, end := transaction(t, s); !strings.Contains(got, "id=1") || end != ends[1] {
		t.Errorf("resumed with %s at %v, want the second row at %v", got, end, ends[1])
	}
}

func waitConfirmed(t *testing.T, w *world, lsn walstream.LSN) {
	t.Helper()
	for {
		slot, err := walstream.FindSlot(t.Context(), w.sql, w.slot)
		if err != nil || slot == nil {
			t.Fatal(slot, err)
		}
		if slot.Confirmed >= lsn {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func waitInactive(t *testing.T, w *world) {
	t.Helper()
	for {
		slot, err := walstream.FindSlot(t.Context(), w.sql, w.slot)
		if err != nil || slot == nil {
			t.Fatal(slot, err)
		}
		if !slot.Active {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// The log goes on with changes that this reader does not get, and it learns so.
func TestProgressWithoutChanges(t *testing.T) {
	w := newWorld(t)
	_, s := w.stream(t, w.from)
	w.exec(t, "INSERT INTO other VALUES (1)")
	var text string
	if err := w.sql.QueryRow(t.Context(), "SELECT pg_current_wal_lsn()::text").Scan(&text); err != nil {
		t.Fatal(err)
	}
	want, err := walstream.ParseLSN(text)
	if err != nil {
		t.Fatal(err)
	}
	for {
		event, err := s.Next(t.Context(), time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		switch e := event.(type) {
		case walstream.Progress:
			if e.End >= want {
				return
			}
		case *walstream.Change:
			t.Fatalf("received a change of %s", e.Table)
		}
	}
}

// A reader of the snapshot sees the database as it was when the slot was created, and the stream has the
// rest.
func TestExportedSnapshot(t *testing.T) {
	w := newWorld(t)
	w.exec(t, "INSERT INTO key_rows VALUES (1)")
	conn := w.connect(t)
	snapshot, from, err := conn.CreateSlot(t.Context(), w.slot+"_2")
	if err != nil {
		t.Fatal(err)
	}
	w.exec(t, "INSERT INTO key_rows VALUES (2)")
	reader, err := pgx.Connect(t.Context(), w.db.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close(context.Background())
	var n int
	if _, err := reader.Exec(t.Context(), "BEGIN ISOLATION LEVEL REPEATABLE READ; SET TRANSACTION SNAPSHOT '"+snapshot+"'"); err != nil {
		t.Fatal(err)
	}
	if err := reader.QueryRow(t.Context(), "SELECT count(*) FROM key_rows").Scan(&n); err != nil || n != 1 {
		t.Errorf("the snapshot has %d rows (%v), want 1", n, err)
	}
	conn.Close(t.Context())
	conn = w.connect(t)
	s, err := conn.Start(t.Context(), w.slot+"_2", "changes", from)
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := transaction(t, s); !strings.Contains(got, "id=2") {
		t.Errorf("the stream begins with %s, want the second row", got)
	}
}

func TestSlots(t *testing.T) {
	w := newWorld(t)
	slot, err := walstream.FindSlot(t.Context(), w.sql, w.slot)
	if err != nil || slot == nil || slot.Confirmed != w.from || slot.Active || slot.Lost {
		t.Errorf("slot %+v, %v, want it confirmed at %v", slot, err, w.from)
	}
	conn := w.connect(t)
	if _, _, err := conn.CreateSlot(t.Context(), w.slot); err == nil {
		t.Error("created a slot twice")
	}
	for range 2 {
		if err := conn.DropSlot(t.Context(), w.slot); err != nil {
			t.Error(err)
		}
	}
	if slot, err := walstream.FindSlot(t.Context(), w.sql, w.slot); slot != nil || err != nil {
		t.Errorf("a dropped slot: %+v, %v", slot, err)
	}
}
