package triggers_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"cloud.google.com/go/firestore"
	"heek.kr/heektime/emulator/triggers"
)

// eventTypeTests are kinds of writes and the events that they create.
var eventTypeTests = []struct {
	name  string
	write func(ctx context.Context, db *firestore.Client, doc *firestore.DocumentRef) error
	want  []triggers.EventType // in addition to Written
}{
	{"create", func(ctx context.Context, _ *firestore.Client, doc *firestore.DocumentRef) error {
		_, err := doc.Create(ctx, map[string]any{"a": 1})
		return err
	}, []triggers.EventType{triggers.Created}},
	{"create without fields", func(ctx context.Context, _ *firestore.Client, doc *firestore.DocumentRef) error {
		_, err := doc.Create(ctx, map[string]any{})
		return err
	}, []triggers.EventType{triggers.Created}},
	{"set twice, differently", func(ctx context.Context, _ *firestore.Client, doc *firestore.DocumentRef) error {
		_, err := doc.Set(ctx, map[string]any{"a": 1})
		if err == nil {
			_, err = doc.Set(ctx, map[string]any{"a": 2})
		}
		return err
	}, []triggers.EventType{triggers.Created, triggers.Updated}},
	{"set twice, the same", func(ctx context.Context, _ *firestore.Client, doc *firestore.DocumentRef) error {
		_, err := doc.Set(ctx, map[string]any{"a": 1, "m": map[string]any{"x": []int{1}}})
		if err == nil {
			_, err = doc.Set(ctx, map[string]any{"m": map[string]any{"x": []int{1}}, "a": 1})
		}
		return err
	}, []triggers.EventType{triggers.Created}},
	{"update to the same value", func(ctx context.Context, _ *firestore.Client, doc *firestore.DocumentRef) error {
		_, err := doc.Set(ctx, map[string]any{"a": 1})
		if err == nil {
			_, err = doc.Update(ctx, []firestore.Update{{Path: "a", Value: firestore.Increment(0)}})
		}
		return err
	}, []triggers.EventType{triggers.Created}},
	{"integer to double", func(ctx context.Context, _ *firestore.Client, doc *firestore.DocumentRef) error {
		_, err := doc.Set(ctx, map[string]any{"a": 1})
		if err == nil {
			_, err = doc.Set(ctx, map[string]any{"a": 1.0})
		}
		return err
	}, []triggers.EventType{triggers.Created, triggers.Updated}},
	{"delete", func(ctx context.Context, _ *firestore.Client, doc *firestore.DocumentRef) error {
		_, err := doc.Set(ctx, map[string]any{"a": 1})
		if err == nil {
			_, err = doc.Delete(ctx)
		}
		return err
	}, []triggers.EventType{triggers.Created, triggers.Deleted}},
	{"delete a missing document", func(ctx context.Context, _ *firestore.Client, doc *firestore.DocumentRef) error {
		_, err := doc.Delete(ctx)
		return err
	}, nil},
	{"a rejected write", func(ctx context.Context, _ *firestore.Client, doc *firestore.DocumentRef) error {
		if _, err := doc.Update(ctx, []firestore.Update{{Path: "a", Value: 1}}); err == nil {
			return fmt.Errorf("updating a missing document succeeded")
		}
		return nil
	}, nil},
	{"several writes in a transaction", func(ctx context.Context, db *firestore.Client, doc *firestore.DocumentRef) error {
		return db.RunTransaction(ctx, func(_ context.Context, tx *firestore.Transaction) error {
			for i := range 3 {
				if err := tx.Set(doc, map[string]any{"a": i}); err != nil {
					return err
				}
			}
			return nil
		})
	}, []triggers.EventType{triggers.Created}},
	{"created and deleted in a transaction", func(ctx context.Context, db *firestore.Client, doc *firestore.DocumentRef) error {
		return db.RunTransaction(ctx, func(_ context.Context, tx *firestore.Transaction) error {
			if err := tx.Set(doc, map[string]any{"a": 1}); err != nil {
				return err
			}
			return tx.Delete(doc)
		})
	}, nil},
}

// TestEventTypes checks which events each kind of write creates.
func TestEventTypes(t *testing.T) {
	w := start(t)
	for _, kind := range []triggers.EventType{triggers.Created, triggers.Updated, triggers.Deleted, triggers.Written} {
		w.register(t, triggers.Trigger{Name: string(kind), Event: kind, Document: "kinds/{id}"})
	}
	for i, test := range eventTypeTests {
		if err := test.write(t.Context(), w.db, w.db.Doc(fmt.Sprintf("kinds/k%d", i))); err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		w.idle(t)
		var got, written []string
		for _, d := range w.take() {
			if d.Type() == string(triggers.Written) {
				written = append(written, d.Type())
				continue
			}
			got = append(got, d.Type())
			shape := fmt.Sprint(d.OldValue != nil, d.Value != nil)
			if want := map[triggers.EventType]string{
				triggers.Created: "false true", triggers.Updated: "true true", triggers.Deleted: "true false",
			}[triggers.EventType(d.Type())]; shape != want {
				t.Errorf("%s: %s has old and new versions %s, want %s", test.name, d.Type(), shape, want)
			}
		}
		var want []string
		for _, kind := range test.want {
			want = append(want, string(kind))
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) || len(written) != len(want) {
			t.Errorf("%s: got %q and %d written events, want %q", test.name, got, len(written), want)
		}
	}
}

// TestRequestFormat compares a request with what Eventarc sends.
func TestRequestFormat(t *testing.T) {
	w := start(t)
	const account = "functions@demo-test.iam.gserviceaccount.com"
	w.register(t, triggers.Trigger{Event: triggers.Updated, Document: "users/{uid}", ServiceAccount: account, Audience: "https://purge.example"})
	w.set(t, "users/u1", map[string]any{"name": "Kim", "kept": 1, "gone": true, "m": map[string]any{"x": 1, "y": 2}, "e": map[string]any{}})
	w.set(t, "users/u1", map[string]any{"name": "Lee", "kept": 1, "new field": 1, "m": map[string]any{"x": 2, "y": 2}, "e": map[string]any{"z": 1}})
	w.idle(t)
	got := w.take()
	if len(got) != 1 {
		t.Fatalf("got %d requests, want 1", len(got))
	}
	d := got[0]
	snapshot, err := w.db.Doc("users/u1").Get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"Ce-Specversion": "1.0",
		"Ce-Source":      "//firestore.googleapis.com/projects/demo-test/databases/(default)",
		"Ce-Type":        "google.cloud.firestore.document.v1.updated",
		"Ce-Subject":     "documents/users/u1",
		"Ce-Time":        snapshot.UpdateTime.Format("2006-01-02T15:04:05.999999999Z07:00"),
		"Ce-Dataschema":  "https://github.com/googleapis/google-cloudevents/blob/main/proto/google/events/cloud/firestore/v1/data.proto",
		"Ce-Project":     "demo-test",
		"Ce-Location":    "nam5",
		"Ce-Namespace":   "(default)",
		"Ce-Database":    "(default)",
		"Ce-Document":    "users/u1",
		"Content-Type":   "application/protobuf",
	} {
		if v := d.header.Get(name); v != want {
			t.Errorf("%s is %q, want %q", name, v, want)
		}
	}
	if len(d.header.Get("Ce-Id")) != 36 {
		t.Errorf("Ce-Id is %q, want a UUID", d.header.Get("Ce-Id"))
	}
	token, ok := strings.CutPrefix(d.header.Get("Authorization"), "Bearer ")
	if !ok || strings.Count(token, ".") != 2 {
		t.Errorf("Authorization is %q", d.header.Get("Authorization"))
	}
	if d.Value.Name != snapshot.Ref.Path || !d.Value.UpdateTime.AsTime().Equal(snapshot.UpdateTime) ||
		!d.Value.CreateTime.AsTime().Equal(snapshot.CreateTime) || !d.OldValue.CreateTime.AsTime().Equal(snapshot.CreateTime) {
		t.Errorf("the old and new versions are\n%v\n%v", d.OldValue, d.Value)
	}
	if b, a := d.OldValue.Fields["name"].GetStringValue(), d.Value.Fields["name"].GetStringValue(); b != "Kim" || a != "Lee" {
		t.Errorf("the name is %q before and %q after, want Kim and Lee", b, a)
	}
	if len(d.OldValue.Fields) != 5 || len(d.Value.Fields) != 5 {
		t.Errorf("%d fields before and %d after, want 5", len(d.OldValue.Fields), len(d.Value.Fields))
	}
	mask := slices.Sorted(slices.Values(d.UpdateMask.FieldPaths))
	if want := []string{"`new field`", "e", "gone", "m.x", "name"}; !slices.Equal(mask, want) {
		t.Errorf("the mask is %q, want %q", mask, want)
	}
}

// TestNonASCIINames checks IDs that headers cannot properly carry: they are correct in the payload and, as
// in production, UTF-8 in headers.
func TestNonASCIINames(t *testing.T) {
	w := start(t)
	w.register(t, triggers.Trigger{Document: "{path=**}"})
	for _, id := range []string{"한국어", "a b%20", "line\nfeed", "__id7__"} {
		ref := w.db.Collection("schools").Doc(id)
		if _, err := ref.Set(t.Context(), map[string]any{}); err != nil {
			t.Fatal(err)
		}
		w.idle(t)
		got := w.take()
		if len(got) != 1 {
			t.Fatalf("%q: got %d requests", id, len(got))
		}
		if got[0].Value.Name != ref.Path {
			t.Errorf("%q: the payload names %q", id, got[0].Value.Name)
		}
		want := "schools/" + strings.ReplaceAll(id, "\n", "%0A")
		if h := got[0].header.Get("ce-document"); h != want {
			t.Errorf("%q: the header is %q, want %q", id, h, want)
		}
	}
}

// TestEveryWriterCreatesEvents checks that a client, a server and a seed create the same events.
func TestEveryWriterCreatesEvents(t *testing.T) {
	w := start(t)
	w.register(t, triggers.Trigger{Event: triggers.Created, Document: "users/{uid}"})
	if _, err := w.FirestoreClientAs(t, "u1", nil).Doc("users/client").Set(t.Context(), map[string]any{"n": 1}); err != nil {
		t.Fatal(err)
	}
	w.set(t, "users/server", map[string]any{"n": 1})
	db, err := w.Firestore.Database("demo-test", "(default)")
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Seed(map[string]map[string]any{"users/seed": {"n": 1}}); err != nil {
		t.Fatal(err)
	}
	w.idle(t)
	var ids []string
	for _, d := range w.take() {
		ids = append(ids, d.document())
		if n := d.Value.Fields["n"].GetIntegerValue(); n != 1 {
			t.Errorf("%s has n=%d", d.document(), n)
		}
	}
	slices.Sort(ids)
	if want := []string{"users/client", "users/seed", "users/server"}; !slices.Equal(ids, want) {
		t.Errorf("got events of %q, want %q", ids, want)
	}
}

// TestDuplicatesHaveSameID checks that two deliveries of an event have the same ID and data.
func TestDuplicatesHaveSameID(t *testing.T) {
	w := start(t)
	w.Triggers.SetFaults(triggers.Faults{Twice: true})
	w.register(t, triggers.Trigger{Document: "users/{uid}"})
	w.set(t, "users/u1", map[string]any{"n": 1})
	w.set(t, "users/u2", map[string]any{"n": 1})
	w.idle(t)
	byID := map[string][]delivery{}
	for _, d := range w.take() {
		byID[d.ID()] = append(byID[d.ID()], d)
	}
	if len(byID) != 2 {
		t.Fatalf("got %d ids, want 2", len(byID))
	}
	for id, twice := range byID {
		if len(twice) != 2 || !bytes.Equal(twice[0].Data(), twice[1].Data()) {
			t.Errorf("%s came %d times or with different data, want twice the same", id, len(twice))
		}
	}
	if done := w.events(t, triggers.Done); len(done) != 2 {
		t.Errorf("%d events are done, want 2", len(done))
	}
}

// TestDatabases checks that a trigger receives events of its own database only.
func TestDatabases(t *testing.T) {
	w := start(t)
	w.register(t, triggers.Trigger{Document: "users/{uid}", Database: "other"})
	w.set(t, "users/u1", map[string]any{"n": 1})
	for _, name := range [][2]string{{"demo-test", "other"}, {"demo-elsewhere", "other"}} {
		db, err := w.Firestore.Database(name[0], name[1])
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Seed(map[string]map[string]any{"users/" + name[0]: {"n": 1}}); err != nil {
			t.Fatal(err)
		}
	}
	w.idle(t)
	got := w.take()
	if len(got) != 1 || got[0].document() != "users/demo-test" || got[0].Extensions()["database"] != "other" ||
		got[0].Source() != "//firestore.googleapis.com/projects/demo-test/databases/other" {
		t.Errorf("got %v", got)
	}
}

// TestRegisterIgnoresEarlierCommits checks that a trigger receives no events of commits before its
// registration.
func TestRegisterIgnoresEarlierCommits(t *testing.T) {
	w := start(t)
	for i := range 20 {
		before, after := fmt.Sprintf("users/before%d", i), fmt.Sprintf("users/after%d", i)
		w.set(t, before, map[string]any{"n": 1})
		w.register(t, triggers.Trigger{Name: fmt.Sprint("t", i), Document: after, Event: triggers.Created})
		w.register(t, triggers.Trigger{Name: fmt.Sprint("b", i), Document: before, Event: triggers.Created})
		w.set(t, after, map[string]any{"n": 1})
		w.idle(t)
		if got := w.documents(); !slices.Equal(got, []string{after}) {
			t.Errorf("round %d: got events of %q", i, got)
		}
	}
}

func TestInvalidTriggers(t *testing.T) {
	w := start(t)
	ok := triggers.Trigger{Name: "x", Event: triggers.Created, Document: "users/{uid}", URL: "http://127.0.0.1/"}
	for want, change := range map[string]func(*triggers.Trigger){
		"name is missing":      func(t *triggers.Trigger) { t.Name = "" },
		"has 200 bytes":        func(t *triggers.Trigger) { t.Name = strings.Repeat("x", 200) },
		"must be one of":       func(t *triggers.Trigger) { t.Event = "google.cloud.firestore.document.v1.read" },
		"must begin with http": func(t *triggers.Trigger) { t.URL = "localhost:8080" },
		"did you mean users/":  func(t *triggers.Trigger) { t.Document = "users" },
		"must be an ID":        func(t *triggers.Trigger) { t.Database = "projects/p/databases/d" },
		"from 1 to 1000":       func(t *triggers.Trigger) { t.MaxConcurrent = 1001 },
	} {
		trigger := ok
		change(&trigger)
		if err := w.Triggers.Register(trigger); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got error %v, want one with %q", err, want)
		}
	}
	if n := len(w.Triggers.Triggers()); n != 0 {
		t.Errorf("%d triggers are registered, want none", n)
	}
}
