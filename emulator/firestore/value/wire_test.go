package value

import (
	"testing"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/protobuf/proto"
)

func TestWireIsTheProtocols(t *testing.T) {
	for _, row := range ascending() {
		for _, v := range row {
			var got pb.Value
			if err := proto.Unmarshal(v.AppendWire(nil), &got); err != nil {
				t.Fatalf("%v: %v", v.Proto(), err)
			}
			if want := v.Proto(); !proto.Equal(&got, want) {
				t.Errorf("the encoding of %v reads as %v", want, &got)
			}
			back, err := FromProto(&got)
			if err == nil && !Identical(back, v) {
				t.Errorf("%v comes back as %v", v.Proto(), back.Proto())
			}
			f := NewFields([]Field{{"a", v}, {"b", OfArray([]Value{v})}, {"c", OfMap(NewFields([]Field{{"d", v}}))}})
			b := f.AppendDocumentFields(nil)
			if len(b) != f.DocumentFieldsSize() {
				t.Errorf("DocumentFieldsSize of %v = %d, want %d", v.Proto(), f.DocumentFieldsSize(), len(b))
			}
			var doc pb.Document
			if err := proto.Unmarshal(b, &doc); err != nil {
				t.Fatalf("a document with %v: %v", v.Proto(), err)
			}
			if !proto.Equal(&doc, &pb.Document{Fields: f.Proto()}) {
				t.Errorf("the encoding of a document with %v reads as %v", v.Proto(), &doc)
			}
		}
	}
}
