package replication_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"heek.kr/heektime/internal/faulttest"
	"heek.kr/heektime/internal/migration/migrationtest/bothsides"
	"heek.kr/heektime/internal/migration/migrationtest/olddata"
	"heek.kr/heektime/internal/migration/migrationtest/postgrestest"
	"heek.kr/heektime/internal/migration/replication"
)

// While random transactions change the old database, following is killed before or after any of its
// calls to Firestore, or a call fails, or it is killed at any other time. In the end Firestore has what
// a fresh conversion gives.
func TestKilledAtAnyPoint(t *testing.T) {
	t.Parallel()
	for seed := range bothsides.Histories(3) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, olddata.Config{Users: 20, LecturesPerUser: 2, Seed: uint64(seed)})
			random := rand.New(rand.NewPCG(uint64(seed), 1))
			for range 5 {
				w.followWithFault(t, random)
			}
			follow(t, t.Context(), w.config())
			w.drain(t)
			w.RequireEqual(t)
		})
	}
}

// followWithFault follows in a process that is hit by a fault while transactions are made.
func (w *world) followWithFault(t *testing.T, random *rand.Rand) {
	t.Helper()
	faults := append(faulttest.Faults(), faulttest.None)
	fault := faults[random.IntN(len(faults))]
	process, ctx := faulttest.New(t.Context(), fault, random.IntN(30))
	cfg := w.config()
	cfg.Firestore = w.cloud.FirestoreClient(t, process.DialOptions()...)
	f := follow(t, ctx, cfg)
	for range 3 + random.IntN(6) {
		w.Mutate(t, random)
	}
	if random.IntN(2) == 0 {
		w.drainUnless(t, ctx)
	}
	if err := f.end(); err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, faulttest.ErrDead) {
		t.Errorf("%v after %v: %v", fault, process.Calls(), err)
	}
}

// drainUnless waits until everything is applied or the process has been killed.
func (w *world) drainUnless(t *testing.T, killed context.Context) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stop := context.AfterFunc(killed, cancel)
	defer stop()
	if err := replication.Drain(ctx, w.Firestore, w.LSN(t)); err != nil && killed.Err() == nil {
		t.Error(err)
	}
}

// PostgreSQL stops, crashes and starts again while following goes on.
func TestPostgresRestarts(t *testing.T) {
	t.Parallel()
	server := postgrestest.Start(t, nil)
	w := newWorldOn(t, server, olddata.Config{Users: 20, LecturesPerUser: 2})
	follow(t, t.Context(), w.config())
	random := rand.New(rand.NewPCG(1, 1))
	for _, end := range []func(){server.Stop, server.Kill, server.Kill, server.Stop} {
		for range 1 + random.IntN(5) {
			w.Mutate(t, random)
		}
		end()
		if err := server.Start(); err != nil {
			t.Fatal(err)
		}
		w.Mutate(t, random)
		if random.IntN(2) == 0 {
			w.drain(t)
		}
	}
	w.drain(t)
	w.RequireEqual(t)
}

// A transaction with more rows than following collects at a time.
func TestLargeTransaction(t *testing.T) {
	t.Parallel()
	w := newWorld(t, olddata.Config{Users: 20, LecturesPerUser: 2, Clean: true})
	f := follow(t, t.Context(), w.config())
	w.Exec(t, `INSERT INTO lectures (id, timetable_id, title)
		SELECT gen_random_uuid(), (SELECT min(id) FROM timetables), 'many ' || i FROM generate_series(1, 9000) i`)
	w.drain(t)
	w.RequireEqual(t)
	f.end()
	w.Exec(t, "DELETE FROM lectures WHERE title LIKE 'many %'")
	follow(t, t.Context(), w.config())
	w.drain(t)
	w.RequireEqual(t)
}
