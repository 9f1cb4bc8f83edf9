package rules

import (
	"iter"
	"math"
	"slices"
	"time"
	"unsafe"
)

// Kind is the type of a Value.
type Kind uint8

// The kinds of values in requests, documents and expressions.
const (
	KindNull Kind = iota
	KindBool
	KindInt
	KindFloat
	KindString
	KindBytes
	KindTimestamp
	KindDuration
	KindLatLng
	KindPath
	KindList
	KindMap
	KindSet
	KindMapDiff

	kindKeys    // the keys of a map, as a list not yet built: ref is Fields
	kindError   // ref is *failure
	kindUnknown // a value that the query does not determine: ref is *unknown
)

// Value is a value of the rules language. The zero Value is null. Values are immutable and passed
// by value.
//
// Bool, Int and Float keep their bits in num. String, Bytes and Path keep a pointer to their bytes
// in ref and their length in num, as slog.Value does; a path has a slash before every segment, and
// nano refers to its bindings (path_bind.go).
// Timestamp and Duration keep seconds in num and the nanoseconds of the fraction in nano. The other
// kinds keep an object in ref.
//
// A Value has four fields and 32 bytes because the compiler passes no more in registers; a separate
// string field would double the time of an evaluation.
type Value struct {
	kind Kind
	nano int32
	num  int64
	ref  any
}

// textPointer points to the bytes of a string.
type textPointer *byte

func textValue(kind Kind, s string) Value {
	return Value{kind: kind, num: int64(len(s)), ref: textPointer(unsafe.StringData(s))}
}

// text returns the string of a String, Bytes or Path.
func (v Value) text() string { return unsafe.String(v.ref.(textPointer), v.num) }

// Fields are the entries of a map or document. Callers implement it to expose their own documents
// to rules without converting fields that no rule reads. Fields must not change during an
// evaluation.
type Fields interface {
	// Len returns the number of entries.
	Len() int
	// Get returns the value of an entry, and whether it exists.
	Get(name string) (Value, bool)
	// Names calls yield with each entry's name, in any order, until it returns false.
	Names(yield func(name string) bool)
}

// Elements are the elements of a list. They must not change during an evaluation.
type Elements interface {
	Len() int
	// At returns element i, 0 ≤ i < Len.
	At(i int) Value
}

// BoolValue returns a boolean.
func BoolValue(b bool) Value {
	if b {
		return Value{kind: KindBool, num: 1}
	}
	return Value{kind: KindBool}
}

// IntValue returns an integer.
func IntValue(i int64) Value { return Value{kind: KindInt, num: i} }

// FloatValue returns a floating-point number.
func FloatValue(f float64) Value { return Value{kind: KindFloat, num: int64(math.Float64bits(f))} }

// StringValue returns a string.
func StringValue(s string) Value { return textValue(KindString, s) }

// BytesValue returns a byte sequence, given as a string because that is immutable.
func BytesValue(b string) Value { return textValue(KindBytes, b) }

// TimeValue returns a timestamp.
func TimeValue(t time.Time) Value {
	return Value{kind: KindTimestamp, num: t.Unix(), nano: int32(t.Nanosecond())}
}

// DurationValue returns a duration.
func DurationValue(d time.Duration) Value {
	return durationOf(int64(d/time.Second), int64(d%time.Second))
}

// LatLngValue returns a point on the globe, in degrees.
func LatLngValue(latitude, longitude float64) Value {
	return Value{kind: KindLatLng, ref: point{latitude, longitude}}
}

// PathValue returns a path. It has a slash before every segment:
// /databases/(default)/documents/users/alice.
func PathValue(path string) Value { return textValue(KindPath, path) }

// ListValue returns a list.
func ListValue(e Elements) Value { return Value{kind: KindList, ref: e} }

// MapValue returns a map.
func MapValue(f Fields) Value { return Value{kind: KindMap, ref: f} }

// ListOf returns a list of these values.
func ListOf(values ...Value) Value { return ListValue(valueList(values)) }

// MapOf returns a map of these entries. It keeps the Go map.
func MapOf(entries map[string]Value) Value { return MapValue(valueMap(entries)) }

// Kind returns the value's type.
func (v Value) Kind() Kind {
	switch v.kind {
	case kindKeys:
		return KindList
	case kindError, kindUnknown:
		return KindNull
	}
	return v.kind
}

func (v Value) isTrue() bool      { return v.kind == KindBool && v.num != 0 }
func (v Value) isFalse() bool     { return v.kind == KindBool && v.num == 0 }
func (v Value) isNumber() bool    { return v.kind == KindInt || v.kind == KindFloat }
func (v Value) isList() bool      { return v.kind == KindList || v.kind == kindKeys }
func (v Value) float() float64    { return math.Float64frombits(uint64(v.num)) }
func (v Value) fields() Fields    { return v.ref.(Fields) }
func (v Value) time() time.Time   { return time.Unix(v.num, int64(v.nano)).UTC() }
func (v Value) point() point      { return v.ref.(point) }
func (v Value) diff() *mapDiff    { return v.ref.(*mapDiff) }
func (v Value) failure() *failure { return v.ref.(*failure) }
func (v Value) unknown() *unknown { return v.ref.(*unknown) }
func (v Value) number() float64 {
	if v.kind == KindInt {
		return float64(v.num)
	}
	return v.float()
}

// elements returns the elements of a list, set or kindKeys.
func (v Value) elements() Elements {
	if v.kind != kindKeys {
		return v.ref.(Elements)
	}
	return valueList(sortedNames(v.fields()))
}

// sortedNames returns the names of a map as string values, sorted by bytes so that the order is
// deterministic.
func sortedNames(f Fields) []Value {
	list := make([]Value, 0, f.Len())
	f.Names(func(name string) bool {
		list = append(list, StringValue(name))
		return true
	})
	slices.SortFunc(list, func(a, b Value) int {
		if a.text() < b.text() {
			return -1
		}
		return 1
	})
	return list
}

type point struct{ latitude, longitude float64 }

// valueList implements Elements with a slice.
type valueList []Value

func (l valueList) Len() int       { return len(l) }
func (l valueList) At(i int) Value { return l[i] }

// valueMap implements Fields with a Go map.
type valueMap map[string]Value

func (m valueMap) Len() int { return len(m) }
func (m valueMap) Get(name string) (Value, bool) {
	v, ok := m[name]
	return v, ok
}
func (m valueMap) Names(yield func(string) bool) {
	for name := range m {
		if !yield(name) {
			return
		}
	}
}

// Elements iterates over the elements of a list or set; other values have none.
func (v Value) Elements() iter.Seq[Value] {
	return func(yield func(Value) bool) {
		if !v.isList() && v.kind != KindSet {
			return
		}
		list := v.elements()
		for i := range list.Len() {
			if !yield(list.At(i)) {
				return
			}
		}
	}
}

// Field returns an entry of a map, and whether it exists; other values have none.
func (v Value) Field(name string) (Value, bool) {
	if v.kind != KindMap {
		return Value{}, false
	}
	return v.fields().Get(name)
}
