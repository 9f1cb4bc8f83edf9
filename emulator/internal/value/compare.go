package value

import (
	"cmp"
	"math"
	"strconv"
	"strings"
)

// Compare orders two values as Firestore does: by type, then by value. It returns −1, 0 or 1.
// Integers and doubles are compared exactly. NaN sorts before every number and equals itself; −0
// equals 0.
func Compare(a, b Value) int {
	ka, kb := a.Order(), b.Order()
	if ka != kb {
		return cmp.Compare(ka, kb)
	}
	switch ka {
	case Bool:
		return cmp.Compare(a.num, b.num)
	case Int:
		return compareNumbers(a, b)
	case Timestamp:
		return cmp.Compare(a.Time(), b.Time())
	case String, Bytes:
		return strings.Compare(a.str, b.str)
	case Reference:
		return CompareNames(a.str, b.str)
	case GeoPoint:
		lata, lnga := a.GeoPoint()
		latb, lngb := b.GeoPoint()
		return cmp.Or(compareDoubles(lata, latb), compareDoubles(lnga, lngb))
	case Array:
		return compareArrays(a.Array(), b.Array())
	case Vector:
		va, _ := a.Vector()
		vb, _ := b.Vector()
		return cmp.Or(cmp.Compare(len(va), len(vb)), compareArrays(va, vb))
	case Map:
		return compareFields(a.Map(), b.Map())
	}
	return 0
}

// Equal reports whether Compare finds no difference: 1 and 1.0 are equal.
func Equal(a, b Value) bool { return Compare(a, b) == 0 }

// Identical reports whether a and b have the same type and the same representation: 1 and 1.0
// differ, and so do 0 and −0. A write that leaves a document identical does not change its update
// time.
func Identical(a, b Value) bool {
	if a.kind != b.kind || a.num != b.num || a.str != b.str {
		return false
	}
	switch a.kind {
	case GeoPoint:
		return a.ref == b.ref
	case Array:
		x, y := a.Array(), b.Array()
		if len(x) != len(y) {
			return false
		}
		for i := range x {
			if !Identical(x[i], y[i]) {
				return false
			}
		}
	case Map:
		return IdenticalFields(a.Map(), b.Map())
	}
	return true
}

// IdenticalFields is [Identical] for fields.
func IdenticalFields(a, b *Fields) bool {
	x, y := a.All(), b.All()
	if len(x) != len(y) {
		return false
	}
	for i := range x {
		if x[i].Name != y[i].Name || !Identical(x[i].Value, y[i].Value) {
			return false
		}
	}
	return true
}

func compareNumbers(a, b Value) int {
	switch {
	case a.kind == Int && b.kind == Int:
		return cmp.Compare(a.Int(), b.Int())
	case a.kind == Double && b.kind == Double:
		return compareDoubles(a.Double(), b.Double())
	case a.kind == Int:
		return compareIntDouble(a.Int(), b.Double())
	}
	return -compareIntDouble(b.Int(), a.Double())
}

// compareDoubles differs from the operators: NaN sorts before all numbers and equals itself.
func compareDoubles(a, b float64) int { return cmp.Compare(a, b) }

// compareIntDouble does not round i to a double, which would make 2⁵³+1 equal to 2⁵³.
func compareIntDouble(i int64, d float64) int {
	switch {
	case math.IsNaN(d), d < math.MinInt64:
		return 1
	case d >= -math.MinInt64: // 2⁶³, greater than every int64
		return -1
	}
	whole := math.Trunc(d)
	return cmp.Or(cmp.Compare(i, int64(whole)), cmp.Compare(0, d-whole))
}

func compareArrays(a, b []Value) int {
	for i := range min(len(a), len(b)) {
		if c := Compare(a[i], b[i]); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(a), len(b))
}

// compareFields compares entry by entry in the order of their names: the name, then the value.
func compareFields(a, b *Fields) int {
	x, y := a.All(), b.All()
	for i := range min(len(x), len(y)) {
		if c := cmp.Or(strings.Compare(x[i].Name, y[i].Name), Compare(x[i].Value, y[i].Value)); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(x), len(y))
}

// CompareNames compares resource names segment by segment. IDs of the form __id7__ are numbers and
// sort before all other IDs.
func CompareNames(a, b string) int {
	for a != "" && b != "" {
		var x, y string
		x, a, _ = strings.Cut(a, "/")
		y, b, _ = strings.Cut(b, "/")
		if c := compareIDs(x, y); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(a), len(b))
}

func compareIDs(a, b string) int {
	if a == b {
		return 0
	}
	na, oka := NumericID(a)
	nb, okb := NumericID(b)
	switch {
	case oka && okb:
		return cmp.Compare(na, nb)
	case oka:
		return -1
	case okb:
		return 1
	}
	return strings.Compare(a, b)
}

// NumericID returns the number n of an ID __idn__, which is how Firestore writes Datastore's
// numeric IDs.
func NumericID(id string) (n int64, ok bool) {
	if len(id) < 7 || id[0] != '_' || !strings.HasPrefix(id, "__id") || !strings.HasSuffix(id, "__") {
		return 0, false
	}
	digits := id[4 : len(id)-2]
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || strconv.FormatInt(n, 10) != digits { // +7 and 007 are not the number 7
		return 0, false
	}
	return n, true
}
