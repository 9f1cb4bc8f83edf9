package firestore_test

//lint:file-ignore SA1019 WriteBatch is deprecated, but applications use it, and it sends a commit outside a transaction.

import (
	"context"
	"math"
	"reflect"
	"testing"
	"time"

	"cloud.google.com/go/firestore"
	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// verifyWrite returns a write with the operation `string verify = 5`, which the public Go package
// of the protocol lacks.
func verifyWrite(doc string, cond *pb.Precondition) *pb.Write {
	w := &pb.Write{CurrentDocument: cond}
	w.ProtoReflect().SetUnknown(protowire.AppendString(protowire.AppendTag(nil, 5, protowire.BytesType), rawDB+"/documents/"+doc))
	return w
}

func exists(yes bool) *pb.Precondition {
	return &pb.Precondition{ConditionType: &pb.Precondition_Exists{Exists: yes}}
}

func updatedAt(t time.Time) *pb.Precondition {
	return &pb.Precondition{ConditionType: &pb.Precondition_UpdateTime{UpdateTime: timestamppb.New(t)}}
}

func TestPreconditions(t *testing.T) {
	c := start(t)
	r := raw{t, pb.NewFirestoreClient(c.conn)}
	ctx := context.Background()
	commit := func(ws ...*pb.Write) (*pb.CommitResponse, error) {
		return r.Commit(ctx, &pb.CommitRequest{Database: rawDB, Writes: ws})
	}
	update := func(cond *pb.Precondition) *pb.Write {
		return &pb.Write{Operation: &pb.Write_Update{Update: &pb.Document{Name: rawDB + "/documents/a/x"}}, CurrentDocument: cond}
	}
	remove := func(doc string, cond *pb.Precondition) *pb.Write {
		return &pb.Write{Operation: &pb.Write_Delete{Delete: rawDB + "/documents/" + doc}, CurrentDocument: cond}
	}
	out, err := commit(update(nil))
	if err != nil {
		t.Fatal(err)
	}
	at := out.CommitTime.AsTime()
	for _, tc := range []struct {
		name string
		w    *pb.Write
		want codes.Code
	}{
		{"update an existing document", update(exists(true)), codes.OK},
		{"create an existing document", update(exists(false)), codes.AlreadyExists},
		{"the epoch is the version of a missing document", update(updatedAt(time.Unix(0, 0))), codes.FailedPrecondition},
		{"delete, the epoch", remove("a/x", updatedAt(time.Unix(0, 0))), codes.FailedPrecondition},
		{"delete a document that must not exist", remove("a/x", exists(false)), codes.AlreadyExists},
		{"update the right version", update(updatedAt(at)), codes.OK},
		{"update another version", update(updatedAt(at.Add(time.Microsecond))), codes.FailedPrecondition},
		{"verify the right version", verifyWrite("a/x", updatedAt(at)), codes.OK},
		{"verify another version", verifyWrite("a/x", updatedAt(at.Add(-time.Microsecond))), codes.FailedPrecondition},
		{"verify that it exists", verifyWrite("a/x", exists(true)), codes.OK},
		{"verify that it does not exist", verifyWrite("a/x", exists(false)), codes.AlreadyExists},
		{"verify that a missing document does not exist", verifyWrite("a/none", exists(false)), codes.OK},
		{"verify that a missing document does not exist, by the epoch", verifyWrite("a/none", updatedAt(time.Unix(0, 0))), codes.OK},
		{"verify that a missing document exists", verifyWrite("a/none", exists(true)), codes.NotFound},
		{"verify a version of a missing document", verifyWrite("a/none", updatedAt(at)), codes.FailedPrecondition},
		{"delete a missing document", remove("a/none", nil), codes.OK},
		{"delete a missing document that must exist", remove("a/none", exists(true)), codes.NotFound},
		{"delete another version", remove("a/x", updatedAt(at.Add(time.Second))), codes.FailedPrecondition},
		{"no operation", &pb.Write{}, codes.InvalidArgument},
		{"delete the right version", remove("a/x", updatedAt(at)), codes.OK},
		{"create after the delete", update(updatedAt(time.Unix(0, 0))), codes.OK},
	} {
		if _, err := commit(tc.w); status.Code(err) != tc.want {
			t.Errorf("%s: %v, want %v", tc.name, err, tc.want)
		}
	}
	// One failed write fails the commit.
	if _, err := commit(remove("a/x", nil), verifyWrite("a/none", exists(true))); status.Code(err) != codes.NotFound {
		t.Errorf("delete, and verify another document: %v", err)
	}
	if _, err := commit(verifyWrite("a/x", exists(true))); err != nil {
		t.Errorf("the delete took effect although the commit failed: %v", err)
	}
}

// TestSequences writes a document several times in a commit. An update after a delete is
// INVALID_ARGUMENT, whether or not the document existed: firebase-js-sdk,
// packages/firestore/test/integration/api/transactions.test.ts, which runs against production. So is a
// create after a write: https://cloud.google.com/datastore/docs/reference/data/rest/v1/projects/commit.
// It is long because each sequence is a row of its table.
func TestSequences(t *testing.T) {
	ctx := context.Background()
	fs := start(t).client(t, "demo-tx")
	doc := fs.Doc("a/x")
	update := []firestore.Update{{Path: "n", Value: 2}}
	data := map[string]any{"n": 1}
	for _, tc := range []struct {
		name   string
		exists bool
		do     func(b *firestore.WriteBatch)
		want   codes.Code
	}{
		{"delete and update", true, func(b *firestore.WriteBatch) { b.Delete(doc).Update(doc, update) }, codes.InvalidArgument},
		{"delete and update of a missing document", false, func(b *firestore.WriteBatch) { b.Delete(doc).Update(doc, update) }, codes.InvalidArgument},
		{"delete and transform", true, func(b *firestore.WriteBatch) {
			b.Delete(doc).Update(doc, []firestore.Update{{Path: "n", Value: firestore.Increment(1)}})
		}, codes.InvalidArgument},
		{"set, delete and update", false, func(b *firestore.WriteBatch) {
			b.Set(doc, map[string]any{"n": 1}).Delete(doc).Update(doc, update)
		}, codes.InvalidArgument},
		{"delete and set", true, func(b *firestore.WriteBatch) { b.Delete(doc).Set(doc, map[string]any{"n": 1}) }, codes.OK},
		{"delete, set and update", true, func(b *firestore.WriteBatch) {
			b.Delete(doc).Set(doc, map[string]any{"n": 1}).Update(doc, update)
		}, codes.OK},
		{"delete twice", true, func(b *firestore.WriteBatch) { b.Delete(doc).Delete(doc) }, codes.OK},
		{"create twice", false, func(b *firestore.WriteBatch) { b.Create(doc, data).Create(doc, data) }, codes.InvalidArgument},
		{"create twice, existing", true, func(b *firestore.WriteBatch) { b.Create(doc, data).Create(doc, data) }, codes.InvalidArgument},
		{"set and create", false, func(b *firestore.WriteBatch) { b.Set(doc, data).Create(doc, data) }, codes.InvalidArgument},
		{"set and create, existing", true, func(b *firestore.WriteBatch) { b.Set(doc, data).Create(doc, data) }, codes.InvalidArgument},
		{"update and create", true, func(b *firestore.WriteBatch) { b.Update(doc, update).Create(doc, data) }, codes.InvalidArgument},
		{"merge and create", false, func(b *firestore.WriteBatch) { b.Set(doc, data, firestore.MergeAll).Create(doc, data) }, codes.InvalidArgument},
		{"transform and create", false, func(b *firestore.WriteBatch) {
			b.Set(doc, map[string]any{"n": firestore.Increment(1)}, firestore.MergeAll).Create(doc, data)
		}, codes.InvalidArgument},
		{"set, delete and create", true, func(b *firestore.WriteBatch) { b.Set(doc, data).Delete(doc).Create(doc, data) }, codes.OK},
		{"delete and create", true, func(b *firestore.WriteBatch) { b.Delete(doc).Create(doc, data) }, codes.OK},
		{"delete and create, missing", false, func(b *firestore.WriteBatch) { b.Delete(doc).Create(doc, data) }, codes.OK},
		{"delete, create and create", true, func(b *firestore.WriteBatch) { b.Delete(doc).Create(doc, data).Create(doc, data) }, codes.InvalidArgument},
		{"create and update", false, func(b *firestore.WriteBatch) { b.Create(doc, data).Update(doc, update) }, codes.OK},
		{"create and set", false, func(b *firestore.WriteBatch) { b.Create(doc, data).Set(doc, data) }, codes.OK},
		{"create and delete", false, func(b *firestore.WriteBatch) { b.Create(doc, data).Delete(doc) }, codes.OK},
		{"create an existing document, then another twice", true, func(b *firestore.WriteBatch) {
			b.Create(doc, data).Create(fs.Doc("a/y"), data).Create(fs.Doc("a/y"), data)
		}, codes.InvalidArgument},
		{"set of one and create of another document", false, func(b *firestore.WriteBatch) { b.Set(doc, data).Create(fs.Doc("a/z"), data) }, codes.OK},
		{"delete twice, the second requires it", true, func(b *firestore.WriteBatch) {
			b.Delete(doc).Delete(doc, firestore.Exists)
		}, codes.NotFound},
		{"set and delete what must exist", false, func(b *firestore.WriteBatch) { b.Set(doc, data).Delete(doc, firestore.Exists) }, codes.OK},
		{"update of a missing document", false, func(b *firestore.WriteBatch) { b.Update(doc, update) }, codes.NotFound},
		{"delete and update of another document", true, func(b *firestore.WriteBatch) { b.Delete(doc).Update(fs.Doc("a/y"), update) }, codes.NotFound},
	} {
		var err error
		if tc.exists {
			_, err = doc.Set(ctx, map[string]any{"n": 1})
		} else {
			_, err = doc.Delete(ctx)
		}
		if err != nil {
			t.Fatal(err)
		}
		b := fs.Batch()
		tc.do(b)
		if _, err := b.Commit(ctx); status.Code(err) != tc.want {
			t.Errorf("%s: %v, want %v", tc.name, err, tc.want)
		}
	}
}

func TestTransforms(t *testing.T) {
	ctx := context.Background()
	fs := start(t).client(t, "demo-tx")
	doc := fs.Doc("a/x")
	nan := math.NaN()
	for _, tc := range []struct {
		name      string
		before    any
		transform any
		want      any
	}{
		{"increment", int64(1), firestore.Increment(2), int64(3)},
		{"increment by a double", int64(1), firestore.Increment(0.5), 1.5},
		{"increment a double", 1.5, firestore.Increment(1), 2.5},
		{"increment a string", "x", firestore.Increment(1), int64(1)},
		{"increment stops at the largest", int64(math.MaxInt64), firestore.Increment(1), int64(math.MaxInt64)},
		{"increment stops at the smallest", int64(math.MinInt64), firestore.Increment(-1), int64(math.MinInt64)},
		{"maximum", int64(1), firestore.FieldTransformMaximum(2), int64(2)},
		{"maximum keeps", int64(3), firestore.FieldTransformMaximum(2.5), int64(3)},
		{"maximum of equals keeps", int64(3), firestore.FieldTransformMaximum(3.0), int64(3)},
		{"maximum of a string", "x", firestore.FieldTransformMaximum(2), int64(2)},
		{"minimum", 1.5, firestore.FieldTransformMinimum(1), int64(1)},
		{"minimum keeps", 0.5, firestore.FieldTransformMinimum(1), 0.5},
		{"minimum with NaN", nan, firestore.FieldTransformMinimum(1), nan},
		{"union", []any{int64(1)}, firestore.ArrayUnion(1.0, 2, 2, nil, nan, nan), []any{int64(1), int64(2), nil, nan}},
		{"union with a string", "x", firestore.ArrayUnion(1), []any{int64(1)}},
		{"remove", []any{int64(1), 1.0, "a", nan, int64(1)}, firestore.ArrayRemove(1, nan), []any{"a"}},
		{"remove from a string", "x", firestore.ArrayRemove(1), []any{}},
	} {
		if _, err := doc.Set(ctx, map[string]any{"f": tc.before, "g": map[string]any{"h": 1}}); err != nil {
			t.Fatal(err)
		}
		if _, err := doc.Update(ctx, []firestore.Update{{Path: "f", Value: tc.transform}}); err != nil {
			t.Errorf("%s: %v", tc.name, err)
			continue
		}
		snap, err := doc.Get(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if got := snap.Data()["f"]; !same(got, tc.want) {
			t.Errorf("%s: %v becomes %v, want %v", tc.name, tc.before, got, tc.want)
		}
		if got := snap.Data()["g"]; !reflect.DeepEqual(got, map[string]any{"h": int64(1)}) {
			t.Errorf("%s: the other field becomes %v", tc.name, got)
		}
	}
}

// same is like DeepEqual, but NaN equals itself.
func same(a, b any) bool {
	x, ok1 := a.([]any)
	y, ok2 := b.([]any)
	if ok1 && ok2 && len(x) == len(y) {
		for i := range x {
			if !same(x[i], y[i]) {
				return false
			}
		}
		return true
	}
	f, ok1 := a.(float64)
	g, ok2 := b.(float64)
	return reflect.DeepEqual(a, b) || ok1 && ok2 && math.IsNaN(f) && math.IsNaN(g)
}

func TestMasks(t *testing.T) {
	ctx := context.Background()
	fs := start(t).client(t, "demo-tx")
	doc := fs.Doc("a/x")
	before := func() map[string]any {
		return map[string]any{"a": int64(1), "m": map[string]any{"x": int64(1), "y.z": int64(2)}, "`q`": int64(3)}
	}
	for _, tc := range []struct {
		name string
		do   func() error
		want map[string]any
	}{
		{"a nested field", func() error {
			_, err := doc.Update(ctx, []firestore.Update{{Path: "m.x", Value: 9}})
			return err
		}, map[string]any{"a": int64(1), "m": map[string]any{"x": int64(9), "y.z": int64(2)}, "`q`": int64(3)}},
		{"a quoted field", func() error {
			_, err := doc.Update(ctx, []firestore.Update{{FieldPath: []string{"m", "y.z"}, Value: 9}, {FieldPath: []string{"`q`"}, Value: firestore.Delete}})
			return err
		}, map[string]any{"a": int64(1), "m": map[string]any{"x": int64(1), "y.z": int64(9)}}},
		{"a field below one that is not a map", func() error {
			_, err := doc.Update(ctx, []firestore.Update{{Path: "a.b.c", Value: 9}})
			return err
		}, map[string]any{"a": map[string]any{"b": map[string]any{"c": int64(9)}}, "m": map[string]any{"x": int64(1), "y.z": int64(2)}, "`q`": int64(3)}},
		{"merge", func() error {
			_, err := doc.Set(ctx, map[string]any{"m": map[string]any{"n": 5}, "b": 6}, firestore.MergeAll)
			return err
		}, map[string]any{"a": int64(1), "b": int64(6), "m": map[string]any{"x": int64(1), "y.z": int64(2), "n": int64(5)}, "`q`": int64(3)}},
		{"delete a missing field", func() error {
			_, err := doc.Update(ctx, []firestore.Update{{Path: "z.y", Value: firestore.Delete}})
			return err
		}, before()},
	} {
		if _, err := doc.Set(ctx, before()); err != nil {
			t.Fatal(err)
		}
		if err := tc.do(); err != nil {
			t.Errorf("%s: %v", tc.name, err)
			continue
		}
		snap, err := doc.Get(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if got := snap.Data(); !reflect.DeepEqual(got, tc.want) {
			t.Errorf("%s: got %v, want %v", tc.name, got, tc.want)
		}
	}
}

// Paths of a mask may overlap: DocumentMask in google/firestore/v1/common.proto does not forbid it. The
// Go client rejects such masks, so the test writes with the protocol.
func TestOverlappingMask(t *testing.T) {
	c := start(t)
	r := raw{t, pb.NewFirestoreClient(c.conn)}
	ctx := context.Background()
	text := func(s string) *pb.Value { return &pb.Value{ValueType: &pb.Value_StringValue{StringValue: s}} }
	object := func(name, v string) *pb.Value {
		return &pb.Value{ValueType: &pb.Value_MapValue{MapValue: &pb.MapValue{Fields: map[string]*pb.Value{name: text(v)}}}}
	}
	name := rawDB + "/documents/a/x"
	for _, mask := range [][]string{{"owner.name", "owner"}, {"owner", "owner.name"}, {"owner", "owner.name.first", "owner.name"}} {
		for _, tc := range []struct{ before, after *pb.Value }{
			{object("id", "1"), object("name", "Kim")},
			{object("name", "Lee"), object("id", "2")},
			{object("name", "Lee"), text("Kim")},
			{object("name", "Lee"), nil},
		} {
			before := map[string]*pb.Value{"owner": tc.before, "other": text("stays")}
			after := map[string]*pb.Value{"other": text("is not in the mask")}
			want := map[string]*pb.Value{"other": text("stays")}
			if tc.after != nil {
				after["owner"], want["owner"] = tc.after, tc.after
			}
			for _, w := range []*pb.Write{
				{Operation: &pb.Write_Update{Update: &pb.Document{Name: name, Fields: before}}},
				{Operation: &pb.Write_Update{Update: &pb.Document{Name: name, Fields: after}}, UpdateMask: &pb.DocumentMask{FieldPaths: mask}},
			} {
				if _, err := r.Commit(ctx, &pb.CommitRequest{Database: rawDB, Writes: []*pb.Write{w}}); err != nil {
					t.Fatalf("mask %v: %v", mask, err)
				}
			}
			got, err := r.GetDocument(ctx, &pb.GetDocumentRequest{Name: name})
			if err != nil {
				t.Fatal(err)
			}
			if !proto.Equal(&pb.MapValue{Fields: got.Fields}, &pb.MapValue{Fields: want}) {
				t.Errorf("mask %v: got %v, want %v", mask, got.Fields, want)
			}
		}
	}
}

// A write that changes nothing does not change the update time.
func TestNoDifference(t *testing.T) {
	ctx := context.Background()
	fs := start(t).client(t, "demo-tx")
	doc := fs.Doc("a/x")
	first, err := doc.Set(ctx, map[string]any{"n": 1})
	if err != nil {
		t.Fatal(err)
	}
	second, err := doc.Set(ctx, map[string]any{"n": 1})
	if err != nil {
		t.Fatal(err)
	}
	if !first.UpdateTime.Equal(second.UpdateTime) {
		t.Errorf("the update time went from %v to %v", first.UpdateTime, second.UpdateTime)
	}
	third, err := doc.Set(ctx, map[string]any{"n": 1.0})
	if err != nil {
		t.Fatal(err)
	}
	if !third.UpdateTime.After(second.UpdateTime) {
		t.Errorf("replacing 1 by 1.0 left the update time at %v", third.UpdateTime)
	}
}
