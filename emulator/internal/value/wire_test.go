package value

import (
	"bytes"
	"math"
	"strings"
	"testing"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
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

// What clients send reaches others as it is stored: with the encoding it came in only if that is the same.
func TestFieldsFromWire(t *testing.T) {
	entry := func(name string, v []byte) []byte { // of Document.fields
		b := protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), name)
		b = protowire.AppendBytes(protowire.AppendTag(b, 2, protowire.BytesType), v)
		return protowire.AppendBytes(protowire.AppendTag(nil, numDocumentFields, protowire.BytesType), b)
	}
	one, two := OfInt(1).AppendWire(nil), OfInt(2).AppendWire(nil)
	nan := protowire.AppendFixed64(protowire.AppendTag(nil, numDouble, protowire.Fixed64Type), 0xfff8000000000001)
	nanos, err := proto.Marshal(&pb.Value{ValueType: &pb.Value_TimestampValue{TimestampValue: &timestamppb.Timestamp{Seconds: 1, Nanos: 1999}}})
	if err != nil {
		t.Fatal(err)
	}
	extra := protowire.AppendVarint(protowire.AppendTag(append([]byte(nil), entry("a", one)[2:]...), 3, protowire.VarintType), 1)
	extra = protowire.AppendBytes(protowire.AppendTag(nil, numDocumentFields, protowire.BytesType), extra)
	for name, tc := range map[string]struct {
		b    []byte
		want *Fields
		kept bool
	}{
		"in order":         {append(entry("a", one), entry("b", two)...), NewFields([]Field{{"a", OfInt(1)}, {"b", OfInt(2)}}), true},
		"in any order":     {append(entry("b", two), entry("a", one)...), NewFields([]Field{{"a", OfInt(1)}, {"b", OfInt(2)}}), true},
		"a name twice":     {append(entry("a", one), entry("a", two)...), NewFields([]Field{{"a", OfInt(2)}}), false},
		"a value twice":    {entry("a", append(two, one...)), NewFields([]Field{{"a", OfInt(1)}}), false},
		"a NaN":            {entry("a", nan), NewFields([]Field{{"a", OfDouble(math.NaN())}}), false},
		"nanoseconds":      {entry("a", nanos), NewFields([]Field{{"a", OfTime(1_000_001)}}), false},
		"an unknown field": {extra, NewFields([]Field{{"a", OfInt(1)}}), false},
		"long":             {entry("a", OfString(strings.Repeat("x", maxShared)).AppendWire(nil)), NewFields([]Field{{"a", OfString(strings.Repeat("x", maxShared))}}), false},
	} {
		got, err := FieldsFromWire(tc.b)
		if err != nil || !IdenticalFields(got, tc.want) || (got.wire != "") != tc.kept {
			t.Errorf("%s: %v, %v, encoding kept: %t", name, got.Proto(), err, got.wire != "")
			continue
		}
		var doc pb.Document
		if err := proto.Unmarshal(got.AppendDocumentFields(nil), &doc); err != nil || !proto.Equal(&doc, &pb.Document{Fields: tc.want.Proto()}) {
			t.Errorf("%s: encoded as %v, %v", name, &doc, err)
		}
		if tc.kept && bytes.Equal(got.With("c", OfInt(3)).AppendDocumentFields(nil), tc.b) {
			t.Errorf("%s: a change is not encoded", name)
		}
	}
}
