package value

import (
	"bytes"
	"cmp"
	"math"
	"testing"
)

// ascending returns values in Firestore's order; the values of a row are equal.
func ascending() [][]Value {
	name := func(s string) Value { return OfReference("projects/p/databases/(default)/documents/" + s) }
	m := func(list ...Field) Value { return OfMap(NewFields(list)) }
	vec := func(vs ...Value) Value {
		return m(Field{"__type__", OfString("__vector__")}, Field{"value", OfArray(vs)})
	}
	return [][]Value{
		{NullValue},
		{OfBool(false)}, {OfBool(true)},
		{OfDouble(math.NaN())},
		{OfDouble(math.Inf(-1))},
		{OfDouble(-math.MaxFloat64)},
		{OfInt(math.MinInt64), OfDouble(math.MinInt64)},
		{OfInt(math.MinInt64 + 1)},
		{OfInt(-1<<53 - 1)}, {OfInt(-1 << 53), OfDouble(-1 << 53)},
		{OfDouble(-1.5)}, {OfInt(-1), OfDouble(-1)}, {OfDouble(-0.5)}, {OfDouble(-math.SmallestNonzeroFloat64)},
		{OfInt(0), OfDouble(0), OfDouble(math.Copysign(0, -1))},
		{OfDouble(math.SmallestNonzeroFloat64)}, {OfInt(1), OfDouble(1)}, {OfDouble(1.5)}, {OfInt(2)},
		{OfInt(1 << 53), OfDouble(1 << 53)}, {OfInt(1<<53 + 1)}, {OfInt(1<<53 + 2), OfDouble(1<<53 + 2)},
		{OfInt(math.MaxInt64 - 1)}, {OfInt(math.MaxInt64)}, {OfDouble(math.MaxInt64)},
		{OfDouble(math.MaxFloat64)}, {OfDouble(math.Inf(1))},
		{OfTime(MinTime)}, {OfTime(-1)}, {OfTime(0)}, {OfTime(MaxTime)},
		{OfString("")}, {OfString("\x00")}, {OfString("\x00a")}, {OfString("\x01")}, {OfString("a")}, {OfString("a\x00")},
		{OfString("a\x01")}, {OfString("aa")}, {OfString("b")}, {OfString("é")}, {OfString("가")}, {OfString("😀")},
		{OfBytes("")}, {OfBytes("\x00")}, {OfBytes("\x01")}, {OfBytes("\xff")}, {OfBytes("\xff\x00")},
		{name("a/__id-7__")}, {name("a/__id2__")}, {name("a/__id10__")}, {name("a/b")}, {name("a/b/c/d")}, {name("a/b-")}, {name("a-/b")},
		{OfGeoPoint(-90, 0)}, {OfGeoPoint(0, -180)}, {OfGeoPoint(0, 0)}, {OfGeoPoint(0, 1)}, {OfGeoPoint(1, -1)},
		{OfArray(nil), OfArray([]Value{})}, {OfArray([]Value{NullValue})}, {OfArray([]Value{OfInt(1)}), OfArray([]Value{OfDouble(1)})},
		{OfArray([]Value{OfInt(1), OfInt(2)})}, {OfArray([]Value{OfInt(2)})}, {OfArray([]Value{OfString("a")})},
		{vec(OfDouble(9))}, {vec(OfDouble(1), OfDouble(2))}, {vec(OfDouble(1), OfDouble(3))},
		{m()}, {m(Field{"a", OfInt(1)})}, {m(Field{"a", OfInt(1)}, Field{"b", OfInt(1)})}, {m(Field{"a", OfInt(2)})}, {m(Field{"b", OfInt(0)})},
	}
}

func TestOrder(t *testing.T) {
	list := ascending()
	for i, as := range list {
		for j, bs := range list {
			for _, a := range as {
				for _, b := range bs {
					want := cmp.Compare(i, j)
					if got := Compare(a, b); got != want {
						t.Errorf("Compare(%v, %v) = %d, want %d", a.Proto(), b.Proto(), got, want)
					}
					ka, kb := AppendKey(nil, a), AppendKey(nil, b)
					if got := bytes.Compare(ka, kb); got != want {
						t.Errorf("keys of %v and %v compare as %d, want %d: %x %x", a.Proto(), b.Proto(), got, want, ka, kb)
					}
					if i != j && bytes.HasPrefix(kb, ka) {
						t.Errorf("key of %v is a prefix of the key of %v", a.Proto(), b.Proto())
					}
					Invert(ka)
					Invert(kb)
					if got := bytes.Compare(ka, kb); got != -want {
						t.Errorf("inverted keys of %v and %v compare as %d, want %d", a.Proto(), b.Proto(), got, -want)
					}
				}
			}
		}
	}
}

func TestIdentical(t *testing.T) {
	for i, row := range ascending() {
		for j, a := range row {
			for k, b := range row {
				emptyArrays := a.Kind() == Array && len(a.Array()) == 0
				if got, want := Identical(a, b), j == k || emptyArrays; got != want {
					t.Errorf("row %d: Identical(%v, %v) = %v, want %v", i, a.Proto(), b.Proto(), got, want)
				}
			}
		}
	}
}
