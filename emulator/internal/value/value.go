// Package value is the data model of Firestore: the values that a document's fields hold, their order, their sizes,
// and their encodings.
//
// A [Value] is immutable. Everything that changes one returns another that shares what is unchanged, so values travel
// between transactions, snapshots, listeners and connections without copies or locks.
package value

import "math"

// Kind says which of Firestore's types a value has. Kinds are numbered in the order in which Firestore sorts values
// of different types, but for Int and Double, which are compared as numbers
// (https://firebase.google.com/docs/firestore/manage-data/data-types#value_type_ordering).
type Kind uint8

// The types of Firestore. Absent is the kind of the zero Value: a field that is not there.
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
	Vector // stored as a map with the keys __type__ and value; only [Value.Order] tells it from other maps
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

// OfReference returns a reference to the document with the full name projects/p/databases/d/documents/….
func OfReference(name string) Value { return Value{kind: Reference, str: name} }

// OfGeoPoint returns a point; latitude is −90 to 90 degrees, longitude −180 to 180.
func OfGeoPoint(latitude, longitude float64) Value {
	return Value{kind: GeoPoint, num: math.Float64bits(latitude), ref: longitude}
}

// OfArray returns an array. The caller gives vs away.
func OfArray(vs []Value) Value { return Value{kind: Array, ref: vs} }

// OfMap returns a map with these fields; nil means none.
func OfMap(f *Fields) Value {
	if f == nil {
		f = &Fields{}
	}
	return Value{kind: Map, ref: f}
}

// Kind is the value's type.
func (v Value) Kind() Kind { return v.kind }

// Exists is false for the zero Value: the field is not there.
func (v Value) Exists() bool { return v.kind != Absent }

// Bool is the value of a Bool, else false.
func (v Value) Bool() bool { return v.kind == Bool && v.num != 0 }

// Int is the value of an Int.
func (v Value) Int() int64 { return int64(v.num) }

// Double is the value of a Double.
func (v Value) Double() float64 { return math.Float64frombits(v.num) }

// Number is an Int's or a Double's value as a float64; ok is false for other kinds.
func (v Value) Number() (f float64, ok bool) {
	switch v.kind {
	case Int:
		return float64(v.Int()), true
	case Double:
		return v.Double(), true
	}
	return 0, false
}

// IsNaN is true for the double that is not a number.
func (v Value) IsNaN() bool { return v.kind == Double && math.IsNaN(v.Double()) }

// Time is the value of a Timestamp.
func (v Value) Time() Micros { return Micros(v.num) }

// Text is the text of a String, the octets of Bytes, the name of a Reference.
func (v Value) Text() string { return v.str }

// GeoPoint is the latitude and longitude in degrees.
func (v Value) GeoPoint() (latitude, longitude float64) {
	longitude, _ = v.ref.(float64)
	return math.Float64frombits(v.num), longitude
}

// Array is an array's elements. The caller must not change them.
func (v Value) Array() []Value {
	vs, _ := v.ref.([]Value)
	return vs
}

// Map is a map's fields, nil for other kinds.
func (v Value) Map() *Fields {
	f, _ := v.ref.(*Fields)
	return f
}

// Order is the kind by which the value is sorted among others: its Kind, but Int for every number and Vector for
// a map that holds an embedding.
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

// Vector returns the elements of an embedding: a map {"__type__": "__vector__", "value": [doubles]}.
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
