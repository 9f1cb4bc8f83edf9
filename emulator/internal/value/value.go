// Package value is Firestore's data model: the values of a document's fields, with their order,
// sizes and encodings.
//
// A [Value] is immutable. Operations return a new value that shares its unchanged parts with the
// old one, so transactions, snapshots, listeners and connections can share values without copies or
// locks.
package value

import "math"

// Kind is one of Firestore's types. Kinds are numbered in the order in which Firestore sorts values
// of different types, except that Int and Double are compared as numbers
// (https://firebase.google.com/docs/firestore/manage-data/data-types#value_type_ordering).
type Kind uint8

// Firestore's types. Absent is the kind of the zero Value: a missing field.
const (
	Absent Kind = iota
	Null
	Bool
	Int
	Double
	Timestamp
	String
	Bytes
	Reference
	GeoPoint
	Array
	Vector // stored as a map with the keys __type__ and value; only returned by [Value.Order]
	Map
)

// Value is one Firestore value. The zero Value is Absent.
type Value struct {
	kind Kind
	num  uint64 // Bool: 0 or 1; Int; Double and GeoPoint's latitude: IEEE bits; Timestamp: microseconds
	str  string // String, Bytes (any octets), Reference (full resource name)
	ref  any    // Array: []Value; Map: *Fields; GeoPoint's longitude: float64
}

// NullValue is Firestore's null.
var NullValue = Value{kind: Null}

// OfBool returns a boolean.
func OfBool(b bool) Value {
	if b {
		return Value{kind: Bool, num: 1}
	}
	return Value{kind: Bool}
}

// OfInt returns a 64-bit integer.
func OfInt(i int64) Value { return Value{kind: Int, num: uint64(i)} }

// OfDouble returns a double.
func OfDouble(f float64) Value { return Value{kind: Double, num: math.Float64bits(f)} }

// OfTime returns a timestamp of t microseconds since 1970.
func OfTime(t Micros) Value { return Value{kind: Timestamp, num: uint64(t)} }

// OfString returns a string. It must be valid UTF-8.
func OfString(s string) Value { return Value{kind: String, str: s} }

// OfBytes returns a byte string with the octets of s.
func OfBytes(s string) Value { return Value{kind: Bytes, str: s} }

// OfReference returns a reference to the document with the full name
// projects/p/databases/d/documents/….
func OfReference(name string) Value { return Value{kind: Reference, str: name} }

// OfGeoPoint returns a point; latitude is −90 to 90 degrees, longitude −180 to 180.
func OfGeoPoint(latitude, longitude float64) Value {
	return Value{kind: GeoPoint, num: math.Float64bits(latitude), ref: longitude}
}

// OfArray returns an array, which keeps vs.
func OfArray(vs []Value) Value { return Value{kind: Array, ref: vs} }

// OfMap returns a map with these fields; nil means none.
func OfMap(f *Fields) Value {
	if f == nil {
		f = &Fields{}
	}
	return Value{kind: Map, ref: f}
}

// Kind returns the value's type.
func (v Value) Kind() Kind { return v.kind }

// Exists reports whether v is not the zero Value.
func (v Value) Exists() bool { return v.kind != Absent }

// Bool returns the value of a Bool, or false for other kinds.
func (v Value) Bool() bool { return v.kind == Bool && v.num != 0 }

// Int returns the value of an Int.
func (v Value) Int() int64 { return int64(v.num) }

// Double returns the value of a Double.
func (v Value) Double() float64 { return math.Float64frombits(v.num) }

// Number returns the value of an Int or a Double as a float64; ok is false for other kinds.
func (v Value) Number() (f float64, ok bool) {
	switch v.kind {
	case Int:
		return float64(v.Int()), true
	case Double:
		return v.Double(), true
	}
	return 0, false
}

// IsNaN reports whether v is the double NaN.
func (v Value) IsNaN() bool { return v.kind == Double && math.IsNaN(v.Double()) }

// Time returns the value of a Timestamp.
func (v Value) Time() Micros { return Micros(v.num) }

// Text returns the text of a String, the octets of Bytes, or the name of a Reference.
func (v Value) Text() string { return v.str }

// GeoPoint returns the latitude and longitude of a GeoPoint in degrees.
func (v Value) GeoPoint() (latitude, longitude float64) {
	longitude, _ = v.ref.(float64)
	return math.Float64frombits(v.num), longitude
}

// Array returns an array's elements. The caller must not change them.
func (v Value) Array() []Value {
	vs, _ := v.ref.([]Value)
	return vs
}

// Map returns a map's fields, or nil for other kinds.
func (v Value) Map() *Fields {
	f, _ := v.ref.(*Fields)
	return f
}

// Order returns the kind by which the value is sorted: Int for every number, Vector for a map that
// is a vector, and Kind for all others.
func (v Value) Order() Kind {
	switch v.kind {
	case Double:
		return Int
	case Map:
		if _, ok := v.Vector(); ok {
			return Vector
		}
	}
	return v.kind
}

// Vector returns the elements of a vector: a map {"__type__": "__vector__", "value": [doubles]}.
func (v Value) Vector() (elements []Value, ok bool) {
	f := v.Map()
	if f == nil || f.Len() != 2 {
		return nil, false
	}
	if f.list[0].Name != "__type__" || f.list[0].Value.str != "__vector__" || f.list[0].Value.kind != String {
		return nil, false
	}
	if f.list[1].Name != "value" || f.list[1].Value.kind != Array {
		return nil, false
	}
	return f.list[1].Value.Array(), true
}
