package snapshotcopy_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/internal/faulttest"
	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/migration/migrationtest/bothsides"
	"heek.kr/heektime/internal/migration/migrationtest/olddata"
	"heek.kr/heektime/internal/migration/migrationtest/postgrestest"
	"heek.kr/heektime/internal/migration/replication"
	"heek.kr/heektime/internal/migration/snapshotcopy"
)

// A copy is killed before or after any of its calls to Firestore, or a call fails, while transactions
// change the old database, and is run again. After it has finished, following leads to exactly what a
// fresh conversion gives: nothing fell between.
func TestKilledAtAnyPoint(t *testing.T) {
	t.Parallel()
	for seed := range bothsides.Histories(3) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			cloud := emulatortest.Start(t)
			w := bothsides.New(t, cloud.FirestoreClient(t), olddata.Config{Users: 12, LecturesPerUser: 2, Seed: uint64(seed)})
			random := rand.New(rand.NewPCG(uint64(seed), 1))
			for range 1 + random.IntN(2) { // the second copy starts over
				for range 1 + random.IntN(4) {
					copyWithFault(t, w, cloud, random)
					// Transactions that it left open keep their locks for a minute of the cloud's time.
					cloud.Clock.Advance(time.Minute + time.Second)
				}
				cfg := config(w)
				cfg.BatchRows, cfg.SaveInterval = 10, -1
				cfg.Progress = func(snapshotcopy.Progress) {
					if random.IntN(8) == 0 {
						w.Mutate(t, random)
					}
				}
				run(t, cfg)
			}
			catchUp(t, w)
			w.RequireEqual(t)
		})
	}
}

func copyWithFault(t *testing.T, w *bothsides.World, cloud *emulatortest.Cloud, random *rand.Rand) {
	t.Helper()
	fault := faulttest.Faults()[random.IntN(len(faulttest.Faults()))]
	process, ctx := faulttest.New(t.Context(), fault, random.IntN(90))
	cfg := config(w)
	cfg.BatchRows, cfg.SaveInterval = 3, -1
	cfg.Firestore = cloud.FirestoreClient(t, process.DialOptions()...)
	cfg.Progress = func(snapshotcopy.Progress) {
		if random.IntN(4) == 0 {
			w.Mutate(t, random)
		}
	}
	if err := snapshotcopy.Run(ctx, cfg); err != nil && ctx.Err() == nil && !errors.Is(err, faulttest.ErrDead) {
		t.Errorf("%v after %v: %v", fault, process.Calls(), err)
	}
}

// catchUp follows until everything that has been committed is applied.
func catchUp(t *testing.T, w *bothsides.World) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- replication.Run(ctx, replication.Config{
			URL: w.Database.URL(), Mapping: legacydb.Default(), Firestore: w.Firestore, Slot: w.Slot, Publication: "changes", Origin: w.Origin,
		})
	}()
	limited, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	err := replication.Drain(limited, w.Firestore, w.LSN(t))
	stop()
	if ran := <-ended; err != nil {
		t.Fatal(err, ran)
	}
}

// PostgreSQL restarts while it is being copied. The copy goes on with a new snapshot.
func TestPostgresRestarts(t *testing.T) {
	t.Parallel()
	server := postgrestest.Start(t, nil)
	w := bothsides.On(t, server, emulatortest.Start(t).FirestoreClient(t), olddata.Config{Users: 40, LecturesPerUser: 2})
	cfg := config(w)
	cfg.BatchRows, cfg.SaveInterval = 10, -1
	calls := 0
	random := rand.New(rand.NewPCG(1, 1))
	cfg.Progress = func(p snapshotcopy.Progress) {
		if calls++; calls%6 == 0 {
			w.Mutate(t, random)
		}
		if calls == 8 || calls == 14 {
			server.Kill()
			if err := server.Start(); err != nil {
				t.Error(err)
			}
		}
	}
	run(t, cfg)
	if calls < 14 {
		t.Errorf("the copy saved its progress %d times: PostgreSQL was not restarted twice", calls)
	}
	catchUp(t, w)
	w.RequireEqual(t)
}
