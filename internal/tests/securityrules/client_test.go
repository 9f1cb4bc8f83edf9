package securityrules

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/firestore"
	"google.golang.org/api/iterator"
	"google.golang.org/genproto/googleapis/type/latlng"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/emulator"
	"heek.kr/heektime/emulator/emulatortest"
	store "heek.kr/heektime/emulator/firestore"
)

// testServer is a Firestore emulator with the project's rules, and a client for each user.
type testServer struct {
	cloud   *emulatortest.Cloud
	db      *store.Database
	clients map[string]*firestore.Client // by uid
	guests  map[string]*firestore.Client // the same with anonymous accounts
	isClean bool                         // the documents are those of world
}

// newTestServer starts a server. With unindexed, queries need no index: some attacks have none, and
// the rules must deny them, not the missing index.
func newTestServer(t *testing.T, unindexed bool) *testServer {
	t.Helper()
	cloud := emulatortest.Start(t, func(c *emulator.Config) {
		c.Rules, c.Indexes = []byte(source(t, "firestore.rules")), []byte(source(t, "firestore.indexes.json"))
		c.StorageRules = []byte(source(t, "storage.rules"))
		c.AllowUnindexed = unindexed
	})
	s := &testServer{cloud: cloud, clients: map[string]*firestore.Client{"": cloud.FirestoreClientSignedOut(t)}, guests: map[string]*firestore.Client{}}
	anonymous := map[string]any{"firebase": map[string]any{"sign_in_provider": "anonymous", "identities": map[string]any{}}}
	for _, uid := range []string{"alice", "bob", "carol", "dave", "erin", "fay", "gus", "ivy", "hal", "slash/ed"} {
		s.clients[uid] = cloud.FirestoreClientAs(t, uid, nil)
		s.guests[uid] = cloud.FirestoreClientAs(t, uid, anonymous)
	}
	var err error
	if s.db, err = cloud.Firestore.Database(cloud.Project, "(default)"); err != nil {
		t.Fatal(err)
	}
	return s
}

// reset restores the documents of world.
func (s *testServer) reset(t testing.TB) {
	t.Helper()
	if s.isClean {
		return
	}
	if err := s.db.Reset(); err != nil {
		t.Fatal(err)
	}
	docs := map[string]map[string]any{}
	for path, data := range world() {
		docs[path] = seedValue(data).(map[string]any)
	}
	if err := s.db.Seed(docs); err != nil {
		t.Fatal(err)
	}
	s.isClean = true
}

// seedValue converts a field's value to the type that Database.Seed takes.
func seedValue(v any) any {
	switch v := v.(type) {
	case reference:
		return map[string]any{"$ref": string(v)}
	case fromNow:
		return time.Now().Add(time.Duration(v))
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = seedValue(e)
		}
		return out
	case fields:
		out := map[string]any{}
		for name, e := range v {
			out[name] = seedValue(e)
		}
		return out
	}
	return v
}

// do performs an operation on the documents of world. It returns the client's error.
func (s *testServer) do(ctx context.Context, t testing.TB, o operation) error {
	t.Helper()
	s.reset(t)
	client := s.clients[o.uid]
	if o.guest {
		client = s.guests[o.uid]
	}
	if client == nil {
		t.Fatalf("%q has no client", o.uid)
	}
	switch {
	case o.get != "":
		return get(ctx, client.Doc(o.get), o.listen)
	case o.list != nil:
		return list(ctx, client, o)
	}
	s.isClean = false
	err := client.RunTransaction(ctx, func(_ context.Context, tx *firestore.Transaction) error {
		for _, path := range o.reads {
			if _, err := tx.Get(client.Doc(path)); err != nil && status.Code(err) != codes.NotFound {
				return err
			}
		}
		for _, w := range o.writes {
			if err := add(tx, client, w); err != nil {
				return fmt.Errorf("prepare the write of %s: %v", w.path, err)
			}
		}
		return nil
	}, firestore.MaxAttempts(1))
	s.isClean = status.Code(err) == codes.PermissionDenied
	return err
}

func get(ctx context.Context, doc *firestore.DocumentRef, listen bool) error {
	var err error
	if listen {
		it := doc.Snapshots(ctx)
		defer it.Stop()
		_, err = it.Next()
	} else {
		_, err = doc.Get(ctx)
	}
	if status.Code(err) == codes.NotFound {
		return nil // the rules allowed the request
	}
	return err
}

func list(ctx context.Context, client *firestore.Client, o operation) error {
	var q firestore.Query
	if o.list.group {
		q = client.CollectionGroup(o.list.collection).Query
	} else {
		q = client.Collection(o.list.collection).Query
	}
	for _, w := range o.list.where {
		q = q.Where(w.field, w.op, clientValue(client, w.value))
	}
	for _, name := range o.list.order {
		direction := firestore.Asc
		if strings.HasPrefix(name, "-") {
			name, direction = name[1:], firestore.Desc
		}
		q = q.OrderBy(name, direction)
	}
	if o.list.limit > 0 {
		q = q.Limit(o.list.limit)
	}
	if o.list.offset > 0 {
		q = q.Offset(o.list.offset)
	}
	if o.list.after != nil {
		q = q.StartAfter(clientValue(client, o.list.after).([]any)...)
	}
	switch {
	case o.list.count:
		_, err := q.NewAggregationQuery().WithCount("n").Get(ctx)
		return err
	case o.listen:
		it := q.Snapshots(ctx)
		defer it.Stop()
		_, err := it.Next()
		return err
	}
	_, err := q.Documents(ctx).GetAll()
	if errors.Is(err, iterator.Done) {
		return nil
	}
	return err
}

func add(tx *firestore.Transaction, client *firestore.Client, w write) error {
	doc := client.Doc(w.path)
	if doc == nil {
		return errors.New("not a document path")
	}
	switch w.kind {
	case create:
		return tx.Create(doc, clientValue(client, w.data))
	case remove:
		return tx.Delete(doc)
	case update:
		var list []firestore.Update
		for name, v := range w.data {
			list = append(list, firestore.Update{Path: name, Value: clientValue(client, v)})
		}
		return tx.Update(doc, list)
	}
	return tx.Set(doc, clientValue(client, w.data))
}

// clientValue converts a field's value to the type that Google's client takes.
func clientValue(client *firestore.Client, v any) any {
	switch v := v.(type) {
	case reference:
		return client.Doc(string(v))
	case serverTime:
		return firestore.ServerTimestamp
	case fromNow:
		return time.Now().Add(time.Duration(v))
	case deleteField:
		return firestore.Delete
	case point:
		return &latlng.LatLng{Latitude: v.latitude, Longitude: v.longitude}
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = clientValue(client, e)
		}
		return out
	case fields:
		out := map[string]any{}
		for name, e := range v {
			out[name] = clientValue(client, e)
		}
		return out
	}
	return v
}
