package replication_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/internal/migration/migrationtest/bothsides"
	"heek.kr/heektime/internal/migration/migrationtest/postgrestest"
	"heek.kr/heektime/internal/migration/replication"
	"heek.kr/heektime/internal/schema"
)

// problemCase is something that following cannot go on after.
type problemCase struct {
	name, sql string
	// while is whether it happens while following runs, or between two runs.
	while bool
	want  []string
	mend  string
}

func problemCases() []problemCase {
	return []problemCase{
		{
			"truncate", "TRUNCATE lecture_times", true,
			[]string{"table public.lecture_times was truncated", "heektime migrate copy again"}, "",
		},
		{
			"truncate with others", "TRUNCATE users, timetables, lectures CASCADE", false,
			[]string{"was truncated", "heektime migrate copy again"}, "",
		},
		{
			"dropped column", "ALTER TABLE lectures DROP professor; UPDATE lectures SET title = title || 'x'", true,
			[]string{"does not fit migrate.yaml", "professor", "does not exist"}, "ALTER TABLE lectures ADD professor text",
		},
		{
			"renamed column", "ALTER TABLE lecture_times RENAME room TO place; UPDATE lecture_times SET place = 'x'", true,
			[]string{"does not fit migrate.yaml", "room"}, "ALTER TABLE lecture_times RENAME place TO room",
		},
		{
			"renamed key", "ALTER TABLE lecture_tags RENAME lecture_id TO lecture; INSERT INTO lecture_tags VALUES (gen_random_uuid(), 'x')", true,
			[]string{"lecture_id", "heektime migrate copy again"}, "ALTER TABLE lecture_tags RENAME lecture TO lecture_id",
		},
		{
			"another type", "ALTER TABLE lecture_times ALTER time_begin TYPE time USING '00:00'; UPDATE lecture_times SET room = 'x'", true,
			[]string{"column time_begin of table public.lecture_times was a integer and is a time"},
			"ALTER TABLE lecture_times ALTER time_begin TYPE integer USING 0",
		},
		{
			"replica identity", "ALTER TABLE lecture_times REPLICA IDENTITY DEFAULT; DELETE FROM lecture_times", true,
			[]string{"public.lecture_times", "REPLICA IDENTITY FULL", "heektime migrate copy again"}, "",
		},
		{
			"replica identity and an update", "ALTER TABLE lecture_times REPLICA IDENTITY DEFAULT; UPDATE lecture_times SET lecture_id = (SELECT min(id::text)::uuid FROM lectures)", true,
			[]string{"public.lecture_times", "REPLICA IDENTITY FULL", "heektime migrate copy again"}, "",
		},
		{
			"replica identity between", "ALTER TABLE lectures REPLICA IDENTITY DEFAULT", false,
			[]string{"public.lectures", "REPLICA IDENTITY FULL", "heektime migrate copy again"}, "",
		},
		{
			"publication", "ALTER PUBLICATION changes DROP TABLE lectures", false,
			[]string{"publication changes lacks public.lectures", "heektime migrate copy again"}, "",
		},
		{
			"lost slot", "SELECT pg_drop_replication_slot('SLOT')", false,
			[]string{"replication slot", "is gone", "heektime migrate copy again"}, "",
		},
		{
			"replaced slot", "SELECT pg_drop_replication_slot('SLOT'); UPDATE lectures SET title = 'missed'; SELECT pg_create_logical_replication_slot('SLOT', 'pgoutput')", false,
			[]string{"begins at", "are lost", "heektime migrate copy again"}, "",
		},
		{
			"slot read by others", "UPDATE lectures SET title = 'read by others'; SELECT count(*) FROM pg_logical_slot_get_binary_changes('SLOT', NULL, NULL, 'proto_version', '1', 'publication_names', 'changes')", false,
			[]string{"begins at", "are lost", "heektime migrate copy again"}, "",
		},
	}
}

// Following says what has happened and what to do, in its error and in its position, and after the
// remedy both sides are equal again.
func TestProblems(t *testing.T) {
	t.Parallel()
	for _, c := range problemCases() {
		t.Run(c.name, func(t *testing.T) { testProblem(t, c) })
	}
}

func testProblem(t *testing.T, c problemCase) {
	t.Parallel()
	w := newWorld(t, few())
	f := follow(t, t.Context(), w.config())
	w.drain(t)
	if !c.while {
		f.end()
		w.waitInactive(t)
	}
	for _, sql := range strings.Split(c.sql, "; ") {
		w.Exec(t, strings.ReplaceAll(sql, "SLOT", w.Slot))
	}
	if !c.while {
		f = follow(t, t.Context(), w.config())
	}
	p := requireProblem(t, f.wait())
	for _, want := range c.want {
		if !strings.Contains(p.Error(), want) {
			t.Errorf("the problem %q does not say %q", p, want)
		}
	}
	if got := w.position(t).Problem; got != p.Error() {
		t.Errorf("the position says %q, want %q", got, p)
	}
	if err := replication.Drain(t.Context(), w.Firestore, w.LSN(t)); err == nil || !strings.Contains(err.Error(), "following has stopped") {
		t.Errorf("draining after that: %v", err)
	}
	if c.mend != "" {
		w.Exec(t, c.mend)
	}
	w.waitInactive(t)
	w.copy(t)
	follow(t, t.Context(), w.config())
	w.Exec(t, "UPDATE lectures SET title = title || 'y'")
	w.drain(t)
	w.RequireEqual(t)
}

// waitInactive waits until PostgreSQL has noticed that nobody reads from the slot any more.
func (w *world) waitInactive(t *testing.T) {
	t.Helper()
	waitFor(t, func() bool {
		var active bool
		w.With(t, func(conn *pgx.Conn) error {
			return conn.QueryRow(t.Context(), "SELECT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = $1 AND active)", w.Slot).Scan(&active)
		})
		return !active
	})
}

func TestBeforeTheCopy(t *testing.T) {
	t.Parallel()
	w := &world{World: bothsides.New(t, emulatortest.Start(t).FirestoreClient(t), few())}
	p := requireProblem(t, replication.Run(t.Context(), w.config()))
	if !strings.Contains(p.Error(), "run heektime migrate copy first") {
		t.Error(p)
	}
	if _, err := schema.MigrationCopyRef(w.Firestore).Set(t.Context(), schema.MigrationCopy{StartedAt: time.Now()}.Fields()); err != nil {
		t.Fatal(err)
	}
	if p = requireProblem(t, replication.Run(t.Context(), w.config())); !strings.Contains(p.Error(), "has not finished") {
		t.Error(p)
	}
}

// Following another cluster, or one that was promoted without what was applied, is a problem.
func TestAnotherCluster(t *testing.T) {
	t.Parallel()
	w := newWorld(t, few())
	position := w.position(t)
	for _, c := range []struct {
		change func(*schema.MigrationPosition)
		want   string
	}{
		{func(p *schema.MigrationPosition) { p.System = "7" }, "the copy is of cluster 7"},
		{func(p *schema.MigrationPosition) { p.LSN = "FFFF/0" }, "was a backup restored?"},
		{func(p *schema.MigrationPosition) { p.Slot = "other" }, `the copy was made for replication slot "other"`},
		{func(p *schema.MigrationPosition) { p.LSN = "x" }, "migrations/position is damaged"},
	} {
		changed := position
		c.change(&changed)
		if _, err := schema.MigrationPositionRef(w.Firestore).Set(t.Context(), changed.Fields()); err != nil {
			t.Fatal(err)
		}
		if p := requireProblem(t, replication.Run(t.Context(), w.config())); !strings.Contains(p.Error(), c.want) {
			t.Errorf("the problem %q does not say %q", p, c.want)
		}
	}
}

// PostgreSQL removes the log that a slot needs when it exceeds what an operator allows.
func TestSlotTooFarBehind(t *testing.T) {
	t.Parallel()
	server := postgrestest.Start(t, map[string]string{"max_slot_wal_keep_size": "1MB", "min_wal_size": "32MB", "max_wal_size": "32MB"})
	w := newWorldOn(t, server, few())
	waitFor(t, func() bool {
		w.Exec(t, "CREATE TABLE IF NOT EXISTS noise (text text); INSERT INTO noise SELECT repeat(md5(i::text), 30) FROM generate_series(1, 20000) i; SELECT pg_switch_wal(); CHECKPOINT")
		var lost bool
		w.With(t, func(conn *pgx.Conn) error {
			return conn.QueryRow(context.Background(), "SELECT restart_lsn IS NULL FROM pg_replication_slots WHERE slot_name = $1", w.Slot).Scan(&lost)
		})
		return lost
	})
	p := requireProblem(t, replication.Run(t.Context(), w.config()))
	if !strings.Contains(p.Error(), "max_slot_wal_keep_size") {
		t.Error(p)
	}
	w.copy(t)
	follow(t, t.Context(), w.config())
	w.drain(t)
	w.RequireEqual(t)
}
