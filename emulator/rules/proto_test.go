package rules_test

import (
	"testing"

	"cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/genproto/googleapis/type/latlng"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"heek.kr/heektime/emulator/rules"
)

// protoFields implements rules.Fields with the fields of a Firestore document. It shows that
// callers can expose protobuf messages lazily, without this package importing protobuf.
type protoFields map[string]*firestorepb.Value

func (f protoFields) Len() int { return len(f) }

func (f protoFields) Get(name string) (rules.Value, bool) {
	v, ok := f[name]
	if !ok {
		return rules.Value{}, false
	}
	return fromProto(v), true
}

func (f protoFields) Names(yield func(string) bool) {
	for name := range f {
		if !yield(name) {
			return
		}
	}
}

type protoList []*firestorepb.Value

func (l protoList) Len() int             { return len(l) }
func (l protoList) At(i int) rules.Value { return fromProto(l[i]) }

// fromProto returns the value that rules see for a protobuf value. References become paths.
func fromProto(v *firestorepb.Value) rules.Value {
	switch v := v.GetValueType().(type) {
	case *firestorepb.Value_BooleanValue:
		return rules.BoolValue(v.BooleanValue)
	case *firestorepb.Value_IntegerValue:
		return rules.IntValue(v.IntegerValue)
	case *firestorepb.Value_DoubleValue:
		return rules.FloatValue(v.DoubleValue)
	case *firestorepb.Value_TimestampValue:
		return rules.TimeValue(v.TimestampValue.AsTime())
	case *firestorepb.Value_StringValue:
		return rules.StringValue(v.StringValue)
	case *firestorepb.Value_BytesValue:
		return rules.BytesValue(string(v.BytesValue))
	case *firestorepb.Value_ReferenceValue:
		return rules.PathValue(rules.ReferencePath(v.ReferenceValue))
	case *firestorepb.Value_GeoPointValue:
		return rules.LatLngValue(v.GeoPointValue.GetLatitude(), v.GeoPointValue.GetLongitude())
	case *firestorepb.Value_ArrayValue:
		return rules.ListValue(protoList(v.ArrayValue.GetValues()))
	case *firestorepb.Value_MapValue:
		return rules.MapValue(protoFields(v.MapValue.GetFields()))
	}
	return rules.Value{}
}

func TestProtoFields(t *testing.T) {
	str := func(s string) *firestorepb.Value {
		return &firestorepb.Value{ValueType: &firestorepb.Value_StringValue{StringValue: s}}
	}
	document := protoFields{
		"b": {ValueType: &firestorepb.Value_BooleanValue{BooleanValue: true}},
		"i": {ValueType: &firestorepb.Value_IntegerValue{IntegerValue: 7}},
		"d": {ValueType: &firestorepb.Value_DoubleValue{DoubleValue: 7}},
		"n": {ValueType: &firestorepb.Value_NullValue{NullValue: structpb.NullValue_NULL_VALUE}},
		"s": str("text"),
		"y": {ValueType: &firestorepb.Value_BytesValue{BytesValue: []byte{1}}},
		"t": {ValueType: &firestorepb.Value_TimestampValue{TimestampValue: timestamppb.New(now)}},
		"r": {ValueType: &firestorepb.Value_ReferenceValue{ReferenceValue: "projects/demo/databases/(default)/documents/users/alice"}},
		"g": {ValueType: &firestorepb.Value_GeoPointValue{GeoPointValue: &latlng.LatLng{Latitude: 1, Longitude: 2}}},
		"l": {ValueType: &firestorepb.Value_ArrayValue{ArrayValue: &firestorepb.ArrayValue{Values: []*firestorepb.Value{str("a")}}}},
		"m": {ValueType: &firestorepb.Value_MapValue{MapValue: &firestorepb.MapValue{Fields: map[string]*firestorepb.Value{"k": str("v")}}}},
	}
	set := compile(t, rulesWith(`allow create: if request.resource.data == {'b': true, 'i': 7, 'd': 7.0, 'n': null, 's': 'text', 'y': b'\x01', 't': request.time,
		'r': /databases/(default)/documents/users/alice, 'g': latlng.value(1, 2), 'l': ['a'], 'm': {'k': 'v'}}
		&& request.resource.data.i is int && request.resource.data.d is float && exists(request.resource.data.r)
		&& request.resource.data.keys().hasAll(['b', 'i']) && request.resource.data.size() == 11;`))
	d := set.Evaluate(t.Context(), &rules.Request{Service: rules.Firestore, Method: rules.Create, Path: root + "/things/x", Time: now, After: document,
		Access: rules.NewAccess(newStore()), Explain: true})
	if !d.Allowed || d.Err != nil {
		t.Errorf("%v: %v", d.Err, d.Denial)
	}
}
