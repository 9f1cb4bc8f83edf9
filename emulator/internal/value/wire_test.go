package value

import (
	"testing"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/protobuf/proto"
)

func TestWireMatchesProtobuf(t *testing.T) {
	for _, row := range ascending() {
		for _, v := range row {
			var got pb.Value
			if err := proto.Unmarshal(v.AppendWire(nil), &got); err != nil {
				t.Fatalf("%v: %v", v.Proto(), err)
			}
			if want := v.Proto(); !proto.Equal(&got, want) {
				t.Errorf("%v decodes as %v", want, &got)
			}
			back, err := FromProto(&got)
			if err == nil && !Identical(back, v) {
				t.Errorf("%v converts back to %v", v.Proto(), back.Proto())
			}
			f := NewFields([]Field{{"a", v}, {"b", OfArray([]Value{v})}, {"c", OfMap(NewFields([]Field{{"d", v}}))}})
			b := f.AppendDocumentFields(nil)
			if len(b) != f.DocumentFieldsSize() {
				t.Errorf("DocumentFieldsSize of %v = %d, want %d", v.Proto(), f.DocumentFieldsSize(), len(b))
			}
			if back, err := ParseDocumentFields(b); err != nil || !IdenticalFields(back, f) {
				t.Errorf("document with %v decodes as %v (%v)", v.Proto(), back.Proto(), err)
			}
			var doc pb.Document
			if err := proto.Unmarshal(b, &doc); err != nil {
				t.Fatalf("document with %v: %v", v.Proto(), err)
			}
			if !proto.Equal(&doc, &pb.Document{Fields: f.Proto()}) {
				t.Errorf("document with %v decodes with protobuf as %v", v.Proto(), &doc)
			}
		}
	}
}

func FuzzParseDocumentFields(f *testing.F) {
	for _, row := range ascending() {
		f.Add(NewFields([]Field{{"a", row[0]}}).AppendDocumentFields(nil))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := ParseDocumentFields(b)
		if err != nil {
			return
		}
		again, err := ParseDocumentFields(got.AppendDocumentFields(nil))
		if err != nil || !IdenticalFields(got, again) {
			t.Errorf("%x decodes as %v, and re-encoded as %v (%v)", b, got.Proto(), again.Proto(), err)
		}
	})
}
