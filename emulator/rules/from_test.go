package rules_test

import (
	"strings"
	"testing"

	"cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/genproto/googleapis/type/latlng"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"heek.kr/heektime/emulator/rules"
)

// Documents as Firestore's API has them can be judged as they are.
func TestProtoFields(t *testing.T) {
	str := func(s string) *firestorepb.Value {
		return &firestorepb.Value{ValueType: &firestorepb.Value_StringValue{StringValue: s}}
	}
	document := rules.ProtoFields{
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
		Access: rules.NewAccess(world()), Explain: true})
	if !d.Allowed || d.Err != nil {
		t.Errorf("%v: %v", d.Err, d.Refusal)
	}
}

func TestClaims(t *testing.T) {
	set := compile(t, rulesWith(`allow get: if request.auth.token == {'n': 3, 'f': 0.5, 'l': ['a', 1], 'm': {'k': true}, 'z': null};`))
	d := set.Evaluate(t.Context(), &rules.Request{Service: rules.Firestore, Method: rules.Get, Path: root + "/things/x", Explain: true, Auth: &rules.Auth{UID: "a",
		Token: rules.Claims{"n": 3.0, "f": 0.5, "l": []any{"a", 1.0}, "m": map[string]any{"k": true}, "z": nil}}})
	if !d.Allowed {
		t.Error(d.Refusal)
	}
}

// A refusal stays small, however much a client sends.
func TestRefusalIsBounded(t *testing.T) {
	huge := fields{"s": text(strings.Repeat("long ", 100_000))}
	for i := range 1000 {
		huge["f"+strings.Repeat("x", i%50)+string(rune('a'+i%26))] = huge["s"]
	}
	set := compile(t, rulesWith(strings.Repeat(`allow create: if request.resource.data == {} && true || request.resource.data.s.size() < 3 || request.resource.data.keys() == [];`, 30)))
	d := set.Evaluate(t.Context(), &rules.Request{Service: rules.Firestore, Method: rules.Create, Path: root + "/things/x", After: huge, Explain: true})
	if d.Allowed || len(d.Refusal.Tried) != 20 || len(d.Refusal.String()) > 64<<10 {
		t.Errorf("%d bytes about %d statements", len(d.Refusal.String()), len(d.Refusal.Tried))
	}
}
