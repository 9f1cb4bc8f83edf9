package value

import (
	"math"
	"strings"
	"unicode/utf8"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/genproto/googleapis/type/latlng"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/structpb"
)

// MaxDepth is the maximum nesting depth of maps and arrays in a document
// (https://firebase.google.com/docs/firestore/quotas#collections_documents_and_fields).
const MaxDepth = 20

// Limits of the same page: the bytes of a string or byte string, wherever it is in the document, and of a field path.
const (
	maxValueBytes = 1<<20 - 89
	maxPathBytes  = 1500
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
func CheckFieldName(name string) error { return checkFieldName(name, place{}) }

// FieldsFromProto converts the fields of a document sent by a client.
func FieldsFromProto(m map[string]*pb.Value) (*Fields, error) { return fieldsFromProto(m, place{}) }

// place is where a value is in its document.
type place struct {
	depth int  // number of maps and arrays around it
	path  int  // bytes of the field path that leads to it, with the dot that a name would follow
	nan   bool // vectors may have elements that are NaN
}

// in returns the place of what a map or array contains.
func (p place) in() place { return place{p.depth + 1, p.path, p.nan} }

// field returns the place of the value of a field with this name.
func (p place) field(name string) place { return place{p.depth, p.path + len(name) + 1, p.nan} }

func fromProto(v *pb.Value, at place) (Value, error) {
	switch x := v.GetValueType().(type) {
	case *pb.Value_NullValue:
		return NullValue, nil
	case *pb.Value_BooleanValue:
		return OfBool(x.BooleanValue), nil
	case *pb.Value_IntegerValue:
		return OfInt(x.IntegerValue), nil
	case *pb.Value_DoubleValue:
		if math.IsNaN(x.DoubleValue) {
			return OfDouble(math.NaN()), nil // the same bits for every NaN
		}
		return OfDouble(x.DoubleValue), nil
	case *pb.Value_TimestampValue:
		s, n := x.TimestampValue.GetSeconds(), int64(x.TimestampValue.GetNanos())
		if n < 0 || n > 999_999_999 || s < int64(MinTime/1e6) || s > int64(MaxTime/1e6) {
			return Value{}, status.Error(codes.InvalidArgument, "The timestamp value is out of range: it must be from 0001-01-01T00:00:00Z to 9999-12-31T23:59:59Z.")
		}
		return OfTime(MicrosOfParts(s, n)), nil
	case *pb.Value_StringValue:
		return OfString(x.StringValue), checkSize(len(x.StringValue))
	case *pb.Value_BytesValue:
		return OfBytes(string(x.BytesValue)), checkSize(len(x.BytesValue))
	case *pb.Value_ReferenceValue:
		if !isName(x.ReferenceValue) {
			return Value{}, status.Errorf(codes.InvalidArgument, "The reference %q is not the name of a document: want projects/{project_id}/databases/{database_id}/documents/{path}.", x.ReferenceValue)
		}
		return OfReference(x.ReferenceValue), nil
	case *pb.Value_GeoPointValue:
		lat, lng := x.GeoPointValue.GetLatitude(), x.GeoPointValue.GetLongitude()
		if !(lat >= -90 && lat <= 90) || !(lng >= -180 && lng <= 180) {
			return Value{}, status.Error(codes.InvalidArgument, "The geo point is out of range: latitude must be from -90 to 90 and longitude from -180 to 180.")
		}
		return OfGeoPoint(lat, lng), nil
	case *pb.Value_ArrayValue:
		return arrayFromProto(x.ArrayValue.GetValues(), at.in())
	case *pb.Value_MapValue:
		f, err := fieldsFromProto(x.MapValue.GetFields(), at.in())
		if err != nil {
			return Value{}, err
		}
		m := OfMap(f)
		return m, checkVector(m, at.nan)
	case nil:
		return Value{}, status.Error(codes.InvalidArgument, "The value has no type set.")
	}
	return Value{}, status.Errorf(codes.InvalidArgument, "A value of type %T cannot be stored in a document.", v.GetValueType())
}

// isName reports whether s looks like the full name of a document.
func isName(s string) bool {
	parts := strings.SplitN(s, "/", 6)
	return len(parts) == 6 && parts[0] == "projects" && parts[2] == "databases" && parts[4] == "documents" &&
		parts[1] != "" && parts[3] != "" && strings.Count(parts[5], "/")%2 == 1 && !strings.Contains("/"+parts[5]+"/", "//")
}

func checkSize(n int) error {
	if n > maxValueBytes {
		return status.Errorf(codes.InvalidArgument, "A value of %d bytes is longer than %d bytes.", n, maxValueBytes)
	}
	return nil
}

func arrayFromProto(list []*pb.Value, at place) (Value, error) {
	if err := checkDepth(at.depth); err != nil {
		return Value{}, err
	}
	vs := make([]Value, len(list))
	for i, e := range list {
		var err error
		if vs[i], err = fromProto(e, at); err != nil {
			return Value{}, err
		}
		if vs[i].kind == Array {
			return Value{}, status.Error(codes.InvalidArgument, "Cannot convert an array value in an array value.")
		}
	}
	return OfArray(vs), nil
}

func fieldsFromProto(m map[string]*pb.Value, at place) (*Fields, error) {
	if err := checkDepth(at.depth); err != nil {
		return nil, err
	}
	list := make([]Field, 0, len(m))
	for name, e := range m {
		if err := checkFieldName(name, at); err != nil {
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

func checkDepth(depth int) error {
	if depth > MaxDepth {
		return status.Errorf(codes.InvalidArgument, "Property nesting depth exceeded: at most %d levels of maps and arrays are allowed.", MaxDepth)
	}
	return nil
}

// checkFieldName rejects empty, overlong and reserved names. Inside a map, __type__ is allowed: it
// marks a vector.
func checkFieldName(name string, at place) error {
	switch {
	case name == "":
		return status.Error(codes.InvalidArgument, "field names must not be empty")
	case at.path+len(name) > maxPathBytes:
		return status.Errorf(codes.InvalidArgument, "The field path that ends with %.40q is longer than %d bytes.", name, maxPathBytes)
	case !utf8.ValidString(name):
		return status.Errorf(codes.InvalidArgument, "The field name %q is not valid UTF-8.", name)
	case len(name) >= 4 && name[:2] == "__" && name[len(name)-2:] == "__" && !(at.depth > 0 && name == "__type__"):
		return status.Errorf(codes.InvalidArgument, "field name %q is reserved", name)
	}
	return nil
}

// checkVector rejects malformed vectors. A map with the key __type__ must be a vector, which has 1
// to 2048 doubles.
func checkVector(v Value, nan bool) error {
	if !v.Map().Get("__type__").Exists() {
		return nil
	}
	elements, ok := v.Vector()
	if !ok {
		return status.Error(codes.InvalidArgument, `A map with the key "__type__" must be {"__type__": "__vector__", "value": [doubles]}.`)
	}
	if len(elements) == 0 || len(elements) > 2048 {
		return status.Errorf(codes.InvalidArgument, "A vector has from 1 to 2048 dimensions, not %d.", len(elements))
	}
	for _, e := range elements {
		if e.kind != Double {
			return status.Error(codes.InvalidArgument, "All elements of a vector must be doubles.")
		}
		if e.IsNaN() && !nan {
			return status.Error(codes.InvalidArgument, "A vector cannot contain NaN.")
		}
	}
	return nil
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
