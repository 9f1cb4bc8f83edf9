package overview_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/internal/migration/holdtimes"
	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/migration/migrationtest/olddata"
	"heek.kr/heektime/internal/migration/migrationtest/postgrestest"
	"heek.kr/heektime/internal/migration/overview"
	"heek.kr/heektime/internal/migration/state"
	"heek.kr/heektime/internal/schema"
)

// tables of the way back and a guard, as they are in the old database.
const tables = `
	CREATE SCHEMA heektime_migration;
	CREATE TABLE heektime_migration.reverse_position (kind text PRIMARY KEY, read_time timestamptz NOT NULL);
	CREATE TABLE heektime_migration.reverse_stream (applied_at timestamptz);
	CREATE TABLE heektime_migration.aside (path text PRIMARY KEY);
	INSERT INTO heektime_migration.reverse_position VALUES ('accounts', now() - interval '1 hour');
	INSERT INTO heektime_migration.reverse_stream VALUES (now());
	INSERT INTO heektime_migration.aside VALUES ('users/u/timetables/t');
	CREATE FUNCTION heektime_migration.guard() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
	CREATE TRIGGER a BEFORE INSERT ON users FOR EACH STATEMENT EXECUTE FUNCTION heektime_migration.guard('accounts', 'final');
	CREATE TRIGGER b BEFORE INSERT ON lectures FOR EACH STATEMENT EXECUTE FUNCTION heektime_migration.guard('timetables', '2020-01-01 00:00:00+00');
	CREATE TRIGGER c BEFORE INSERT ON schools FOR EACH STATEMENT EXECUTE FUNCTION heektime_migration.guard('schools', '2120-01-01 00:00:00+00');
	CREATE TRIGGER d BEFORE INSERT ON timetables FOR EACH STATEMENT EXECUTE FUNCTION heektime_migration.guard('timetables', 'final');
	ALTER TABLE timetables DISABLE TRIGGER d;`

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestRead reads the overview of a move before it begins and in the middle of it. It is long because of what
// there is to prepare.
func TestRead(t *testing.T) {
	t.Parallel()
	database := postgrestest.NewDatabase(t, olddata.Schema)
	pool, err := pgxpool.New(t.Context(), database.URL())
	must(t, err)
	t.Cleanup(pool.Close)
	cloud := emulatortest.Start(t)
	client := cloud.FirestoreClient(t)
	source := overview.Source{Firestore: client, Old: &legacydb.DB{Pool: pool}}

	var o *overview.Overview
	cost := emulatortest.CostOf(cloud.Measure(t, func() {
		o, err = overview.Read(t.Context(), source)
		must(t, err)
	}))
	if cost.Reads != 8 || cost.Total() != 8 {
		t.Errorf("billed %v, want 8 reads", cost)
	}
	if len(o.Kinds) != 3 || o.Copy != nil || o.Follow != nil || o.Back != nil || o.Verification != nil || o.OldDatabase != "" || o.Next.Command != "plan" {
		t.Errorf("before the move: %+v", o)
	}

	_, err = pool.Exec(t.Context(), tables)
	must(t, err)
	const slot = "overview_test"
	_, err = pool.Exec(t.Context(), "SELECT pg_create_logical_replication_slot($1, 'pgoutput')", slot)
	must(t, err)
	_, err = pool.Exec(t.Context(), "INSERT INTO schools SELECT generate_series::text FROM generate_series(1, 1000)")
	must(t, err)
	ctx := t.Context()
	now := time.Now()
	_, err = schema.MigrationPositionRef(client).Set(ctx, schema.MigrationPosition{
		Slot: slot, CommittedAt: now.Add(-time.Hour), AppliedAt: now, LagSeconds: 1, ChangesPerSecond: 12,
	})
	must(t, err)
	_, err = schema.MigrationClientsRef(client).Set(ctx, schema.MigrationClients{SeenAt: now, Version: "HeekTime/1.4.2"})
	must(t, err)
	_, err = schema.MigrationCopyRef(client).Set(ctx, schema.MigrationCopy{StartedAt: now, FinishedAt: now, Rows: 7})
	must(t, err)
	_, err = schema.MigrationVerificationRef(client).Set(ctx, schema.MigrationVerification{EndedAt: now, Users: 3, Differences: 2})
	must(t, err)
	held := holdtimes.NewRecorder(client, slog.New(slog.DiscardHandler))
	held.Held(state.State{Kind: state.Schools, Migration: schema.Migration{Phase: state.PhaseNew, Toward: state.New, Epoch: 4}}, time.Second)
	held.Close()
	store := state.NewStore(client, nil)
	view, err := store.Read(ctx)
	must(t, err)
	_, err = store.Hold(ctx, view.Of(state.Accounts))
	must(t, err)

	o, err = overview.Read(ctx, source)
	must(t, err)
	if f := o.Follow; f == nil || f.Running || f.LagBytes == 0 || f.LagSeconds < 3599 || f.RetainedBytes < f.LagBytes || f.Missing || f.Lost || f.LSN == "" {
		t.Errorf("follow: %+v", f)
	}
	if o.Follow.ChangesPerSecond != 12 || o.LastClient == nil || o.LastClient.Version != "HeekTime/1.4.2" {
		t.Errorf("follow: %+v, last client: %+v", o.Follow, o.LastClient)
	}
	if b := o.Back; b == nil || b.Aside != 1 || b.LagSeconds < 3599 {
		t.Errorf("back: %+v", b)
	}
	for i, want := range []string{"timed", "final", ""} {
		if k := o.Kinds[i]; k.Guarded != want {
			t.Errorf("guard of %s: %q, want %q", k.Kind, k.Guarded, want)
		}
	}
	if k := o.Kinds[1]; k.Phase != schema.PhaseHolding || k.Toward != schema.NewSide || k.Since.IsZero() || o.Next.Code != "switching" {
		t.Errorf("a switch: %+v, next %+v", k, o.Next)
	}
	if h := o.Kinds[0].Held; h == nil || h.Writes != 1 || h.Side != schema.NewSide || h.P99Seconds != 1 || o.Kinds[1].Held != nil {
		t.Errorf("held %+v for schools, %+v for accounts", h, o.Kinds[1].Held)
	}
	if o.Copy.Rows != 7 || o.Verification.Differences != 2 || o.OldDatabase != "" {
		t.Errorf("%+v", o)
	}

	// Follow had applied everything a minute ago, an hour after the last change: it is a minute late, not an hour.
	_, err = schema.MigrationPositionRef(client).Set(ctx, schema.MigrationPosition{
		Slot: slot, CommittedAt: now.Add(-time.Hour), AppliedAt: now.Add(-time.Minute), ChangesPerSecond: 12,
	})
	must(t, err)
	if o, err = overview.Read(ctx, source); err != nil || o.Follow.LagSeconds < 59 || o.Follow.LagSeconds > 3000 || o.Follow.ChangesPerSecond != 0 {
		t.Errorf("after a pause: %+v, %v", o.Follow, err)
	}

	_, err = pool.Exec(ctx, "SELECT pg_drop_replication_slot($1)", slot)
	must(t, err)
	if o, err = overview.Read(ctx, source); err != nil || !o.Follow.Missing {
		t.Errorf("without the slot: %+v, %v", o.Follow, err)
	}
	pool.Close()
	if o, err = overview.Read(ctx, source); err != nil || o.OldDatabase == "" || len(o.Kinds) != 3 {
		t.Errorf("without the old database: %+v, %v", o, err)
	}
}
