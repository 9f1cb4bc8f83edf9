package firestore_test

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"cloud.google.com/go/firestore"
)

// The model is a Firestore in a few lines: documents in a Go map, and queries that check every one
// of them. It is written from the documentation, not from the emulator, and shares no code with it. The
// tests TestDocumentedOrder and TestNullAndNaN hold the emulator to the values of the documents it cites.

type modelDoc struct {
	path string // relative to the root
	data map[string]any
}

// rank returns the position of a type in the order of types
// (https://firebase.google.com/docs/firestore/manage-data/data-types#value_type_ordering).
func rank(v any) int {
	switch v.(type) {
	case nil:
		return 0
	case bool:
		return 1
	case int64, float64:
		return 2
	case string:
		return 4
	case []any:
		return 8
	case map[string]any:
		return 9
	}
	panic(fmt.Sprintf("the model does not support %T", v))
}

func compareModel(a, b any) int {
	if c := cmp.Compare(rank(a), rank(b)); c != 0 {
		return c
	}
	switch x := a.(type) {
	case bool:
		return cmp.Compare(fmt.Sprint(x), fmt.Sprint(b))
	case int64, float64:
		return compareModelNumbers(a, b)
	case string:
		return strings.Compare(x, b.(string))
	case []any:
		return slices.CompareFunc(x, b.([]any), compareModel)
	case map[string]any:
		type pair struct {
			k string
			v any
		}
		pairs := func(m map[string]any) (out []pair) {
			for k, v := range m {
				out = append(out, pair{k, v})
			}
			slices.SortFunc(out, func(a, b pair) int { return strings.Compare(a.k, b.k) })
			return out
		}
		return slices.CompareFunc(pairs(x), pairs(b.(map[string]any)), func(a, b pair) int {
			return cmp.Or(strings.Compare(a.k, b.k), compareModel(a.v, b.v))
		})
	}
	return 0
}

// compareModelNumbers is correct for the numbers in the test: small ones, infinities and NaN.
func compareModelNumbers(a, b any) int {
	f := func(v any) float64 {
		if i, ok := v.(int64); ok {
			return float64(i)
		}
		return v.(float64)
	}
	return cmp.Compare(f(a), f(b))
}

func fieldOf(d modelDoc, path string) (any, bool) {
	var v any = d.data
	for _, name := range strings.Split(path, ".") {
		m, ok := v.(map[string]any)
		if !ok {
			return nil, false
		}
		if v, ok = m[name]; !ok {
			return nil, false
		}
	}
	return v, true
}

// modelFilter is a comparison, or a conjunction (all) or disjunction (any) of filters.
type modelFilter struct {
	path, op string
	value    any
	all, any []modelFilter
}

func (f modelFilter) match(d modelDoc) bool {
	switch {
	case f.all != nil:
		return !slices.ContainsFunc(f.all, func(g modelFilter) bool { return !g.match(d) })
	case f.any != nil:
		return slices.ContainsFunc(f.any, func(g modelFilter) bool { return g.match(d) })
	}
	v, ok := fieldOf(d, f.path)
	if !ok {
		return false
	}
	equal := func(x any) bool { return compareModel(v, x) == 0 }
	within := func(list any, x any) bool {
		l, _ := list.([]any)
		return slices.ContainsFunc(l, func(y any) bool { return compareModel(x, y) == 0 })
	}
	switch f.op {
	case "==":
		return equal(f.value)
	case "!=":
		return v != nil && !equal(f.value)
	case "in":
		return comparable(v) && within(f.value, v)
	case "not-in":
		return v != nil && !within(f.value, v) && !within(f.value, nil)
	case "array-contains":
		return within(v, f.value)
	case "array-contains-any":
		return slices.ContainsFunc(f.value.([]any), func(x any) bool { return comparable(x) && within(v, x) })
	}
	if rank(v) != rank(f.value) || v != nil && !comparable(v) {
		return false
	}
	c := compareModel(v, f.value)
	switch f.op {
	case "<":
		return c < 0
	case "<=":
		return c <= 0
	case ">":
		return c > 0
	}
	return c >= 0
}

// comparable reports whether in and array-contains-any can match a value
// (firebase-js-sdk, packages/firestore/test/integration/api/query.test.ts).
func comparable(v any) bool {
	n, ok := v.(float64)
	return v != nil && !(ok && math.IsNaN(n))
}

// filter returns f as a filter of the client.
func (f modelFilter) filter() firestore.EntityFilter {
	list := func(fs []modelFilter) (out []firestore.EntityFilter) {
		for _, g := range fs {
			out = append(out, g.filter())
		}
		return out
	}
	switch {
	case f.all != nil:
		return firestore.AndFilter{Filters: list(f.all)}
	case f.any != nil:
		return firestore.OrFilter{Filters: list(f.any)}
	}
	return firestore.PropertyFilter{Path: f.path, Operator: f.op, Value: f.value}
}

// inequalities returns the paths that f adds to the order.
func (f modelFilter) inequalities() (out []string) {
	for _, g := range append(append([]modelFilter{}, f.all...), f.any...) {
		out = append(out, g.inequalities()...)
	}
	if slices.Contains([]string{"<", "<=", ">", ">=", "!=", "not-in"}, f.op) {
		out = append(out, f.path)
	}
	return out
}

type modelQuery struct {
	collection string // path, or id of a group
	group      bool
	where      *modelFilter
	order      []string // paths, with a minus for descending
	start, end *modelDoc
	startAt    bool // start itself is a result
	endAt      bool
	offset     int
	limit      int // 0 means none
}

// orders returns the explicit and the implicit sort keys.
func (q modelQuery) orders() []string {
	out := slices.Clone(q.order)
	sign := ""
	if len(out) > 0 && out[len(out)-1][0] == '-' {
		sign = "-"
	}
	if q.where != nil {
		implied := q.where.inequalities()
		slices.Sort(implied)
		for _, p := range implied {
			if !slices.Contains(out, p) && !slices.Contains(out, "-"+p) {
				out = append(out, sign+p)
			}
		}
	}
	return append(out, sign+"__name__")
}

func compareDocs(a, b modelDoc, orders []string) int {
	for _, o := range orders {
		path, desc := strings.CutPrefix(o, "-")
		var c int
		if path == "__name__" {
			c = slices.Compare(strings.Split(a.path, "/"), strings.Split(b.path, "/"))
		} else {
			x, _ := fieldOf(a, path)
			y, _ := fieldOf(b, path)
			c = compareModel(x, y)
		}
		if desc {
			c = -c
		}
		if c != 0 {
			return c
		}
	}
	return 0
}

func (q modelQuery) run(docs map[string]modelDoc) (paths []string) {
	orders := q.orders()
	var found []modelDoc
next:
	for _, d := range docs {
		segments := strings.Split(d.path, "/")
		parent := strings.Join(segments[:len(segments)-1], "/")
		if q.group && segments[len(segments)-2] != q.collection || !q.group && parent != q.collection {
			continue
		}
		for _, o := range orders {
			path, _ := strings.CutPrefix(o, "-")
			if _, ok := fieldOf(d, path); !ok && path != "__name__" {
				continue next
			}
		}
		if q.where != nil && !q.where.match(d) {
			continue
		}
		if q.start != nil {
			if c := compareDocs(d, *q.start, orders); c < 0 || c == 0 && !q.startAt {
				continue
			}
		}
		if q.end != nil {
			if c := compareDocs(d, *q.end, orders); c > 0 || c == 0 && !q.endAt {
				continue
			}
		}
		found = append(found, d)
	}
	slices.SortFunc(found, func(a, b modelDoc) int { return compareDocs(a, b, orders) })
	found = found[min(q.offset, len(found)):]
	if q.limit > 0 {
		found = found[:min(q.limit, len(found))]
	}
	for _, d := range found {
		paths = append(paths, d.path)
	}
	return paths
}

// Random values come from small sets, so that they often are equal.

var modelPaths = []string{"a", "b", "c", "m.x", "m.y"}

func randomScalar(r *rand.Rand) any {
	list := []any{
		nil, true, false, int64(-1), int64(0), int64(1), int64(2), 0.0, 1.0, 1.5, -0.5, math.Copysign(0, -1), math.NaN(), math.Inf(1),
		"", "a", "ab", "b", "가", "a\x00b",
	}
	return list[r.IntN(len(list))]
}

func randomValue(r *rand.Rand) any {
	switch r.IntN(8) {
	case 0:
		list := []any{}
		for range r.IntN(4) {
			list = append(list, randomScalar(r))
		}
		return list
	case 1:
		m := map[string]any{}
		for _, k := range []string{"x", "y"} {
			if r.IntN(2) == 0 {
				m[k] = randomScalar(r)
			}
		}
		return m
	}
	return randomScalar(r)
}

func randomData(r *rand.Rand) map[string]any {
	d := map[string]any{}
	for _, k := range []string{"a", "b", "c", "m"} {
		if r.IntN(6) > 0 {
			d[k] = randomValue(r)
		}
	}
	return d
}

func randomFilter(r *rand.Rand, depth int, lists *int) modelFilter {
	if depth > 0 && r.IntN(3) == 0 {
		var fs []modelFilter
		for range 2 + r.IntN(2) {
			fs = append(fs, randomFilter(r, depth-1, lists))
		}
		if r.IntN(2) == 0 {
			return modelFilter{all: fs}
		}
		return modelFilter{any: fs}
	}
	path := modelPaths[r.IntN(len(modelPaths))]
	ops := []string{"==", "==", "==", "<", "<=", ">", ">=", "array-contains", "in", "array-contains-any", "!=", "not-in"}
	op := ops[r.IntN(len(ops))]
	f := modelFilter{path: path, op: op, value: randomValue(r)}
	if n, ok := f.value.(float64); (f.value == nil || ok && math.IsNaN(n)) && op != "!=" {
		f.op = "==" // the client allows no other operator
		return f
	}
	if slices.Contains([]string{"in", "not-in", "array-contains-any"}, op) {
		if *lists++; *lists > 1 { // lists multiply to disjunctions, which Firestore limits
			f.op = "=="
			return f
		}
		f.value = []any{randomScalar(r), randomScalar(r), randomScalar(r)}
	}
	return f
}
