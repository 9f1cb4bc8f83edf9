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

// The kinds of values that requests and documents are made of, and that expressions give.
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

	kindKeys    // the keys of a map as a list that has not been made yet: ref is Fields
	kindError   // ref is *failure
	kindUnknown // a value that a query says too little about: ref is *unknown
)

// Value is a value of the rules language. The zero Value is null. Values do not change; they are passed by value.
//
// The fields by kind: Bool, Int and Float keep their bits in num; String, Bytes and Path a pointer to their bytes in ref
// and their length in num, as slog.Value does (a path has a slash before every segment); Timestamp and Duration seconds
// in num and nanoseconds, below a second, in nano; the others an object in ref.
//
// It has four fields and 32 bytes because that is what the compiler still passes in registers; a string of its own would
// double the time of a judgement.
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

// text is the string of a String, Bytes or Path.
func (v Value) text() string { return unsafe.String(v.ref.(textPointer), v.num) }

// Fields are the entries of a map or document. A caller makes its own documents available to rules by implementing it;
// what rules do not look at is never converted. A Fields must not change while a request is judged.
type Fields interface {
	// Len is the number of entries.
	Len() int
	// Get returns the value of an entry, and whether there is one.
	Get(name string) (Value, bool)
	// Names calls yield with the entries' names, in any order, until it returns false.
	Names(yield func(name string) bool)
}

// Elements are the elements of a list, under the same conditions as Fields.
type Elements interface {
	Len() int
	// At returns element i, 0 ≤ i < Len.
	At(i int) Value
}

// BoolValue is a boolean.
func BoolValue(b bool) Value {
	if b {
		return Value{kind: KindBool, num: 1}
	}
	return Value{kind: KindBool}
}

// IntValue is an integer.
func IntValue(i int64) Value { return Value{kind: KindInt, num: i} }

// FloatValue is a floating point number.
func FloatValue(f float64) Value { return Value{kind: KindFloat, num: int64(math.Float64bits(f))} }

// StringValue is a string.
func StringValue(s string) Value { return textValue(KindString, s) }

// BytesValue is a sequence of bytes, given as a string so that it cannot change.
func BytesValue(b string) Value { return textValue(KindBytes, b) }

// TimeValue is a timestamp.
func TimeValue(t time.Time) Value {
	return Value{kind: KindTimestamp, num: t.Unix(), nano: int32(t.Nanosecond())}
}

// DurationValue is a duration.
func DurationValue(d time.Duration) Value {
	return durationOf(int64(d/time.Second), int64(d%time.Second))
}

// LatLngValue is a point on the globe, in degrees.
func LatLngValue(latitude, longitude float64) Value {
	return Value{kind: KindLatLng, ref: point{latitude, longitude}}
}

// PathValue is a path, written with a slash before every segment: /databases/(default)/documents/users/alice.
func PathValue(path string) Value { return textValue(KindPath, path) }

// ListValue is a list.
func ListValue(e Elements) Value { return Value{kind: KindList, ref: e} }

// MapValue is a map.
func MapValue(f Fields) Value { return Value{kind: KindMap, ref: f} }

// ListOf is a list of these values.
func ListOf(values ...Value) Value { return ListValue(valueList(values)) }

// MapOf is a map of these entries, which it keeps.
func MapOf(entries map[string]Value) Value { return MapValue(valueMap(entries)) }

// Kind is the value's type.
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

// elements are the elements of a list, set or kindKeys.
func (v Value) elements() Elements {
	if v.kind != kindKeys {
		return v.ref.(Elements)
	}
	return valueList(sortedNames(v.fields()))
}

// sortedNames are the names of a map as string values, in the order of their bytes so that it is always the same.
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

// array is the elements of a list that is there in full.
type valueList []Value

func (l valueList) Len() int       { return len(l) }
func (l valueList) At(i int) Value { return l[i] }

// table is the entries of a map that is there in full.
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

// Elements are the elements of a list or set in turn; other values have none.
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

// Field returns an entry of a map, and whether there is one; other values have none.
func (v Value) Field(name string) (Value, bool) {
	if v.kind != KindMap {
		return Value{}, false
	}
	return v.fields().Get(name)
}
