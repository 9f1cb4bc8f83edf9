package firestore_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

const listenDB = "projects/demo-listen/databases/(default)"

// watcher is one Listen stream, read like an SDK reads it.
type watcher struct {
	t      *testing.T
	stream pb.Firestore_ListenClient
	cancel context.CancelFunc
	token  []byte // of the last global snapshot
	at     time.Time
}

// watch opens a listen stream.
func watch(t *testing.T, c *cloud) *watcher {
	t.Helper()
	return watchOn(t, c.conn)
}

// watchOn opens a listen stream on a connection.
func watchOn(t *testing.T, conn *grpc.ClientConn) *watcher {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	s, err := pb.NewFirestoreClient(conn).Listen(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return &watcher{t: t, stream: s, cancel: cancel}
}

func (w *watcher) add(target *pb.Target) {
	w.t.Helper()
	if err := w.stream.Send(&pb.ListenRequest{Database: listenDB, TargetChange: &pb.ListenRequest_AddTarget{AddTarget: target}}); err != nil {
		w.t.Fatal(err)
	}
}

func (w *watcher) remove(id int32) {
	w.t.Helper()
	if err := w.stream.Send(&pb.ListenRequest{Database: listenDB, TargetChange: &pb.ListenRequest_RemoveTarget{RemoveTarget: id}}); err != nil {
		w.t.Fatal(err)
	}
}

// next reads to the next global snapshot or removal, inclusive. It returns a short form of each
// response, such as "ADD 2", "+a/x=1 2" (changed), "-a/x 2" (deleted), "~a/x 2" (no longer in the
// target), "CURRENT 2", "filter 2: 3" or "REMOVE 2", and nothing for the global snapshot.
func (w *watcher) next() []string {
	w.t.Helper()
	var out []string
	for {
		r, err := w.stream.Recv()
		if err != nil {
			w.t.Fatalf("after %q: %v", out, err)
		}
		short := func(name string) string { return strings.TrimPrefix(name, listenDB+"/documents/") }
		ids := func(list []int32) string { return strings.Trim(fmt.Sprint(list), "[]") }
		switch x := r.ResponseType.(type) {
		case *pb.ListenResponse_TargetChange:
			c := x.TargetChange
			if c.TargetChangeType == pb.TargetChange_NO_CHANGE && len(c.TargetIds) == 0 {
				if at := c.ReadTime.AsTime(); at.Before(w.at) {
					w.t.Errorf("the snapshot of %v comes after that of %v", at, w.at)
				} else {
					w.at = at
				}
				w.token = c.ResumeToken
				return out
			}
			s := c.TargetChangeType.String() + " " + ids(c.TargetIds)
			if c.Cause != nil {
				s += " " + codes.Code(c.Cause.Code).String()
			}
			out = append(out, s)
			if c.TargetChangeType == pb.TargetChange_REMOVE {
				return out
			}
		case *pb.ListenResponse_DocumentChange:
			d := x.DocumentChange
			s := fmt.Sprintf("+%s=%d %s", short(d.Document.Name), d.Document.Fields["n"].GetIntegerValue(), ids(d.TargetIds))
			if len(d.RemovedTargetIds) > 0 {
				s += " not " + ids(d.RemovedTargetIds)
			}
			if d.Document.UpdateTime == nil || d.Document.CreateTime == nil {
				w.t.Errorf("%s has no create or update time", s)
			}
			out = append(out, s)
		case *pb.ListenResponse_DocumentDelete:
			out = append(out, "-"+short(x.DocumentDelete.Document)+" "+ids(x.DocumentDelete.RemovedTargetIds))
		case *pb.ListenResponse_DocumentRemove:
			out = append(out, "~"+short(x.DocumentRemove.Document)+" "+ids(x.DocumentRemove.RemovedTargetIds))
		case *pb.ListenResponse_Filter:
			out = append(out, fmt.Sprintf("filter %d: %d", x.Filter.TargetId, x.Filter.Count))
		}
	}
}

func (w *watcher) expect(want ...string) {
	w.t.Helper()
	if got := w.next(); !slices.Equal(got, want) {
		w.t.Fatalf("got  %q\nwant %q", got, want)
	}
}

// docsTarget returns a target for documents.
func docsTarget(id int32, docs ...string) *pb.Target {
	t := &pb.Target_DocumentsTarget{}
	for _, d := range docs {
		t.Documents = append(t.Documents, listenDB+"/documents/"+d)
	}
	return &pb.Target{TargetId: id, TargetType: &pb.Target_Documents{Documents: t}}
}

// queryTarget returns a target for the documents of collection a whose n is above 5, ordered by n.
// limit 0 means none.
func queryTarget(id int32, limit int32) *pb.Target {
	q := aboveFive()
	q.OrderBy = []*pb.StructuredQuery_Order{{Field: &pb.StructuredQuery_FieldReference{FieldPath: "n"}, Direction: pb.StructuredQuery_ASCENDING}}
	if limit > 0 {
		q.Limit = wrapperspb.Int32(limit)
	}
	return &pb.Target{TargetId: id, TargetType: &pb.Target_Query{Query: &pb.Target_QueryTarget{
		Parent: listenDB + "/documents", QueryType: &pb.Target_QueryTarget_StructuredQuery{StructuredQuery: q},
	}}}
}

// resume makes a target resume at a token, with an expected count if given.
func resume(t *pb.Target, token []byte, expected ...int32) *pb.Target {
	t.ResumeType = &pb.Target_ResumeToken{ResumeToken: token}
	if len(expected) > 0 {
		t.ExpectedCount = wrapperspb.Int32(expected[0])
	}
	return t
}

// put commits documents with a field n; −1 deletes the document.
func put(t *testing.T, c *cloud, docs map[string]int64) time.Time {
	t.Helper()
	req := &pb.CommitRequest{Database: listenDB}
	for d, n := range docs {
		name := listenDB + "/documents/" + d
		w := &pb.Write{Operation: &pb.Write_Delete{Delete: name}}
		if n >= 0 {
			w = &pb.Write{Operation: &pb.Write_Update{Update: &pb.Document{
				Name: name, Fields: map[string]*pb.Value{"n": {ValueType: &pb.Value_IntegerValue{IntegerValue: n}}},
			}}}
		}
		req.Writes = append(req.Writes, w)
	}
	out, err := pb.NewFirestoreClient(c.conn).Commit(context.Background(), req)
	if err != nil {
		t.Fatal(err)
	}
	return out.CommitTime.AsTime()
}

func TestListenDocuments(t *testing.T) {
	c := start(t)
	put(t, c, map[string]int64{"a/x": 1})
	w := watch(t, c)
	w.add(docsTarget(2, "a/x", "a/y"))
	w.expect("ADD 2", "+a/x=1 2", "-a/y 2", "CURRENT 2")
	at := put(t, c, map[string]int64{"a/y": 2, "a/z": 3})
	w.expect("+a/y=2 2")
	if !w.at.Equal(at) {
		t.Errorf("the snapshot is of %v, the commit of %v", w.at, at)
	}
	put(t, c, map[string]int64{"a/x": -1})
	w.expect("-a/x 2")
	at = put(t, c, map[string]int64{"a/y": 2}) // no difference, but a new snapshot
	w.expect()
	if !w.at.Equal(at) {
		t.Errorf("the snapshot is of %v, the commit of %v", w.at, at)
	}
	w.remove(2)
	w.expect("REMOVE 2")
	w.remove(9)
	w.expect("REMOVE 9")
}

func TestListenQuery(t *testing.T) {
	c := start(t)
	put(t, c, map[string]int64{"a/x": 1, "a/y": 6, "a/z": 7})
	w := watch(t, c)
	w.add(queryTarget(2, 0))
	w.expect("ADD 2", "+a/y=6 2", "+a/z=7 2", "CURRENT 2")
	put(t, c, map[string]int64{"a/x": 8, "a/y": 2, "a/z": -1, "b/x": 9})
	w.expect("+a/x=8 2", "~a/y 2", "-a/z 2")
	put(t, c, map[string]int64{"a/x": 9})
	w.expect("+a/x=9 2")
	// Not in the results, but an SDK may wait for a snapshot of this time.
	at := put(t, c, map[string]int64{"a/y": 3})
	w.expect()
	if w.at.Before(at) {
		t.Errorf("the snapshot is of %v, before the commit of %v", w.at, at)
	}
}

// The effects of one commit on all targets precede one global snapshot. Each target is read later than the one before, without
// a commit in between, too, and before all that follow.
func TestListenManyTargets(t *testing.T) {
	c := start(t)
	last := put(t, c, map[string]int64{"a/x": 6})
	w := watch(t, c)
	later := func(at time.Time) {
		t.Helper()
		if !at.After(last) {
			t.Errorf("%v follows %v", at, last)
		}
		last = at
	}
	w.add(queryTarget(2, 0))
	w.expect("ADD 2", "+a/x=6 2", "CURRENT 2")
	later(w.at)
	w.add(docsTarget(4, "a/x"))
	w.expect("ADD 4", "+a/x=6 4", "CURRENT 4")
	later(w.at)
	w.add(docsTarget(6, "b/y"))
	w.expect("ADD 6", "-b/y 6", "CURRENT 6")
	later(w.at)
	later(put(t, c, map[string]int64{"a/x": 1, "b/y": 2}))
	w.expect("+a/x=1 4 not 2", "+b/y=2 6")
	w.remove(4)
	w.expect("REMOVE 4")
	put(t, c, map[string]int64{"a/x": 7})
	w.expect("+a/x=7 2")
}

func TestListenLimitRefills(t *testing.T) {
	c := start(t)
	put(t, c, map[string]int64{"a/p": 6, "a/q": 7, "a/r": 8, "a/s": 9})
	w := watch(t, c)
	w.add(queryTarget(2, 2))
	w.expect("ADD 2", "+a/p=6 2", "+a/q=7 2", "CURRENT 2")
	put(t, c, map[string]int64{"a/p": -1})
	w.expect("-a/p 2", "+a/r=8 2")
	put(t, c, map[string]int64{"a/q": 20})
	w.expect("~a/q 2", "+a/s=9 2")
	put(t, c, map[string]int64{"a/t": 6})
	w.expect("~a/s 2", "+a/t=6 2")
}

func TestListenResume(t *testing.T) {
	for _, limit := range []int32{0, 2} {
		t.Run(fmt.Sprintf("limit %d", limit), func(t *testing.T) {
			c := start(t)
			put(t, c, map[string]int64{"a/p": 6, "a/q": 7})
			w := watch(t, c)
			w.add(queryTarget(2, limit))
			w.expect("ADD 2", "+a/p=6 2", "+a/q=7 2", "CURRENT 2")
			token := w.token
			w.cancel()

			w = watch(t, c)
			w.add(resume(queryTarget(2, limit), token, 2))
			w.expect("ADD 2", "CURRENT 2")
			w.cancel()

			put(t, c, map[string]int64{"a/p": -1, "a/r": 8, "a/z": 1})
			put(t, c, map[string]int64{"a/r": 9})
			w = watch(t, c)
			w.add(resume(queryTarget(2, limit), token))
			w.expect("ADD 2", "-a/p 2", "+a/r=9 2", "CURRENT 2")
			w.cancel()

			// A client with a wrong expected count gets an existence filter.
			w = watch(t, c)
			w.add(resume(queryTarget(2, limit), token, 5))
			w.expect("ADD 2", "-a/p 2", "+a/r=9 2", "filter 2: 2", "CURRENT 2")
			w.cancel()

			// A target that cannot be resumed starts over.
			for what, bad := range map[string][]byte{"another server's": []byte("0123456789abcdef"), "an invalid": []byte("x")} {
				w = watch(t, c)
				w.add(resume(queryTarget(2, limit), bad))
				if got, want := w.next(), []string{"ADD 2", "RESET 2", "+a/q=7 2", "+a/r=9 2", "CURRENT 2"}; !slices.Equal(got, want) {
					t.Errorf("%s token: got %q, want %q", what, got, want)
				}
				w.cancel()
			}
			c.clock.Advance(2 * time.Hour)
			put(t, c, map[string]int64{"a/z": 2}) // makes the server drop old versions
			w = watch(t, c)
			w.add(resume(queryTarget(2, limit), token))
			w.expect("ADD 2", "RESET 2", "+a/q=7 2", "+a/r=9 2", "CURRENT 2")
		})
	}
}

func TestListenResumeDocuments(t *testing.T) {
	c := start(t)
	put(t, c, map[string]int64{"a/p": 6, "a/q": 7})
	w := watch(t, c)
	w.add(docsTarget(2, "a/p", "a/q", "a/r"))
	w.expect("ADD 2", "+a/p=6 2", "+a/q=7 2", "-a/r 2", "CURRENT 2")
	w.cancel()
	put(t, c, map[string]int64{"a/q": -1, "a/r": 1, "a/s": 1})
	again := watch(t, c)
	again.add(resume(docsTarget(2, "a/p", "a/q", "a/r"), w.token))
	again.expect("ADD 2", "-a/q 2", "+a/r=1 2", "CURRENT 2")
}

func TestListenResumeAfterRestart(t *testing.T) {
	dir := t.TempDir()
	var token []byte
	t.Run("before", func(t *testing.T) {
		c := start(t, inDir(dir))
		put(t, c, map[string]int64{"a/p": 6})
		w := watch(t, c)
		w.add(queryTarget(2, 0))
		w.expect("ADD 2", "+a/p=6 2", "CURRENT 2")
		token = w.token
	})
	t.Run("after", func(t *testing.T) {
		c := start(t, inDir(dir))
		w := watch(t, c)
		w.add(resume(queryTarget(2, 0), token))
		w.expect("ADD 2", "CURRENT 2")
		put(t, c, map[string]int64{"a/q": 7})
		w.expect("+a/q=7 2")
	})
}

func TestListenErrors(t *testing.T) {
	c := start(t)
	w := watch(t, c)
	bad := queryTarget(2, 0)
	bad.GetQuery().GetStructuredQuery().From = nil
	w.add(bad)
	w.expect("REMOVE 2 InvalidArgument")
	unindexed := queryTarget(4, 0)
	unindexed.GetQuery().GetStructuredQuery().OrderBy = append(unindexed.GetQuery().GetStructuredQuery().OrderBy,
		&pb.StructuredQuery_Order{Field: &pb.StructuredQuery_FieldReference{FieldPath: "m"}})
	w.add(unindexed)
	w.expect("REMOVE 4 FailedPrecondition")
	w.add(docsTarget(6, "a/x"))
	w.expect("ADD 6", "-a/x 6", "CURRENT 6")
	w.add(docsTarget(6, "a/y")) // replaces the other
	w.expect("ADD 6", "-a/y 6", "CURRENT 6")
	once := docsTarget(8, "a/x")
	once.Once = true
	w.add(once)
	w.expect("ADD 8", "-a/x 8", "CURRENT 8")
	w.expect("REMOVE 8")
}

func TestListenReset(t *testing.T) {
	c := start(t)
	put(t, c, map[string]int64{"a/p": 6})
	w := watch(t, c)
	w.add(queryTarget(2, 0))
	w.expect("ADD 2", "+a/p=6 2", "CURRENT 2")
	if err := c.Reset(); err != nil {
		t.Fatal(err)
	}
	w.expect("RESET 2", "CURRENT 2")
	put(t, c, map[string]int64{"a/q": 7})
	w.expect("+a/q=7 2")
}

// TestListenNeverTorn moves an amount between documents while streams come, go and resume. In every
// snapshot that a client assembles, the total is the same.
func TestListenNeverTorn(t *testing.T) {
	c := start(t)
	const docs, total = 10, 1000
	begin := map[string]int64{}
	for i := range docs {
		begin[fmt.Sprintf("a/d%d", i)] = total / docs
	}
	put(t, c, begin)
	stop := make(chan struct{})
	var writers, readers sync.WaitGroup
	writers.Go(func() {
		now := begin
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			from, to := fmt.Sprintf("a/d%d", i%docs), fmt.Sprintf("a/d%d", (i*7+3)%docs)
			if from == to || now[from] == 0 {
				continue
			}
			now[from]--
			now[to]++
			put(t, c, map[string]int64{from: now[from], to: now[to]})
		}
	})
	for range 4 {
		readers.Go(func() {
			r := totalReader{t: t, c: c, docs: docs, total: total, held: map[string]int64{}}
			for round := range 10 {
				if err := r.read(20); err != nil {
					t.Errorf("round %d: %v", round, err)
					return
				}
			}
		})
	}
	readers.Wait()
	close(stop)
	writers.Wait()
}

// totalReader assembles the snapshots of a query and checks the total of each.
type totalReader struct {
	t     *testing.T
	c     *cloud
	docs  int32
	total int64
	held  map[string]int64 // n by document
	token []byte           // to resume with
}

// read opens or resumes a stream and reads a number of snapshots.
func (r *totalReader) read(snapshots int) error {
	w := watch(r.t, r.c)
	defer w.cancel()
	target := queryTarget(2, 0)
	target.GetQuery().GetStructuredQuery().Where = nil
	if r.token != nil {
		target = resume(target, r.token, r.docs)
	}
	w.add(target)
	w.add(docsTarget(4, "a/d1", "a/d2"))
	current := false
	for snapshots > 0 {
		m, err := w.stream.Recv()
		if err != nil {
			return err
		}
		if d := m.GetDocumentChange(); d != nil && slices.Contains(d.TargetIds, 2) {
			r.held[d.Document.Name] = d.Document.Fields["n"].GetIntegerValue()
		}
		change := m.GetTargetChange()
		if change == nil {
			continue
		}
		switch change.TargetChangeType {
		case pb.TargetChange_RESET:
			clear(r.held)
		case pb.TargetChange_CURRENT:
			current = true
		case pb.TargetChange_NO_CHANGE:
			if len(change.TargetIds) > 0 || !current {
				continue
			}
			if err := r.check(); err != nil {
				return err
			}
			r.token = change.ResumeToken
			snapshots--
		}
	}
	return nil
}

func (r *totalReader) check() error {
	sum := int64(0)
	for _, n := range r.held {
		sum += n
	}
	if sum != r.total || len(r.held) != int(r.docs) {
		return fmt.Errorf("%d documents with a total of %d, want %d with %d", len(r.held), sum, r.docs, r.total)
	}
	return nil
}

// Each of thousands of listeners sees its own document and no other.
func TestThousandsOfListeners(t *testing.T) {
	const streams, each = 200, 10
	c := start(t)
	target := func(id int32, n int) *pb.Target {
		target := queryTarget(id, 0)
		q := target.GetQuery().GetStructuredQuery()
		q.OrderBy = nil
		f := q.Where.GetFieldFilter()
		f.Op, f.Value = pb.StructuredQuery_FieldFilter_EQUAL, &pb.Value{ValueType: &pb.Value_IntegerValue{IntegerValue: int64(n)}}
		return target
	}
	var all []*watcher
	for s := range streams {
		w := watch(t, c)
		for i := range each {
			w.add(target(int32(i+1), s*each+i))
		}
		all = append(all, w)
	}
	for _, w := range all {
		for i := range each {
			w.expect(fmt.Sprintf("ADD %d", i+1), fmt.Sprintf("CURRENT %d", i+1))
		}
	}
	for n := range streams * each {
		put(t, c, map[string]int64{fmt.Sprintf("a/d%d", n): int64(n)})
	}
	for s, w := range all {
		seen := 0
		for seen < each {
			for _, m := range w.next() {
				n := s*each + seen
				if want := fmt.Sprintf("+a/d%d=%d %d", n, n, seen+1); m != want {
					t.Fatalf("stream %d: got %q, want %q", s, m, want)
				}
				seen++
			}
		}
	}
}
