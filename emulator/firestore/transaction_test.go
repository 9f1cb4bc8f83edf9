package firestore_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/firestore"
	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	emulator "heek.kr/heektime/emulator/firestore"
)

const rawDB = "projects/demo-tx/databases/(default)"

// raw calls the service without the retries of the official client.
type raw struct {
	t *testing.T
	pb.FirestoreClient
}

func (r raw) begin(o *pb.TransactionOptions) []byte {
	r.t.Helper()
	out, err := r.BeginTransaction(context.Background(), &pb.BeginTransactionRequest{Database: rawDB, Options: o})
	if err != nil {
		r.t.Fatal(err)
	}
	return out.Transaction
}

// read returns the field n of a document, −1 when the document does not exist.
func (r raw) read(tx []byte, doc string) (int64, error) {
	s, err := r.BatchGetDocuments(context.Background(), &pb.BatchGetDocumentsRequest{
		Database: rawDB, Documents: []string{rawDB + "/documents/" + doc},
		ConsistencySelector: &pb.BatchGetDocumentsRequest_Transaction{Transaction: tx},
	})
	if err != nil {
		return 0, err
	}
	out, err := s.Recv()
	if err != nil {
		return 0, err
	}
	if out.GetFound() == nil {
		return -1, nil
	}
	return out.GetFound().GetFields()["n"].GetIntegerValue(), nil
}

func (r raw) commit(tx []byte, docs map[string]int64) error {
	req := &pb.CommitRequest{Database: rawDB, Transaction: tx}
	for doc, n := range docs {
		req.Writes = append(req.Writes, &pb.Write{Operation: &pb.Write_Update{Update: &pb.Document{
			Name:   rawDB + "/documents/" + doc,
			Fields: map[string]*pb.Value{"n": {ValueType: &pb.Value_IntegerValue{IntegerValue: n}}},
		}}})
	}
	_, err := r.Commit(context.Background(), req)
	return err
}

func (r raw) mustRead(tx []byte, doc string, want int64) {
	r.t.Helper()
	if got, err := r.read(tx, doc); err != nil || got != want {
		r.t.Fatalf("read of %s: %d, %v, want %d", doc, got, err, want)
	}
}

func (r raw) mustCommit(tx []byte, docs map[string]int64) {
	r.t.Helper()
	if err := r.commit(tx, docs); err != nil {
		r.t.Fatalf("commit of %v: %v", docs, err)
	}
}

func (r raw) mustFail(what string, err error, want codes.Code) {
	r.t.Helper()
	if status.Code(err) != want {
		r.t.Fatalf("%s: %v, want %v", what, err, want)
	}
}

var optimistic = &pb.TransactionOptions{Mode: &pb.TransactionOptions_ReadWrite_{ReadWrite: &pb.TransactionOptions_ReadWrite{
	ConcurrencyMode: pb.TransactionOptions_OPTIMISTIC,
}}}

func readOnlyAt(t time.Time) *pb.TransactionOptions {
	o := &pb.TransactionOptions_ReadOnly{}
	if !t.IsZero() {
		o.ConsistencySelector = &pb.TransactionOptions_ReadOnly_ReadTime{ReadTime: timestamppb.New(t)}
	}
	return &pb.TransactionOptions{Mode: &pb.TransactionOptions_ReadOnly_{ReadOnly: o}}
}

// TestTransactionConflicts is long because each conflict is an entry of its table.
func TestTransactionConflicts(t *testing.T) {
	short := func(c *emulator.Config) { c.LockWait = 50 * time.Millisecond }
	for name, f := range map[string]func(r raw, c *cloud){
		"the older of two wins": func(r raw, _ *cloud) {
			a, b := r.begin(nil), r.begin(nil)
			r.mustRead(a, "a/x", 1)
			r.mustRead(b, "a/x", 1)
			r.mustCommit(a, map[string]int64{"a/x": 2})
			r.mustFail("the younger's commit", r.commit(b, map[string]int64{"a/x": 2}), codes.Aborted)
		},
		"the younger waits until it times out": func(r raw, _ *cloud) {
			a, b := r.begin(nil), r.begin(nil)
			r.mustRead(a, "a/x", 1)
			r.mustFail("the younger's commit", r.commit(b, map[string]int64{"a/x": 2}), codes.Aborted)
			r.mustCommit(a, map[string]int64{"a/x": 3})
		},
		"a write outside a transaction waits until it times out": func(r raw, _ *cloud) {
			a := r.begin(nil)
			r.mustRead(a, "a/x", 1)
			r.mustFail("the write", r.commit(nil, map[string]int64{"a/x": 2}), codes.Aborted)
			r.mustCommit(a, map[string]int64{"a/y": 1})
			r.mustCommit(nil, map[string]int64{"a/x": 2})
		},
		"a rollback releases its locks": func(r raw, _ *cloud) {
			a := r.begin(nil)
			r.mustRead(a, "a/x", 1)
			done := make(chan error)
			go func() { done <- r.commit(nil, map[string]int64{"a/x": 2}) }()
			if _, err := r.Rollback(context.Background(), &pb.RollbackRequest{Database: rawDB, Transaction: a}); err != nil {
				r.t.Fatal(err)
			}
			if err := <-done; err != nil {
				r.t.Fatalf("the write: %v", err)
			}
		},
		"a missing document is locked too": func(r raw, _ *cloud) {
			a, b := r.begin(nil), r.begin(nil)
			r.mustRead(a, "a/new", -1)
			r.mustRead(b, "a/new", -1)
			r.mustCommit(a, map[string]int64{"a/new": 1})
			r.mustFail("the younger's commit", r.commit(b, map[string]int64{"a/y": 2}), codes.Aborted)
		},
		"documents that were not read do not conflict": func(r raw, _ *cloud) {
			a, b := r.begin(nil), r.begin(nil)
			r.mustRead(a, "a/x", 1)
			r.mustRead(b, "a/y", -1)
			r.mustCommit(b, map[string]int64{"a/y": 2})
			r.mustCommit(a, map[string]int64{"a/x": 2})
		},
		"a retry keeps its age": func(r raw, _ *cloud) {
			first := r.begin(nil)
			if _, err := r.Rollback(context.Background(), &pb.RollbackRequest{Database: rawDB, Transaction: first}); err != nil {
				r.t.Fatal(err)
			}
			b := r.begin(nil)
			again := r.begin(&pb.TransactionOptions{Mode: &pb.TransactionOptions_ReadWrite_{ReadWrite: &pb.TransactionOptions_ReadWrite{RetryTransaction: first}}})
			r.mustRead(b, "a/x", 1)
			r.mustRead(again, "a/x", 1)
			r.mustCommit(again, map[string]int64{"a/x": 2})
			r.mustFail("the younger's commit", r.commit(b, map[string]int64{"a/x": 3}), codes.Aborted)
		},
		"optimistic: the first commit wins": func(r raw, _ *cloud) {
			a, b := r.begin(optimistic), r.begin(optimistic)
			r.mustRead(a, "a/x", 1)
			r.mustRead(b, "a/x", 1)
			r.mustCommit(b, map[string]int64{"a/x": 2})
			r.mustFail("the other's commit", r.commit(a, map[string]int64{"a/x": 3}), codes.Aborted)
		},
		"optimistic: other writes do not wait": func(r raw, _ *cloud) {
			a := r.begin(optimistic)
			r.mustRead(a, "a/x", 1)
			r.mustCommit(nil, map[string]int64{"a/x": 2})
			r.mustRead(a, "a/x", 1) // it still sees one state
			r.mustFail("the commit", r.commit(a, map[string]int64{"a/y": 3}), codes.Aborted)
		},
		"read-only transactions see one state and take no locks": func(r raw, _ *cloud) {
			a := r.begin(readOnlyAt(time.Time{}))
			r.mustRead(a, "a/x", 1)
			r.mustCommit(nil, map[string]int64{"a/x": 2, "a/y": 2})
			r.mustRead(a, "a/x", 1)
			r.mustRead(a, "a/y", -1)
			r.mustFail("a write in it", r.commit(a, map[string]int64{"a/x": 2}), codes.InvalidArgument)
		},
		"a transaction that ended is unknown": func(r raw, _ *cloud) {
			a := r.begin(nil)
			r.mustCommit(a, nil)
			r.mustFail("a second commit", r.commit(a, nil), codes.InvalidArgument)
			_, err := r.read(a, "a/x")
			r.mustFail("a read", err, codes.InvalidArgument)
			_, err = r.Rollback(context.Background(), &pb.RollbackRequest{Database: rawDB, Transaction: a})
			r.mustFail("a rollback", err, codes.OK)
			_, err = r.Rollback(context.Background(), &pb.RollbackRequest{Database: rawDB, Transaction: []byte("what?")})
			r.mustFail("a rollback with an invalid id", err, codes.InvalidArgument)
		},
		"60 seconds idle end it": func(r raw, c *cloud) {
			a := r.begin(nil)
			c.clock.Advance(59 * time.Second)
			r.mustRead(a, "a/x", 1)
			c.clock.Advance(59 * time.Second)
			r.mustRead(a, "a/x", 1)
			c.clock.Advance(61 * time.Second)
			r.mustCommit(nil, map[string]int64{"a/x": 2}) // its lock is gone
			r.mustFail("the commit", r.commit(a, nil), codes.InvalidArgument)
		},
		"270 seconds end it": func(r raw, c *cloud) {
			a := r.begin(nil)
			for range 6 {
				r.mustRead(a, "a/x", 1)
				c.clock.Advance(44 * time.Second)
			}
			r.mustRead(a, "a/x", 1)
			c.clock.Advance(10 * time.Second)
			r.mustFail("the commit", r.commit(a, nil), codes.InvalidArgument)
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := start(t, short)
			r := raw{t, pb.NewFirestoreClient(c.conn)}
			r.mustCommit(nil, map[string]int64{"a/x": 1})
			f(r, c)
		})
	}
}

// A change to the results of a query conflicts with its transaction, even if it adds a document.
func TestQueriesInTransactions(t *testing.T) {
	for _, mode := range []struct {
		name string
		o    *pb.TransactionOptions
	}{{"locking", nil}, {"optimistic", optimistic}} {
		for _, tc := range []struct {
			name     string
			change   map[string]int64
			conflict bool
		}{
			{"another match", map[string]int64{"a/new": 7}, true},
			{"one match fewer", map[string]int64{"a/x": 1}, true},
			{"no match, before or after", map[string]int64{"a/new": 1}, false},
			{"another collection", map[string]int64{"b/new": 7}, false},
		} {
			t.Run(mode.name+"/"+tc.name, func(t *testing.T) {
				c := start(t, unindexed)
				r := raw{t, pb.NewFirestoreClient(c.conn)}
				r.mustCommit(nil, map[string]int64{"a/x": 6})
				older, tx := r.begin(nil), r.begin(mode.o)
				s, err := r.RunQuery(context.Background(), &pb.RunQueryRequest{
					Parent:              rawDB + "/documents",
					QueryType:           &pb.RunQueryRequest_StructuredQuery{StructuredQuery: aboveFive()},
					ConsistencySelector: &pb.RunQueryRequest_Transaction{Transaction: tx},
				})
				if err != nil {
					t.Fatal(err)
				}
				if got, err := s.Recv(); err != nil || got.GetDocument() == nil {
					t.Fatalf("the query found %v, %v", got, err)
				}
				r.mustCommit(older, tc.change)
				want := codes.OK
				if tc.conflict {
					want = codes.Aborted
				}
				r.mustFail("the commit", r.commit(tx, map[string]int64{"c/y": 1}), want)
			})
		}
	}
}

// aboveFive queries the documents of collection a whose n is above 5.
func aboveFive() *pb.StructuredQuery {
	return &pb.StructuredQuery{
		From: []*pb.StructuredQuery_CollectionSelector{{CollectionId: "a"}},
		Where: &pb.StructuredQuery_Filter{FilterType: &pb.StructuredQuery_Filter_FieldFilter{FieldFilter: &pb.StructuredQuery_FieldFilter{
			Field: &pb.StructuredQuery_FieldReference{FieldPath: "n"}, Op: pb.StructuredQuery_FieldFilter_GREATER_THAN,
			Value: &pb.Value{ValueType: &pb.Value_IntegerValue{IntegerValue: 5}},
		}}},
	}
}

func TestIncrementsLoseNothing(t *testing.T) {
	const callers, each = 10, 5
	ctx := context.Background()
	fs := start(t).client(t, "demo-tx")
	doc := fs.Doc("a/counter")
	if _, err := doc.Set(ctx, map[string]any{"n": 0, "m": 0}); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range callers {
		all.Go(func() {
			for range each {
				if _, err := doc.Update(ctx, []firestore.Update{{Path: "m", Value: firestore.Increment(1)}}); err != nil {
					t.Errorf("increment: %v", err)
				}
				err := fs.RunTransaction(ctx, func(ctx context.Context, tx *firestore.Transaction) error {
					s, err := tx.Get(doc)
					if err != nil {
						return err
					}
					return tx.Update(doc, []firestore.Update{{Path: "n", Value: s.Data()["n"].(int64) + 1}})
				}, firestore.MaxAttempts(20))
				if err != nil {
					t.Errorf("transaction: %v", err)
				}
			}
		})
	}
	all.Wait()
	s, err := doc.Get(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if n, m := s.Data()["n"], s.Data()["m"]; n != int64(callers*each) || m != int64(callers*each) {
		t.Errorf("n = %v, m = %v, want %d", n, m, callers*each)
	}
}

func TestReadTimes(t *testing.T) {
	c := start(t, unindexed)
	r := raw{t, pb.NewFirestoreClient(c.conn)}
	ctx := context.Background()
	var times []time.Time
	for i := range 5 {
		out, err := r.Commit(ctx, &pb.CommitRequest{Database: rawDB, Writes: []*pb.Write{{Operation: &pb.Write_Update{Update: &pb.Document{
			Name: rawDB + "/documents/a/x", Fields: map[string]*pb.Value{"n": {ValueType: &pb.Value_IntegerValue{IntegerValue: int64(i)}}},
		}}}}})
		if err != nil {
			t.Fatal(err)
		}
		times = append(times, out.CommitTime.AsTime())
	}
	if _, err := r.DeleteDocument(ctx, &pb.DeleteDocumentRequest{Name: rawDB + "/documents/a/x"}); err != nil {
		t.Fatal(err)
	}
	at := func(when time.Time) (int64, error) {
		d, err := r.GetDocument(ctx, &pb.GetDocumentRequest{
			Name:                rawDB + "/documents/a/x",
			ConsistencySelector: &pb.GetDocumentRequest_ReadTime{ReadTime: timestamppb.New(when)},
		})
		if status.Code(err) == codes.NotFound {
			return -1, nil
		}
		return d.GetFields()["n"].GetIntegerValue(), err
	}
	for i, when := range times {
		if n, err := at(when); err != nil || n != int64(i) {
			t.Errorf("at the time of commit %d: %d, %v", i, n, err)
		}
		if n, err := at(when.Add(-time.Microsecond)); err != nil || n != int64(i-1) {
			t.Errorf("just before commit %d: %d, %v", i, n, err)
		}
		tx := r.begin(readOnlyAt(when))
		r.mustRead(tx, "a/x", int64(i))
	}
	_, err := at(c.clock.Now().Add(time.Minute))
	r.mustFail("a read in the future", err, codes.InvalidArgument)
	c.clock.Advance(time.Hour)
	_, err = at(times[4])
	r.mustFail("a read more than an hour ago", err, codes.FailedPrecondition)
	_, err = r.BeginTransaction(ctx, &pb.BeginTransactionRequest{Database: rawDB, Options: readOnlyAt(times[4])})
	r.mustFail("a transaction more than an hour ago", err, codes.FailedPrecondition)
}

func TestNewTransactionOnReads(t *testing.T) {
	c := start(t)
	r := raw{t, pb.NewFirestoreClient(c.conn)}
	r.mustCommit(nil, map[string]int64{"a/x": 6})
	s, err := r.BatchGetDocuments(context.Background(), &pb.BatchGetDocumentsRequest{
		Database: rawDB, Documents: []string{rawDB + "/documents/a/x"},
		ConsistencySelector: &pb.BatchGetDocumentsRequest_NewTransaction{NewTransaction: &pb.TransactionOptions{}},
	})
	if err != nil {
		t.Fatal(err)
	}
	first, err := s.Recv()
	if err != nil || len(first.Transaction) == 0 || first.Result != nil {
		t.Fatalf("the first response is %v, %v, want a transaction alone", first, err)
	}
	if second, err := s.Recv(); err != nil || second.GetFound() == nil {
		t.Fatalf("the second response is %v, %v", second, err)
	}
	q, err := r.RunQuery(context.Background(), &pb.RunQueryRequest{
		Parent:              rawDB + "/documents",
		QueryType:           &pb.RunQueryRequest_StructuredQuery{StructuredQuery: aboveFive()},
		ConsistencySelector: &pb.RunQueryRequest_NewTransaction{NewTransaction: &pb.TransactionOptions{}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := q.Recv(); err != nil || len(got.Transaction) == 0 || got.Document != nil {
		t.Fatalf("the query's first response is %v, %v", got, err)
	}
	r.mustCommit(first.Transaction, map[string]int64{"a/x": 7})
}

// An error of the transaction function rolls the transaction back and is returned.
func TestTransactionFunctionFails(t *testing.T) {
	ctx := context.Background()
	fs := start(t).client(t, "demo-tx")
	mine := errors.New("mine")
	err := fs.RunTransaction(ctx, func(_ context.Context, tx *firestore.Transaction) error {
		if err := tx.Set(fs.Doc("a/b"), map[string]any{"n": 1}); err != nil {
			return err
		}
		return mine
	})
	if !errors.Is(err, mine) {
		t.Errorf("got %v", err)
	}
	if _, err := fs.Doc("a/b").Get(ctx); status.Code(err) != codes.NotFound {
		t.Errorf("the write took effect: %v", err)
	}
}
