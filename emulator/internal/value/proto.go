package value

import (
	"math"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/genproto/googleapis/type/latlng"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/structpb"
)

// FromProto converts a value sent by a client. Its error is a gRPC status INVALID_ARGUMENT.
func FromProto(v *pb.Value) (Value, error) { return fromProto(v, place{}) }

// QueryVector returns the elements of the vector of a nearest-neighbor search. Unlike those of documents,
// they may be NaN.
func QueryVector(v *pb.Value) ([]Value, error) {
	m, err := fromProto(v, place{nan: true})
	if err != nil {
		return nil, err
	}
	elements, ok := m.Vector()
	if !ok {
		return nil, status.Error(codes.InvalidArgument, "The query vector must be a vector.")
	}
	return elements, nil
}

// CheckFieldName returns INVALID_ARGUMENT if a document cannot have a field with this name.
func CheckFieldName(name string) error { return place{}.checkFieldName(name) }

// FieldsFromProto converts the fields of a document sent by a client.
func FieldsFromProto(m map[string]*pb.Value) (*Fields, error) { return fieldsFromProto(m, place{}) }

func fromProto(v *pb.Value, at place) (Value, error) {
	switch x := v.GetValueType().(type) {
	case *pb.Value_NullValue:
		return NullValue, nil
	case *pb.Value_BooleanValue:
		return OfBool(x.BooleanValue), nil
	case *pb.Value_IntegerValue:
		return OfInt(x.IntegerValue), nil
	case *pb.Value_DoubleValue:
		return ofAnyDouble(x.DoubleValue), nil
	case *pb.Value_TimestampValue:
		s, n := x.TimestampValue.GetSeconds(), int64(x.TimestampValue.GetNanos())
		return OfTime(MicrosOfParts(s, n)), at.checkTime(s, n)
	case *pb.Value_StringValue:
		return OfString(x.StringValue), at.checkSize(len(x.StringValue))
	case *pb.Value_BytesValue:
		return OfBytes(string(x.BytesValue)), at.checkSize(len(x.BytesValue))
	case *pb.Value_ReferenceValue:
		return OfReference(x.ReferenceValue), at.checkReference(x.ReferenceValue)
	case *pb.Value_GeoPointValue:
		lat, lng := x.GeoPointValue.GetLatitude(), x.GeoPointValue.GetLongitude()
		return OfGeoPoint(lat, lng), at.checkGeoPoint(lat, lng)
	case *pb.Value_ArrayValue:
		return arrayFromProto(x.ArrayValue.GetValues(), at.in())
	case *pb.Value_MapValue:
		f, err := fieldsFromProto(x.MapValue.GetFields(), at.in())
		if err != nil {
			return Value{}, err
		}
		m := OfMap(f)
		return m, at.checkVector(m)
	case nil:
		return Value{}, errNoType()
	}
	return Value{}, errUnstorable()
}

// ofAnyDouble is OfDouble with the same bits for every NaN.
func ofAnyDouble(f float64) Value {
	if math.IsNaN(f) {
		f = math.NaN()
	}
	return OfDouble(f)
}

func arrayFromProto(list []*pb.Value, at place) (Value, error) {
	if err := at.checkDepth(); err != nil {
		return Value{}, err
	}
	vs := make([]Value, len(list))
	for i, e := range list {
		var err error
		if vs[i], err = fromProto(e, at); err != nil {
			return Value{}, err
		}
		if err := at.checkElement(vs[i]); err != nil {
			return Value{}, err
		}
	}
	return OfArray(vs), nil
}

func fieldsFromProto(m map[string]*pb.Value, at place) (*Fields, error) {
	if err := at.checkDepth(); err != nil {
		return nil, err
	}
	list := make([]Field, 0, len(m))
	for name, e := range m {
		if err := at.checkFieldName(name); err != nil {
			return nil, err
		}
		v, err := fromProto(e, at.field(name))
		if err != nil {
			return nil, err
		}
		list = append(list, Field{name, v})
	}
	return NewFields(list), nil
}

// Proto converts v for a response.
func (v Value) Proto() *pb.Value {
	switch v.kind {
	case Null:
		return &pb.Value{ValueType: &pb.Value_NullValue{NullValue: structpb.NullValue_NULL_VALUE}}
	case Bool:
		return &pb.Value{ValueType: &pb.Value_BooleanValue{BooleanValue: v.num != 0}}
	case Int:
		return &pb.Value{ValueType: &pb.Value_IntegerValue{IntegerValue: v.Int()}}
	case Double:
		return &pb.Value{ValueType: &pb.Value_DoubleValue{DoubleValue: v.Double()}}
	case Timestamp:
		return &pb.Value{ValueType: &pb.Value_TimestampValue{TimestampValue: v.Time().Proto()}}
	case String:
		return &pb.Value{ValueType: &pb.Value_StringValue{StringValue: v.str}}
	case Bytes:
		return &pb.Value{ValueType: &pb.Value_BytesValue{BytesValue: []byte(v.str)}}
	case Reference:
		return &pb.Value{ValueType: &pb.Value_ReferenceValue{ReferenceValue: v.str}}
	case GeoPoint:
		lat, lng := v.GeoPoint()
		return &pb.Value{ValueType: &pb.Value_GeoPointValue{GeoPointValue: &latlng.LatLng{Latitude: lat, Longitude: lng}}}
	case Array:
		vs := v.Array()
		list := make([]*pb.Value, len(vs))
		for i, e := range vs {
			list[i] = e.Proto()
		}
		return &pb.Value{ValueType: &pb.Value_ArrayValue{ArrayValue: &pb.ArrayValue{Values: list}}}
	case Map:
		return &pb.Value{ValueType: &pb.Value_MapValue{MapValue: &pb.MapValue{Fields: v.Map().Proto()}}}
	}
	return nil
}

// Proto converts fields for a response.
func (f *Fields) Proto() map[string]*pb.Value {
	m := make(map[string]*pb.Value, f.Len())
	for _, e := range f.All() {
		m[e.Name] = e.Value.Proto()
	}
	return m
}
