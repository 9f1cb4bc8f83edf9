package reverse

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cloud.google.com/go/firestore"
	"cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/internal/migration/conversion"
	"heek.kr/heektime/internal/migration/state"
	"heek.kr/heektime/internal/schema"
)

// switchNow makes the way back begin now, as a first switch does.
func (w *world) switchNow() {
	w.t.Helper()
	now, _ := w.client.Doc("migrations/position").Get(w.t.Context())
	w.exec("UPDATE heektime_migration.reverse_position SET read_time = $1, token = NULL, backfill = ''", now.ReadTime)
}

// awaitComplete waits until the documents from before the switch are in the old database.
func (w *world) awaitComplete() {
	w.t.Helper()
	for {
		complete, err := Complete(w.t.Context(), w.db.Pool)
		if err == nil && complete[state.Accounts] && complete[state.Timetables] {
			return
		}
		select {
		case <-w.t.Context().Done():
			return
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// newAppWrites writes what new apps may have written before the first switch.
func (w *world) newAppWrites() (timetable string) {
	w.t.Helper()
	lecture := w.anyPath(schema.LectureDocument)
	user := strings.Join(strings.Split(lecture, "/")[:2], "/")
	w.update(lecture, firestore.Update{Path: schema.FieldTitle, Value: "changed by a new app"})
	timetable = user + "/timetables/ABCDEFGHIJ"
	w.newTimetable(timetable, schema.Public)
	w.newLecture(timetable+"/lectures/autoid", "made by a new app")
	w.newTimetable(user+"/timetables/PRIVATE123", schema.Private)
	w.newLecture(user+"/timetables/PRIVATE123/lectures/x", "private")
	const newUser = "users/bornOnTheNewSide000000000000"
	w.accounts.names["bornOnTheNewSide000000000000"] = "홍길동"
	w.set(w.client.Doc(newUser), map[string]any{
		schema.FieldUsername: "신입생이다", schema.FieldCreatedAt: firestore.ServerTimestamp, schema.FieldUpdatedAt: firestore.ServerTimestamp,
	})
	w.newTimetable(newUser+"/timetables/KLMNOPQRST", schema.Public)
	w.newLecture(newUser+"/timetables/KLMNOPQRST/lectures/y", "made by a new user")
	return timetable
}

// What new apps wrote before the first switch flows back, too.
func TestDocumentsFromBeforeTheSwitch(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.newAppWrites()
	w.switchNow()
	stop := w.run()
	w.awaitComplete()
	w.arrive()
	w.check()
	if got := w.queryRow("SELECT name FROM users WHERE username = '신입생이다'"); got != "홍길동" {
		t.Errorf("the new user is called %q", got)
	}
	if got := w.queryRow("SELECT count(*)::text FROM lectures WHERE title = 'private'"); got != "0" {
		t.Error("a lecture of a private timetable is in the old database")
	}
	stop()
	w.run()
	w.arrive()
	w.check() // it goes on where it was
}

// A move back does not wait for documents from before the switch, but for what was written since: also below one
// of those.
func TestBackBeforeBackfillIsComplete(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	timetable := w.newAppWrites()
	w.switchNow()
	gate := newGate()
	client := w.cloud.FirestoreClient(t, grpc.WithChainStreamInterceptor(gate.intercept))
	w.run(func(cfg *Config) { cfg.Client = client })
	<-gate.reached // the first page is read, and does not arrive
	w.newLecture(timetable+"/lectures/later", "made by an old app")
	w.arrive()
	if got := w.queryRow("SELECT count(*)::text FROM lectures WHERE title = 'made by an old app'"); got != "1" {
		t.Fatal("a lecture that was added after the switch is not in the old database")
	}
	w.phase(state.Timetables, state.PhaseOld)
	w.arrive()
	gate.open()
	w.awaitComplete()
	w.arrive()
	w.check()
}

// A page that was read before a point was applied does not undo the point.
func TestPageIsOlderThanPoints(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	users := w.anyPath(schema.UserDocument)
	lecture := w.anyPath(schema.LectureDocument)
	w.switchNow()
	gate := newGate()
	client := w.cloud.FirestoreClient(t, grpc.WithChainStreamInterceptor(gate.intercept))
	w.run(func(cfg *Config) { cfg.Client = client })
	<-gate.reached
	w.update(users, firestore.Update{Path: schema.FieldUsername, Value: "나중이름이다"})
	w.delete(lecture)
	w.arrive()
	gate.open()
	w.awaitComplete()
	w.arrive()
	w.check()
	if got := w.queryRow("SELECT username FROM users WHERE id::text = $1", conversion.UserKey(users)); got != "나중이름이다" {
		t.Errorf("the username is %q, want the later one", got)
	}
}

// A page does not have a document that was created after the last point: if it is deleted before the next one, no
// point tells of it, and nothing would remove its row.
func TestPageIsNotNewerThanPoints(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.switchNow()
	gate, hold := newGate(), &hold{}
	gate.before = true
	client := w.cloud.FirestoreClient(t, grpc.WithChainStreamInterceptor(gate.intercept))
	w.run(func(cfg *Config) { cfg.Client, cfg.Listener = client, hold.listener(w.listener) })
	<-gate.reached // a point was applied, and the query of the first page is on its way
	breakStream := hold.begin()
	brief := w.client.Doc("users/briefly00000000000000000000")
	w.set(brief, map[string]any{
		schema.FieldUsername: "잠깐있었다", schema.FieldCreatedAt: firestore.ServerTimestamp, schema.FieldUpdatedAt: firestore.ServerTimestamp,
	})
	gate.open()
	w.awaitComplete()
	w.delete(schema.Path(brief))
	breakStream()
	w.arrive()
	w.check()
	if got := w.queryRow("SELECT count(*)::text FROM users WHERE username = '잠깐있었다'"); got != "0" {
		t.Error("a user whom no point has is in the old database")
	}
}

// A page does not bring back what the old server has deleted after a move back that the stream has not reported.
func TestPageAfterTablesAreOpen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	user := w.anyPath(schema.UserDocument)
	w.switchNow()
	gate, hold := newGate(), &hold{}
	client := w.cloud.FirestoreClient(t, grpc.WithChainStreamInterceptor(gate.intercept))
	w.run(func(cfg *Config) { cfg.Client, cfg.Listener = client, hold.listener(w.listener) })
	<-gate.reached // the first page is read
	breakStream := hold.begin()
	w.phase(state.Timetables, state.PhaseOld)
	w.phase(state.Accounts, state.PhaseOld)
	key := conversion.UserKey(user)
	for _, sql := range []string{
		"DELETE FROM lectures l USING timetables t WHERE l.timetable_id = t.id AND t.user_id::text = $1",
		"DELETE FROM timetables WHERE user_id::text = $1", "DELETE FROM users WHERE id::text = $1",
	} {
		w.exec(sql, key)
	}
	w.delete(user) // as follow does
	gate.open()
	w.awaitComplete()
	if got := w.queryRow("SELECT count(*)::text FROM users WHERE id::text = $1", key); got != "0" {
		t.Error("a user whom the old server has deleted is back")
	}
	breakStream()
	w.arrive()
}

// hold keeps what a stream reports until the stream breaks.
type hold struct {
	mu     sync.Mutex
	broken chan struct{} // nil while nothing is held
}

// begin keeps everything from now on.
func (h *hold) begin() (breakStream func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	broken := make(chan struct{})
	h.broken = broken
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.broken = nil
		close(broken)
	}
}

// listener opens streams that are held.
func (h *hold) listener(open Listener) Listener {
	return func(ctx context.Context) (firestorepb.Firestore_ListenClient, error) {
		listen, err := open(ctx)
		return heldStream{listen, h}, err
	}
}

type heldStream struct {
	firestorepb.Firestore_ListenClient
	hold *hold
}

func (s heldStream) Recv() (*firestorepb.ListenResponse, error) {
	response, err := s.Firestore_ListenClient.Recv()
	s.hold.mu.Lock()
	broken := s.hold.broken
	s.hold.mu.Unlock()
	if broken == nil {
		return response, err
	}
	<-broken
	return nil, status.Error(codes.Unavailable, "the test broke the stream")
}

// gate holds the results of the first query of a client back, or the query itself.
type gate struct {
	before          bool
	reached, opened chan struct{}
	taken           atomic.Bool
}

func newGate() *gate { return &gate{reached: make(chan struct{}), opened: make(chan struct{})} }

func (g *gate) open() { close(g.opened) }

func (g *gate) intercept(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, streamer grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	query := strings.HasSuffix(method, "/RunQuery")
	if query && g.before {
		g.pass(ctx)
	}
	s, err := streamer(ctx, desc, cc, method, opts...)
	if err == nil && query {
		s = &gatedStream{s, g}
	}
	return s, err
}

type gatedStream struct {
	grpc.ClientStream
	gate *gate
}

func (s *gatedStream) RecvMsg(m any) error {
	err := s.ClientStream.RecvMsg(m)
	s.gate.pass(s.Context())
	return err
}

// pass waits the first time until the gate is opened.
func (g *gate) pass(ctx context.Context) {
	if g.taken.CompareAndSwap(false, true) {
		close(g.reached)
		select {
		case <-g.opened:
		case <-ctx.Done():
		}
	}
}

// A connection that breaks while documents above others are read is an error, after which the way back begins again.
func TestConnectionBreaksAboveOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.newAppWrites()
	cfg := w.config()
	cfg.Client = w.cloud.FirestoreClient(t, grpc.WithChainStreamInterceptor(
		func(ctx context.Context, desc *grpc.StreamDesc, conn *grpc.ClientConn, method string, next grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
			if strings.HasSuffix(method, "/BatchGetDocuments") {
				w.exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
			}
			return next(ctx, desc, conn, method, opts...)
		}))
	r := &runner{cfg: cfg, backfill: &backfill{left: map[Kind]string{state.Accounts: ""}}}
	set := newChangeSet(time.Time{})
	const path = "users/bornOnTheNewSide000000000000/timetables/KLMNOPQRST/lectures/y"
	set.put(path, &conversion.Document{Ref: w.client.Doc(path), Fields: map[string]any{}})
	if missing, err := r.missing(t.Context(), set); err == nil {
		t.Errorf("found %d documents without a row over a connection that is broken", len(missing))
	}
}
