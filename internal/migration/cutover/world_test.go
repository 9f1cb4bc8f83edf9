package cutover

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/firestore"
	"github.com/google/uuid"
	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/migration/migrationtest/olddata"
	"heek.kr/heektime/internal/migration/migrationtest/postgrestest"
	"heek.kr/heektime/internal/migration/state"
	"heek.kr/heektime/internal/migration/walstream"
	"heek.kr/heektime/internal/schema"
)

// testLimit is the limit of switches that should succeed, however busy the machine is.
const testLimit = time.Minute

// Every switch begins by waiting for this lease, of five seconds in production.
func init() { state.QuietLease = 500 * time.Millisecond }

// world is an old database, a Firestore, what flows between them, and servers that write to both.
type world struct {
	t      *testing.T
	url    string
	db     *legacydb.DB
	pool   *pgxpool.Pool // of the old server
	client *firestore.Client
	store  *state.Store
	slot   string

	mu      sync.Mutex
	steps   []string
	drained map[string]bool // lectures in the stream of changes, up to the last position that was drained
	acked   map[string]state.Side
	stalled func() // called between a decision and its write, if not nil
}

// newWorld returns a world whose schools and accounts are on the new side already.
func newWorld(t *testing.T) *world {
	t.Helper()
	cloud := emulatortest.Start(t)
	database := postgrestest.NewDatabase(t, olddata.Schema)
	w := &world{t: t, url: database.URL(), client: cloud.FirestoreClient(t), slot: database.Name, drained: map[string]bool{}, acked: map[string]state.Side{}}
	w.store = state.NewStore(w.client, nil)
	var err error
	if w.db, err = legacydb.Open(t.Context(), legacydb.Config{URL: w.url, Mapping: legacydb.Default()}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.db.Close)
	if w.pool, err = pgxpool.New(t.Context(), w.url); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.pool.Close)
	w.exec("CREATE PUBLICATION test FOR ALL TABLES")
	w.exec("SELECT pg_create_logical_replication_slot($1, 'pgoutput'), pg_create_logical_replication_slot($1 || '_peek', 'pgoutput')", w.slot)
	w.follow()
	w.set(schema.MigrationPositionRef(w.client), schema.MigrationPosition{Slot: w.slot})
	w.set(schema.MigrationCopyRef(w.client), schema.MigrationCopy{FinishedAt: time.Now()})
	for _, kind := range []state.Kind{state.Schools, state.Accounts} {
		w.set(schema.MigrationRef(w.client, kind), schema.Migration{Phase: state.PhaseNew, Toward: state.New, LeaseMillis: 50, WasNew: true})
	}
	w.hurry(state.Timetables)
	return w
}

func (w *world) exec(sql string, args ...any) {
	w.t.Helper()
	if _, err := w.pool.Exec(w.t.Context(), sql, args...); err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
}

func (w *world) set(ref *firestore.DocumentRef, value any) {
	w.t.Helper()
	if _, err := ref.Set(w.t.Context(), value); err != nil {
		w.t.Fatal(err)
	}
}

// follow reads from the slot, as heektime migrate follow does, until the end of the test.
func (w *world) follow() {
	w.t.Helper()
	conn, err := pgconn.Connect(w.t.Context(), w.url+"&replication=database")
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { conn.Close(context.Background()) })
	err = pglogrepl.StartReplication(w.t.Context(), conn, w.slot, 0,
		pglogrepl.StartReplicationOptions{PluginArgs: []string{"proto_version '1'", "publication_names 'test'"}})
	if err != nil {
		w.t.Fatal(err)
	}
}

// hurry shortens the lease of a resting kind, so that a test does not wait for the quiet one.
func (w *world) hurry(kind state.Kind) {
	w.t.Helper()
	view, err := w.store.Read(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	m := view.Of(kind).Migration
	m.LeaseMillis = 50
	w.set(schema.MigrationRef(w.client, kind), m)
}

func (w *world) config() Config {
	return Config{
		DB: w.db, Firestore: w.client, Drain: w.drain, Limit: testLimit, now: nil,
		Progress: func(s Step) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.steps = append(w.steps, s.Text)
		},
	}
}

// drain stands for the direction from the old database to Firestore: what the stream of changes has up to a
// position arrives. It notes the lectures.
func (w *world) drain(ctx context.Context, lsn walstream.LSN) error {
	rows, err := w.pool.Query(ctx, "SELECT data FROM pg_logical_slot_peek_binary_changes($1, $2, NULL, 'proto_version', '1', 'publication_names', 'test')",
		w.slot+"_peek", lsn.String())
	if err != nil {
		return err
	}
	messages, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	tables := map[uint32]string{}
	for _, data := range messages {
		message, err := pglogrepl.Parse(data)
		if err != nil {
			return err
		}
		switch m := message.(type) {
		case *pglogrepl.RelationMessage:
			tables[m.RelationID] = m.RelationName
		case *pglogrepl.InsertMessage:
			if tables[m.RelationID] == "lectures" {
				w.drained[string(m.Tuple.Columns[0].Data)] = true
			}
		}
	}
	return nil
}

// serve writes lectures as servers do for their clients, until the returned function is called.
func (w *world) serve(servers int) (stop func()) {
	ctx, cancel := context.WithCancel(w.t.Context())
	var group sync.WaitGroup
	for range servers {
		group.Go(func() {
			for ctx.Err() == nil {
				w.write(ctx, uuid.NewString())
				time.Sleep(5 * time.Millisecond) // leave the processor to the test
			}
		})
	}
	return func() { cancel(); group.Wait() }
}

// write writes one lecture on the side that the state says, for as long as it takes.
func (w *world) write(ctx context.Context, id string) {
	for ctx.Err() == nil {
		view, err := w.store.Read(ctx)
		if err != nil {
			continue
		}
		side, held := view.Of(state.Timetables).Writes()
		if held {
			time.Sleep(5 * time.Millisecond)
			continue
		}
		// A request may take long between the decision, before which the view must not have expired, and the write.
		w.stall()
		if side == state.Old {
			err = w.writeOld(ctx, id)
		} else {
			_, err = w.client.Collection("lectures").Doc(id).Set(ctx, map[string]any{})
		}
		if err == nil {
			w.mu.Lock()
			w.acked[id] = side
			w.mu.Unlock()
			return
		}
		if !isRejected(err) && ctx.Err() == nil {
			w.t.Errorf("a write on the %s side failed: %v", side, err)
			return
		}
	}
}

func (w *world) stall() {
	w.mu.Lock()
	stall := w.stalled
	w.mu.Unlock()
	if stall != nil {
		stall()
	}
}

// writeOld writes a lecture and its time in a transaction of the old database, which may take a while.
func (w *world) writeOld(ctx context.Context, id string) error {
	// The client may go away, but a request that was sent is handled.
	return pgx.BeginFunc(context.WithoutCancel(ctx), w.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "INSERT INTO lectures (id) VALUES ($1)", id); err != nil {
			return err
		}
		w.stall()
		_, err := tx.Exec(ctx, "INSERT INTO lecture_times (lecture_id) VALUES ($1)", id)
		return err
	})
}

// randomStalls makes writes take up to a time between their steps.
func (w *world) randomStalls(most time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stalled = func() { time.Sleep(rand.N(most)) }
}

// awaitWrites waits until some more writes were acknowledged on a side.
func (w *world) awaitWrites(side state.Side, n int) {
	w.t.Helper()
	count := func() (n int) {
		w.mu.Lock()
		defer w.mu.Unlock()
		for s := range maps.Values(w.acked) {
			if s == side {
				n++
			}
		}
		return n
	}
	for want := count() + n; count() < want && !w.t.Failed(); {
		time.Sleep(time.Millisecond)
	}
}

func (w *world) phase(kind state.Kind) state.Phase {
	w.t.Helper()
	view, err := w.store.Read(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return view.Of(kind).Phase
}

func (w *world) mustBe(kind state.Kind, phase state.Phase, want guardState) {
	w.t.Helper()
	if got := w.phase(kind); got != phase {
		w.t.Errorf("%s is %s, want %s", kind, got, phase)
	}
	g := &guard{conn: connect(w.t, w.url), kind: string(kind), tables: tables(w.db.Mapping, kind)}
	if got, err := g.state(w.t.Context()); err != nil || got != want {
		w.t.Errorf("the guard of %s is %v (%v), want %v", kind, got, err, want)
	}
}

// check checks, when servers have stopped and the kind is on a side, that no acknowledged write is lost, and
// none is in the old database that Firestore lacks.
func (w *world) check() {
	w.t.Helper()
	for _, problem := range w.problems() {
		w.t.Error(problem)
	}
}

func (w *world) problems() (problems []string) {
	w.t.Helper()
	rows, err := w.pool.Query(w.t.Context(), "SELECT id::text FROM lectures")
	if err != nil {
		w.t.Fatal(err)
	}
	stored, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		w.t.Fatal(err)
	}
	inOld := map[string]bool{}
	late := 0
	for _, id := range stored {
		inOld[id] = true
		if !w.drained[id] {
			late++
		}
	}
	if late > 0 && w.phase(state.Timetables) == state.PhaseNew {
		problems = append(problems, fmt.Sprintf("%d writes of the old database came after the switch had drained it", late))
	}
	lost := 0
	for id, side := range w.acked {
		if side == state.Old && !inOld[id] {
			lost++
		}
	}
	if lost > 0 {
		problems = append(problems, fmt.Sprintf("%d acknowledged writes are lost", lost))
	}
	return problems
}

// reverseStub stands for the direction from Firestore to the old database: marks arrive.
func (w *world) reverseStub() {
	w.t.Helper()
	conn := connect(w.t, w.url)
	if err := Install(w.t.Context(), conn); err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var ended sync.WaitGroup
	ended.Go(func() {
		snapshots := schema.MigrationMarkRef(w.client).Snapshots(ctx)
		defer snapshots.Stop()
		for {
			snap, err := snapshots.Next()
			if err != nil {
				return
			}
			if snap.Exists() {
				conn.Exec(ctx, "UPDATE heektime_migration.reverse_stream SET mark = $1, password_mark = $1", schema.ReadMigrationMark(snap.Data()))
			}
		}
	})
	w.t.Cleanup(func() { cancel(); ended.Wait() })
}

// killBefore returns a fault that kills the tool before a step.
func killBefore(step string) func(string) error {
	return func(text string) error {
		if text == step {
			return fmt.Errorf("before %q: %w", step, errKilled)
		}
		return nil
	}
}

// failAt returns a fault that makes a step fail.
func failAt(step string) func(string) error {
	return func(text string) error {
		if text == step {
			return errors.New("injected")
		}
		return nil
	}
}
