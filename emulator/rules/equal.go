package rules

import (
	"cmp"
	"math"
	"strings"
)

// truth is a boolean that may be unknown.
type truth uint8

const (
	no truth = iota
	yes
	maybe
)

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

func (t truth) not() truth {
	switch t {
	case yes:
		return no
	case no:
		return yes
	}
	return maybe
}

// equal reports whether two values are equal. Values of different types differ, except that
// integers and floats compare as numbers. The result may be maybe if a value is symbolic.
func equal(a, b Value) truth {
	switch {
	case a.kind == KindString && b.kind == KindString:
		return truthOf(a.text() == b.text())
	case a.kind == kindUnknown:
		return a.unknown().equals(b)
	case b.kind == kindUnknown:
		return b.unknown().equals(a)
	case a.isNumber() && b.isNumber():
		order, ok := compareNumbers(a, b)
		return truthOf(ok && order == 0)
	case a.isList() && b.isList():
		return equalLists(a.elements(), b.elements())
	case a.kind != b.kind:
		return no
	}
	switch a.kind {
	case KindNull:
		return yes
	case KindBool:
		return truthOf(a.num == b.num)
	case KindBytes, KindPath:
		return truthOf(a.text() == b.text())
	case KindTimestamp, KindDuration:
		return truthOf(a.num == b.num && a.nano == b.nano)
	case KindLatLng:
		return truthOf(a.point() == b.point())
	case KindMap:
		return equalMaps(a.fields(), b.fields())
	case KindSet:
		return equalSets(a.elements(), b.elements())
	case KindMapDiff:
		return truthOf(a.diff() == b.diff())
	}
	return no
}

func equalLists(a, b Elements) truth {
	n := a.Len()
	if n != b.Len() {
		return no
	}
	all := yes
	for i := range n {
		switch equal(a.At(i), b.At(i)) {
		case no:
			return no
		case maybe:
			all = maybe
		}
	}
	return all
}

func equalMaps(a, b Fields) truth {
	if a.Len() != b.Len() {
		return no
	}
	all := yes
	a.Names(func(name string) bool {
		av, _ := a.Get(name)
		bv, ok := b.Get(name)
		if !ok {
			all = no
			return false
		}
		switch equal(av, bv) {
		case no:
			all = no
			return false
		case maybe:
			all = maybe
		}
		return true
	})
	return all
}

func equalSets(a, b Elements) truth {
	if hasUnknown(a) || hasUnknown(b) {
		return maybe
	}
	if a.Len() != b.Len() {
		return no
	}
	return containsAll(b, a)
}

// compareNumbers orders two numbers exactly, without rounding integers to floats. NaN has no order.
func compareNumbers(a, b Value) (order int, ok bool) {
	switch {
	case a.kind == KindInt && b.kind == KindInt:
		return cmp.Compare(a.num, b.num), true
	case a.kind == KindFloat && b.kind == KindFloat:
		x, y := a.float(), b.float()
		return cmp.Compare(x, y), x == x && y == y
	case a.kind == KindInt:
		order, ok = compareMixed(a.num, b.float())
		return order, ok
	}
	order, ok = compareMixed(b.num, a.float())
	return -order, ok
}

func compareMixed(i int64, f float64) (order int, ok bool) {
	switch {
	case f != f:
		return 0, false
	case f >= 1<<63:
		return -1, true
	case f < -(1 << 63):
		return 1, true
	}
	whole := math.Floor(f)
	if c := cmp.Compare(i, int64(whole)); c != 0 {
		return c, true
	}
	return cmp.Compare(whole, f), true
}

// compare orders two values for <, <=, > and >=. Numbers, strings, bytes, timestamps and durations
// have an order; ok is false for other types and for mixed types. unordered is true if one of two
// numbers is NaN.
func compare(a, b Value) (order int, ok, unordered bool) {
	switch {
	case a.isNumber() && b.isNumber():
		order, fine := compareNumbers(a, b)
		return order, true, !fine
	case a.kind != b.kind:
		return 0, false, false
	}
	switch a.kind {
	case KindString, KindBytes:
		return strings.Compare(a.text(), b.text()), true, false
	case KindTimestamp, KindDuration:
		return cmp.Or(cmp.Compare(a.num, b.num), cmp.Compare(a.nano, b.nano)), true, false
	}
	return 0, false, false
}
