package firestore_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/firestore"
	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/protobuf/proto"

	"heek.kr/heektime/emulator/billing"
	emulator "heek.kr/heektime/emulator/firestore"
)

// billed is what Firestore bills, without bytes.
type billed struct{ reads, writes, deletes int64 }

// metered is a server with a meter.
type metered struct {
	*cloud
	meter  *billing.Meter
	before billed
}

func startMetered(t testing.TB, change ...func(*emulator.Config)) *metered {
	t.Helper()
	m := &metered{}
	m.cloud = start(t, append(change, func(c *emulator.Config) {
		m.meter = billing.NewMeter(c.Clock)
		c.Meter = m.meter
	})...)
	return m
}

func (m *metered) total() billed {
	u := m.meter.Usage()
	return billed{u.Amount(billing.FirestoreReads), u.Amount(billing.FirestoreWrites), u.Amount(billing.FirestoreDeletes)}
}

// take returns what was billed since the last call.
func (m *metered) take() billed {
	before, now := m.before, m.total()
	m.before = now
	return billed{now.reads - before.reads, now.writes - before.writes, now.deletes - before.deletes}
}

// storedBytes returns how much is stored. It measures over a day, so that the time between two calls does not
// matter.
func (m *metered) storedBytes(t testing.TB) int64 {
	t.Helper()
	from := m.meter.Usage()
	m.clock.Advance(24 * time.Hour)
	to := m.meter.Usage()
	return (to.Amount(billing.FirestoreStored) - from.Amount(billing.FirestoreStored)) / (24 * 60 * 60)
}

// Each operation is billed as https://firebase.google.com/docs/firestore/pricing says. The test is long
// because each operation is a row of its table.
func TestBilledOperations(t *testing.T) {
	m := startMetered(t, unindexed)
	ctx, project := t.Context(), "demo-tx"
	fs, raw := m.client(t, project), pb.NewFirestoreClient(m.conn)
	docs := map[string]map[string]any{"lone/a/below/x": {}, "groups/a": {}, "groups/b/members/x": {}}
	for i := range 1500 {
		docs[fmt.Sprintf("many/%04d", i)] = map[string]any{"n": i, "half": i % 2, "v": map[string]any{"__type__": "__vector__", "value": []any{float64(i), 1.0}}}
	}
	for i := range 20 {
		docs[fmt.Sprintf("few/%02d", i)] = map[string]any{"n": i, "age": i, "start": 20 - i}
	}
	if err := database(t, m.cloud, project).Seed(docs); err != nil {
		t.Fatal(err)
	}
	few, many := fs.Collection("few"), fs.Collection("many")
	all := func(q interface {
		Documents(context.Context) *firestore.DocumentIterator
	}) func() error {
		return func() error {
			_, err := q.Documents(ctx).GetAll()
			return err
		}
	}
	count := func(q firestore.Query) func() error {
		return func() error {
			_, err := q.NewAggregationQuery().WithCount("n").Get(ctx)
			return err
		}
	}
	commit := func(writes ...*pb.Write) func() error {
		return func() error {
			_, err := raw.Commit(ctx, &pb.CommitRequest{Database: rawDB, Writes: writes})
			return err
		}
	}
	listIDs := func(size int32) func() error {
		return func() error {
			r := &pb.ListCollectionIdsRequest{Parent: root, PageSize: size}
			for {
				page, err := raw.ListCollectionIds(ctx, r)
				if err != nil || page.NextPageToken == "" {
					return err
				}
				r.PageToken = page.NextPageToken
			}
		}
	}
	fails := func(f func() error) func() error {
		return func() error {
			if f() == nil {
				return errors.New("it succeeded")
			}
			return nil
		}
	}
	for _, c := range []struct {
		name string
		do   func() error
		want billed
	}{
		{"get", func() error { _, err := fs.Doc("few/01").Get(ctx); return err }, billed{reads: 1}},
		{"get of a missing document", fails(func() error { _, err := fs.Doc("few/no").Get(ctx); return err }), billed{reads: 1}},
		{"batchGet with duplicates and a missing document", func() error {
			_, err := fs.GetAll(ctx, []*firestore.DocumentRef{fs.Doc("few/01"), fs.Doc("few/no"), fs.Doc("few/01"), fs.Doc("many/0001")})
			return err
		}, billed{reads: 3}},
		{"query", all(few.Where("n", "<", 7)), billed{reads: 7}},
		{"query without results", all(few.Where("n", ">", 100)), billed{reads: 1}},
		{"an offset of 10 and one result are 11 reads", all(few.OrderBy("n", firestore.Asc).Offset(10).Limit(1)), billed{reads: 11}},
		{"an offset beyond the end", all(few.Offset(100)), billed{reads: 20}},
		{"limit", all(many.Limit(3)), billed{reads: 3}},
		{"projection of the name", all(few.Select()), billed{reads: 20}},
		{"one range field", all(few.Where("age", "==", 3).Where("start", ">=", 1)), billed{reads: 1}},
		{"two range fields", all(few.Where("age", ">=", 18).Where("start", ">=", 1)), billed{reads: 2 + 1}},
		{"an inequality and another order", all(few.Where("age", ">=", 18).OrderBy("start", firestore.Asc)), billed{reads: 2 + 1}},
		{"names and an order", all(few.Where(firestore.DocumentID, "in", []*firestore.DocumentRef{fs.Doc("few/01")}).OrderBy("age", firestore.Asc)), billed{reads: 1 + 1}},
		{"1,500 index entries of two range fields", all(many.Where("n", ">=", 0).Where("half", ">=", 1).OrderBy("n", firestore.Asc)), billed{reads: 750 + 2}},
		{"5 nearest of 1,500 vectors", func() error {
			_, err := many.FindNearest("v", firestore.Vector64{3, 1}, 5, firestore.DistanceMeasureEuclidean, nil).Documents(ctx).GetAll()
			return err
		}, billed{reads: 5 + 15}},
		{"count of nothing", count(few.Where("n", ">", 100)), billed{reads: 1}},
		{"count of 1,000", count(many.Limit(1000)), billed{reads: 1}},
		{"count of 1,500", count(many.Query), billed{reads: 2}},
		{"count with an offset", count(many.Offset(600).Limit(600)), billed{reads: 2}},
		{"collection IDs", listIDs(0), billed{reads: 1}},
		{"collection IDs in two pages", listIDs(2), billed{reads: 2}},
		{"list", func() error {
			_, err := raw.ListDocuments(ctx, &pb.ListDocumentsRequest{Parent: root, CollectionId: "few", PageSize: 5})
			return err
		}, billed{reads: 5}},
		{"list with missing documents", func() error {
			_, err := raw.ListDocuments(ctx, &pb.ListDocumentsRequest{Parent: root, CollectionId: "groups", ShowMissing: true})
			return err
		}, billed{reads: 2}},
		{"list of nothing", func() error {
			_, err := raw.ListDocuments(ctx, &pb.ListDocumentsRequest{Parent: root, CollectionId: "none"})
			return err
		}, billed{reads: 1}},
		{"partitions", func() error {
			_, err := fs.CollectionGroup("many").GetPartitionedQueries(ctx, 3)
			return err
		}, billed{reads: 1}},
		{"set", func() error { _, err := fs.Doc("w/a").Set(ctx, map[string]any{"n": 1}); return err }, billed{writes: 1}},
		{"set without a change", func() error { _, err := fs.Doc("w/a").Set(ctx, map[string]any{"n": 1}); return err }, billed{writes: 1}},
		{"transforms", func() error {
			_, err := fs.Doc("w/a").Update(ctx, []firestore.Update{{Path: "n", Value: firestore.Increment(1)}, {Path: "at", Value: firestore.ServerTimestamp}})
			return err
		}, billed{writes: 1}},
		{"a commit", commit(set("w/b", "", 1, false), remove("w/b"), set("x/b", "", 1, false)), billed{writes: 2, deletes: 1}},
		{"deletion of a missing document", commit(remove("w/no")), billed{deletes: 1}},
		{"a failed commit", fails(func() error { _, err := fs.Doc("few/01").Create(ctx, map[string]any{}); return err }), billed{}},
		{"a batch with a failed write", func() error {
			_, err := raw.BatchWrite(ctx, &pb.BatchWriteRequest{Database: rawDB, Writes: []*pb.Write{set("w/c", "", 1, false), {
				Operation:       &pb.Write_Delete{Delete: root + "/w/no"},
				CurrentDocument: &pb.Precondition{ConditionType: &pb.Precondition_Exists{Exists: true}},
			}}})
			return err
		}, billed{writes: 1}},
		{"a transaction", func() error {
			return fs.RunTransaction(ctx, func(_ context.Context, tx *firestore.Transaction) error {
				if _, err := tx.Get(fs.Doc("few/01")); err != nil {
					return err
				}
				return tx.Set(fs.Doc("w/d"), map[string]any{})
			})
		}, billed{reads: 1, writes: 1}},
	} {
		if err := c.do(); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if got := m.take(); got != c.want {
			t.Errorf("%s: billed %+v, want %+v", c.name, got, c.want)
		}
	}
}

// end closes a listener's stream and returns when the server has ended it.
func (w *watcher) end() {
	w.t.Helper()
	if err := w.stream.CloseSend(); err != nil {
		w.t.Fatal(err)
	}
	for {
		if _, err := w.stream.Recv(); err == io.EOF {
			return
		} else if err != nil {
			w.t.Fatal(err)
		}
	}
}

// The test is long because each step builds on those before.
//
// Source: https://firebase.google.com/docs/firestore/pricing#listens
func TestBilledListeners(t *testing.T) {
	m := startMetered(t, unindexed)
	fs := m.client(t, "demo-listen")
	setN := func(path string, n int) {
		t.Helper()
		if _, err := fs.Doc(path).Set(t.Context(), map[string]any{"n": n}); err != nil {
			t.Fatal(err)
		}
	}
	m.take()
	reads := func(what string, want int64) {
		t.Helper()
		if got := m.take().reads; got != want {
			t.Errorf("%s: %d reads, want %d", what, got, want)
		}
	}
	w := watch(t, m.cloud)
	w.add(queryTarget(1, 0)) // n above 5
	w.next()
	reads("a first result without documents", 1)
	setN("a/x", 6)
	w.next()
	setN("a/y", 7)
	w.next()
	reads("two documents are added", 2)
	setN("a/x", 8)
	w.next()
	reads("a document changes", 1)
	setN("a/x", 1)
	w.next()
	reads("a document leaves because it changed", 1)
	if _, err := fs.Doc("a/y").Delete(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.next()
	reads("a document is deleted", 0)

	for i := range 3 {
		setN(fmt.Sprintf("a/%d", i), 10+i)
		w.next()
	}
	reads("three documents are added", 3)
	away := func(d time.Duration) *watcher {
		w.end()
		m.clock.Advance(d)
		next := watch(t, m.cloud)
		next.add(resume(queryTarget(1, 0), w.token))
		next.next()
		return next
	}
	w = away(29 * time.Minute)
	reads("resumed after 29 minutes", 0)
	w.end()
	setN("a/1", 20)
	token := w.token
	w = watch(t, m.cloud)
	w.add(resume(queryTarget(1, 0), token))
	w.next()
	reads("resumed with a change", 1)
	w = away(31 * time.Minute)
	reads("resumed after 31 minutes", 3)
	m.clock.Advance(2 * time.Hour) // connected, while nothing happens
	w = away(time.Minute)
	reads("resumed after a minute", 0)

	limited := watch(t, m.cloud)
	limited.add(queryTarget(1, 2)) // the first two by n: 10 and 12
	limited.next()
	reads("a limit", 2)
	setN("a/first", 6)
	limited.next()
	w.next()
	reads("a document takes the place of another, and is added to a query without a limit", 2)

	both := watch(t, m.cloud)
	both.add(docsTarget(1, "a/0", "a/none"))
	both.next()
	reads("documents, one of them missing", 2)
}

// Source: https://firebase.google.com/docs/firestore/pricing#firestore-rules
func TestBilledRules(t *testing.T) {
	const text = `rules_version = '2';
service cloud.firestore {
  match /databases/{d}/documents {
    function member(name) { return get(/databases/$(d)/documents/members/$(name)).data.ok; }
    match /twice/{id} { allow read: if member('ann') && member('ann'); }
    match /two/{id} { allow read: if member('ann') || member('bob') || member('eve'); }
    match /three/{id} { allow read: if member('bob') || member('ann') || member('eve'); }
    match /denied/{id} { allow read: if member('bob'); }
    match /free/{id} { allow read: if true; }
    match /written/{id} { allow write: if member('ann') && getAfter(/databases/$(d)/documents/members/ann).data.ok; }
  }
}`
	m := startMetered(t, withRules(text))
	if err := database(t, m.cloud, rulesProject).Seed(map[string]map[string]any{
		"members/ann": {"ok": true}, "members/bob": {"ok": false}, "members/eve": {"ok": true}, "two/a": {}, "two/b": {},
	}); err != nil {
		t.Fatal(err)
	}
	fs := m.clientAs(t, "ann")
	ctx := t.Context()
	for _, c := range []struct {
		name string
		do   func()
		want billed
	}{
		{"no documents", func() { fs.Doc("free/a").Get(ctx) }, billed{reads: 1}},
		{"the same document twice", func() { fs.Doc("twice/a").Get(ctx) }, billed{reads: 1 + 1}},
		{"one of three documents decides", func() { fs.Doc("two/a").Get(ctx) }, billed{reads: 1 + 1}},
		{"two of three documents decide", func() { fs.Doc("three/a").Get(ctx) }, billed{reads: 1 + 2}},
		{"a query", func() { fs.Collection("two").Documents(ctx).GetAll() }, billed{reads: 2 + 1}},
		{"two documents in a request", func() { fs.GetAll(ctx, []*firestore.DocumentRef{fs.Doc("two/a"), fs.Doc("two/b")}) }, billed{reads: 2 + 1}},
		{"a denied get", func() { fs.Doc("denied/a").Get(ctx) }, billed{reads: 1}},
		{"a write, and a document before and after it", func() { fs.Doc("written/a").Set(ctx, map[string]any{}) }, billed{reads: 1, writes: 1}},
	} {
		c.do()
		if got := m.take(); got != c.want {
			t.Errorf("%s: billed %+v, want %+v", c.name, got, c.want)
		}
	}
	causes := map[billing.Cause]bool{}
	for _, day := range m.meter.Usage().Days {
		for _, a := range day.Amounts {
			causes[a.Cause] = true
		}
	}
	for _, want := range []billing.Cause{
		{User: "ann", Service: "client", Action: "BatchGetDocuments", Collection: "members"},
		{User: "ann", Service: "client", Action: "RunQuery", Collection: "two"},
		{User: "ann", Service: "client", Action: "Commit", Collection: "written"},
	} {
		if !causes[want] {
			t.Errorf("nothing was billed for %+v, but for %+v", want, causes)
		}
	}
}

// What is stored is what the page on storage sizes adds up to, and always what a new count finds.
func TestBilledStorage(t *testing.T) {
	m := startMetered(t)
	db := database(t, m.cloud, rulesProject)
	// The example of https://firebase.google.com/docs/firestore/storage-size: 147 bytes, with entries of
	// two orders for each of its four fields.
	if err := db.Seed(map[string]map[string]any{
		"users/jeff/tasks/my_task_id": {"type": "Personal", "done": false, "priority": 1, "description": "Learn Cloud Firestore"},
	}); err != nil {
		t.Fatal(err)
	}
	entry := int64(44 + 27 + 32)
	want := 147 + 2*(4*entry+14+6+17+34)
	if got := m.storedBytes(t); got != want {
		t.Errorf("%d bytes are stored, want %d", got, want)
	}
	if err := m.SetIndexes([]byte(`{"indexes": [{"collectionGroup": "tasks", "queryScope": "COLLECTION", "fields": [
		{"fieldPath": "done", "order": "ASCENDING"}, {"fieldPath": "priority", "order": "DESCENDING"}]}],
		"fieldOverrides": [{"collectionGroup": "tasks", "fieldPath": "description", "indexes": []}]}`)); err != nil {
		t.Fatal(err)
	}
	want += entry + 1 + 8 - 2*(entry+34)
	if got := m.storedBytes(t); got != want {
		t.Errorf("with other indexes, %d bytes are stored, want %d", got, want)
	}
	if err := db.Reset(); err != nil {
		t.Fatal(err)
	}
	if got := m.storedBytes(t); got != 0 {
		t.Errorf("%d bytes are stored after a reset", got)
	}
}

// The bytes of responses are billed to clients outside, as they are serialized.
func TestBilledBytes(t *testing.T) {
	m := startMetered(t, unindexed)
	if err := database(t, m.cloud, rulesProject).Seed(map[string]map[string]any{"a/x": {"text": strings.Repeat("x", 1000)}}); err != nil {
		t.Fatal(err)
	}
	raw := pb.NewFirestoreClient(m.conn)
	doc, err := raw.GetDocument(t.Context(), &pb.GetDocumentRequest{Name: root + "/a/x"})
	if err != nil {
		t.Fatal(err)
	}
	want := int64(proto.Size(doc))
	if got := m.meter.Usage().Amount(billing.FirestoreEgress); got != want || want < 1000 {
		t.Errorf("%d bytes are billed, want %d", got, want)
	}
	if _, err := m.clientAs(t, "owner").Doc("a/x").Get(t.Context()); err != nil { // a server, in the same region
		t.Fatal(err)
	}
	if got := m.meter.Usage().Amount(billing.FirestoreEgress); got != want {
		t.Errorf("%d bytes are billed for a server", got-want)
	}
}

// However documents change, what is stored is what a new count finds.
func TestBilledStorageIsMaintained(t *testing.T) {
	const indexes = `{"indexes": [{"collectionGroup": "a", "queryScope": "COLLECTION_GROUP", "fields": [
		{"fieldPath": "n", "order": "ASCENDING"}, {"fieldPath": "list", "arrayConfig": "CONTAINS"}]}]}`
	m := startMetered(t, func(c *emulator.Config) { c.Indexes = []byte(indexes) })
	random := rand.New(rand.NewPCG(1, 2))
	fs := m.client(t, rulesProject)
	for range 300 {
		doc := fs.Doc(fmt.Sprintf("a/%d/a/%d", random.IntN(5), random.IntN(5)))
		var list []any
		for range random.IntN(4) {
			list = append(list, random.IntN(3))
		}
		var err error
		switch random.IntN(4) {
		case 0:
			_, err = doc.Delete(t.Context())
		case 1:
			_, err = doc.Set(t.Context(), map[string]any{"n": random.IntN(3), "list": list})
		case 2:
			_, err = doc.Set(t.Context(), map[string]any{"map": map[string]any{"s": strings.Repeat("가", random.IntN(600)), "list": list}}, firestore.MergeAll)
		case 3:
			err = fs.RunTransaction(t.Context(), func(_ context.Context, tx *firestore.Transaction) error {
				return errors.Join(tx.Set(doc, map[string]any{"n": nil}), tx.Delete(doc), tx.Set(doc, map[string]any{"list": list}))
			})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	before := m.storedBytes(t)
	if err := m.SetIndexes([]byte(indexes)); err != nil { // counts everything anew
		t.Fatal(err)
	}
	if after := m.storedBytes(t); after != before || before == 0 {
		t.Errorf("%d bytes are stored, a new count finds %d", before, after)
	}
}

// TTL deletes are billed apart from others. They wait for half a day after the document has expired.
func TestBilledTTL(t *testing.T) {
	m := startMetered(t, func(c *emulator.Config) {
		c.Indexes = []byte(`{"fieldOverrides": [{"collectionGroup": "runs", "fieldPath": "expires", "ttl": true, "indexes": []}]}`)
	})
	now := m.clock.Now()
	db := database(t, m.cloud, rulesProject)
	if err := db.Seed(map[string]map[string]any{
		"runs/old": {"expires": now}, "runs/old/runs/below": {}, "runs/new": {"expires": now.Add(24 * time.Hour)},
		"runs/never": {"expires": "now"}, "others/old": {"expires": now},
	}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		advance time.Duration
		left    int
	}{{time.Hour, 5}, {13 * time.Hour, 4}, {24 * time.Hour, 3}} {
		m.clock.Advance(c.advance)
		m.DeleteExpired(t.Context())
		n := 0
		for range db.Documents() {
			n++
		}
		if n != c.left {
			t.Errorf("%d documents are left after another %v, want %d", n, c.advance, c.left)
		}
	}
	if n := m.meter.Usage().Amount(billing.FirestoreTTLDeletes); n != 2 || m.take() != (billed{}) {
		t.Errorf("%d TTL deletes are billed, want 2", n)
	}
}
