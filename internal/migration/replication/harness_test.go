package replication_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/migration/migrationtest/bothsides"
	"heek.kr/heektime/internal/migration/migrationtest/olddata"
	"heek.kr/heektime/internal/migration/migrationtest/postgrestest"
	"heek.kr/heektime/internal/migration/replication"
	"heek.kr/heektime/internal/migration/snapshotcopy"
	"heek.kr/heektime/internal/schema"
)

// world is an old database that has been copied.
type world struct {
	*bothsides.World
	cloud *emulatortest.Cloud
}

func newWorld(t *testing.T, data olddata.Config) *world {
	t.Helper()
	return newWorldOn(t, postgrestest.Shared(t), data)
}

func newWorldOn(t *testing.T, server *postgrestest.Server, data olddata.Config) *world {
	t.Helper()
	cloud := emulatortest.Start(t)
	w := &world{bothsides.On(t, server, cloud.FirestoreClient(t), data), cloud}
	w.copy(t)
	return w
}

func (w *world) copy(t *testing.T) {
	t.Helper()
	err := snapshotcopy.Run(t.Context(), snapshotcopy.Config{
		URL: w.Database.URL(), Mapping: legacydb.Default(), Firestore: w.Firestore, Slot: w.Slot, Publication: "changes", Prepare: true,
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) config() replication.Config {
	return replication.Config{
		URL: w.Database.URL(), Mapping: legacydb.Default(), Firestore: w.Firestore, Slot: w.Slot, Publication: "changes", Origin: w.Origin,
	}
}

// following is a process that follows.
type following struct {
	stop  context.CancelFunc
	ended chan struct{}
	err   error
}

// follow starts to follow until the test ends or stop is called.
func follow(t *testing.T, ctx context.Context, cfg replication.Config) *following {
	t.Helper()
	if testing.Verbose() && cfg.Log == nil {
		cfg.Log = slog.New(slog.NewTextHandler(testWriter{t}, nil))
	}
	ctx, stop := context.WithCancel(ctx)
	f := &following{stop: stop, ended: make(chan struct{})}
	go func() {
		defer close(f.ended)
		f.err = replication.Run(ctx, cfg)
	}()
	t.Cleanup(func() {
		stop()
		<-f.ended
	})
	return f
}

// end stops following and returns the error of Run.
func (f *following) end() error {
	f.stop()
	return f.wait()
}

// wait waits until following ends by itself.
func (f *following) wait() error {
	<-f.ended
	return f.err
}

type testWriter struct{ t *testing.T }

func (w testWriter) Write(line []byte) (int, error) {
	w.t.Logf("%s", line)
	return len(line), nil
}

// drain waits until everything that has been committed is applied.
func (w *world) drain(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	if err := replication.Drain(ctx, w.Firestore, w.LSN(t)); err != nil {
		t.Fatal(err)
	}
}

// requireProblem waits until following ends with a problem.
func requireProblem(t *testing.T, err error) *replication.Problem {
	t.Helper()
	var p *replication.Problem
	if !errors.As(err, &p) {
		t.Fatalf("following ended with %v, want a problem", err)
	}
	return p
}

func (w *world) position(t *testing.T) schema.MigrationPosition {
	t.Helper()
	var position schema.MigrationPosition
	if _, err := schema.Read(t.Context(), schema.MigrationPositionRef(w.Firestore), &position); err != nil {
		t.Fatal(err)
	}
	return position
}
