package write

import (
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/genproto/googleapis/type/latlng"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"heek.kr/heektime/emulator/internal/value"
)

const testDB = "projects/p/databases/(default)"

// Requests decoded by Unmarshal and by proto.Unmarshal lead to the same writes, or to the same error.
func TestUnmarshal(t *testing.T) {
	t.Parallel()
	text := func(s string) *pb.Value { return &pb.Value{ValueType: &pb.Value_StringValue{StringValue: s}} }
	number := func(f float64) *pb.Value { return &pb.Value{ValueType: &pb.Value_DoubleValue{DoubleValue: f}} }
	array := func(v ...*pb.Value) *pb.Value {
		return &pb.Value{ValueType: &pb.Value_ArrayValue{ArrayValue: &pb.ArrayValue{Values: v}}}
	}
	object := func(name string, v *pb.Value) *pb.Value {
		return &pb.Value{ValueType: &pb.Value_MapValue{MapValue: &pb.MapValue{Fields: map[string]*pb.Value{name: v}}}}
	}
	vector := func(v ...*pb.Value) *pb.Value {
		m := object("__type__", text("__vector__"))
		m.GetMapValue().Fields["value"] = array(v...)
		return m
	}
	at := func(s int64, n int32) *pb.Value {
		return &pb.Value{ValueType: &pb.Value_TimestampValue{TimestampValue: &timestamppb.Timestamp{Seconds: s, Nanos: n}}}
	}
	point := func(lat, lng float64) *pb.Value {
		return &pb.Value{ValueType: &pb.Value_GeoPointValue{GeoPointValue: &latlng.LatLng{Latitude: lat, Longitude: lng}}}
	}
	reference := func(name string) *pb.Value {
		return &pb.Value{ValueType: &pb.Value_ReferenceValue{ReferenceValue: name}}
	}
	deep := text("x")
	for range 20 {
		deep = object("m", deep)
	}
	const name = testDB + "/documents/c/a"
	set := func(f map[string]*pb.Value) *pb.Write {
		return &pb.Write{Operation: &pb.Write_Update{Update: &pb.Document{Name: name, Fields: f}}}
	}
	var writes []*pb.Write
	for _, v := range []*pb.Value{
		text(""), text("한글"), text(strings.Repeat("x", 1<<20-89)), text(strings.Repeat("x", 1<<20-88)), number(1.5), number(math.NaN()), number(math.Copysign(0, -1)),
		{ValueType: &pb.Value_NullValue{}}, {ValueType: &pb.Value_BooleanValue{BooleanValue: true}}, {ValueType: &pb.Value_BooleanValue{}},
		{ValueType: &pb.Value_IntegerValue{IntegerValue: math.MinInt64}}, {ValueType: &pb.Value_IntegerValue{}}, {ValueType: &pb.Value_BytesValue{BytesValue: []byte{0, 0xff}}},
		at(1, 999_999_999), at(-1, 1000), at(1, -1), at(1<<40, 0), at(0, 0), point(90, -180), point(91, 0), point(0, math.NaN()), point(0, 0),
		reference(name), reference("c/a"), array(), array(text("a"), number(1)), array(array()), array(object("a", array())), object("a", text("b")),
		object("", text("b")), object("__x__", text("b")), object("__type__", text("b")), vector(number(1)), vector(), vector(text("x")), vector(number(math.NaN())),
		deep, object("m", deep), {}, nil, {ValueType: &pb.Value_FieldReferenceValue{FieldReferenceValue: "a"}},
	} {
		writes = append(writes, set(map[string]*pb.Value{"b": text("x"), "a": v, "c": array(text("y"))}))
	}
	masked := set(map[string]*pb.Value{"a": text("x")})
	masked.UpdateMask = &pb.DocumentMask{FieldPaths: []string{"a", "b"}}
	masked.CurrentDocument = &pb.Precondition{ConditionType: &pb.Precondition_Exists{Exists: true}}
	transformed := set(nil)
	transformed.UpdateTransforms = []*pb.DocumentTransform_FieldTransform{{FieldPath: "n", TransformType: &pb.DocumentTransform_FieldTransform_Increment{Increment: number(1)}}}
	timed := set(map[string]*pb.Value{"a": text("x")})
	timed.GetUpdate().UpdateTime = timestamppb.Now()
	verify := &pb.Write{CurrentDocument: masked.CurrentDocument}
	SetVerify(verify, name)
	writes = append(writes, set(nil), masked, transformed, timed, verify, &pb.Write{}, &pb.Write{Operation: &pb.Write_Update{}},
		&pb.Write{Operation: &pb.Write_Delete{Delete: name}}, set(map[string]*pb.Value{"": text("x")}), set(map[string]*pb.Value{"__x__": text("x")}),
		set(map[string]*pb.Value{strings.Repeat("x", 1501): text("x")}))
	for i, w := range writes {
		b, err := proto.Marshal(&pb.CommitRequest{Database: testDB, Writes: []*pb.Write{w, masked}, Transaction: []byte("t")})
		if err != nil {
			t.Fatal(err)
		}
		var plain, ours pb.CommitRequest
		if err := proto.Unmarshal(b, &plain); err != nil {
			t.Fatal(err)
		}
		if ours.Writes, err = Unmarshal(b, 2, &ours); err != nil {
			t.Fatal(err)
		}
		if ours.Database != testDB || string(ours.Transaction) != "t" {
			t.Errorf("decoded %q, %q", ours.Database, ours.Transaction)
		}
		want, wantErr := ParseAll(testDB, plain.Writes)
		got, gotErr := ParseAll(testDB, ours.Writes)
		if fmt.Sprint(gotErr) != fmt.Sprint(wantErr) || gotErr == nil && !equal(got[0], want[0]) {
			t.Errorf("write %d, %.300v: got %v, want %v", i, w, gotErr, wantErr)
		}
	}
}

// equal reports whether writes are the same.
func equal(a, b *Write) bool {
	fields := value.IdenticalFields(a.Fields, b.Fields)
	x, y := *a, *b
	x.Fields, y.Fields = nil, nil
	return fields && reflect.DeepEqual(x, y)
}

// Of an operation that comes twice, protobuf takes the last, and of a document's parts that do, all.
func TestUnmarshalTwice(t *testing.T) {
	t.Parallel()
	const a, b = testDB + "/documents/c/a", testDB + "/documents/c/b"
	part := func(w *pb.Write) []byte {
		text, err := proto.Marshal(w)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	update := func(name string, fields map[string]*pb.Value) []byte {
		return part(&pb.Write{Operation: &pb.Write_Update{Update: &pb.Document{Name: name, Fields: fields}}})
	}
	one := map[string]*pb.Value{"n": {ValueType: &pb.Value_IntegerValue{IntegerValue: 1}}}
	deletion := part(&pb.Write{Operation: &pb.Write_Delete{Delete: b}})
	for _, text := range [][]byte{
		append(update(a, one), deletion...), append(deletion, update(a, one)...), append(update(a, one), update(b, nil)...), append(update(a, nil), update("", one)...),
	} {
		want := &pb.Write{}
		if err := proto.Unmarshal(text, want); err != nil {
			t.Fatal(err)
		}
		got, err := unmarshalWrite(text)
		if err != nil || !proto.Equal(got, want) {
			t.Errorf("%x: %v, %v, want %v", text, got, err, want)
		}
	}
}

// What is not protobuf is an error, as is a name that is not UTF-8.
func TestUnmarshalErrors(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"\x0a", "\x12\x05\x0a", "\x12\x02\x0a\x01", "\x12\x05\x0a\x03\x0a\x01\xff", "\x12\x03\x2a\x01\xff\x0b"} {
		var r pb.CommitRequest
		if writes, err := Unmarshal([]byte(text), 2, &r); err == nil {
			t.Errorf("%x: %v", text, writes)
		}
	}
}
