package rules_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"testing"

	"heek.kr/heektime/emulator/rules"
)

// TestAllowedListsAreSound checks that if a list is allowed, so is a get of every document that its
// query returns. It searches for a counterexample among random conditions, queries and documents.
func TestAllowedListsAreSound(t *testing.T) {
	r := rand.New(rand.NewPCG(20260302, 4))
	rounds, allowed := 20000, 0
	if testing.Short() {
		rounds = 500
	}
	for range rounds {
		condition := randomCondition(r, 3)
		set := compile(t, "rules_version='2'; service cloud.firestore { match /databases/{d}/documents/things/{id} { allow read: if "+condition+"; } }")
		var parts []rules.Filter
		for range 1 + r.IntN(3) {
			parts = append(parts, randomFilter(r))
		}
		filter := rules.Filter{Op: rules.FilterAnd, Filters: parts}
		if r.IntN(4) == 0 {
			filter.Op = rules.FilterOr
		}
		d := set.Evaluate(t.Context(), &rules.Request{Service: rules.Firestore, Method: rules.List, Path: root + "/things", Auth: alice, Time: now,
			Query: &rules.Query{Filter: &filter}})
		if d.Err != nil {
			t.Fatal(condition, d.Err)
		}
		if !d.Allowed {
			continue
		}
		allowed++
		for range 60 {
			document := randomDocument(r)
			if !matches(document, filter) {
				continue
			}
			g := set.Evaluate(t.Context(), &rules.Request{Service: rules.Firestore, Method: rules.Get, Path: root + "/things/x", Auth: alice, Time: now,
				Before: document, Explain: true})
			if !g.Allowed {
				t.Fatalf("%s allows the query %+v, which returns %s, but denies a get of it: %s", condition, filter, rules.MapValue(document), g.Denial)
			}
		}
	}
	if allowed < rounds/20 {
		t.Errorf("%d of %d lists allowed: too few for the test to be meaningful", allowed, rounds)
	}
}

var (
	scalars = []rules.Value{rules.IntValue(1), rules.FloatValue(1), rules.IntValue(2), rules.FloatValue(2.5), text("a"), text("b"),
		rules.BoolValue(true), {}, rules.IntValue(3)}
	// literals are the scalars as rules spell them.
	literals = []string{"1", "1.0", "2", "2.5", "'a'", "'b'", "true", "null", "3"}
	names    = []string{"x", "y"}
	arrays   = []rules.Value{rules.ListOf(text("a")), rules.ListOf(text("a"), rules.IntValue(1)), rules.ListOf(rules.FloatValue(2)), rules.ListOf()}
)

func randomCondition(r *rand.Rand, depth int) string {
	field := func() string {
		return []string{"resource.data.x", "resource.data.y", "resource.data.m.k", "resource.data['x']", "resource.data.get('x', 1)"}[r.IntN(5)]
	}
	literal := func() string { return literals[r.IntN(len(literals))] }
	if depth > 0 && r.IntN(2) == 0 {
		a, b := randomCondition(r, depth-1), randomCondition(r, depth-1)
		switch r.IntN(5) {
		case 0:
			return "(" + a + " && " + b + ")"
		case 1, 2:
			return "(" + a + " || " + b + ")"
		case 3:
			return "!(" + a + ")"
		default:
			return "(" + a + " ? " + b + " : " + randomCondition(r, depth-1) + ")"
		}
	}
	switch r.IntN(11) {
	case 0, 1:
		return field() + []string{" == ", " != "}[r.IntN(2)] + literal()
	case 2, 3:
		return field() + []string{" < ", " <= ", " > ", " >= "}[r.IntN(4)] + literal()
	case 4:
		return field() + " in [" + literal() + ", " + literal() + "]"
	case 5:
		return field() + " is " + []string{"int", "number", "string", "bool", "list", "map", "float"}[r.IntN(7)]
	case 6:
		return literal() + " in " + field()
	case 7:
		return "'" + []string{"x", "y", "m"}[r.IntN(3)] + "' in resource.data" + []string{"", ".keys()"}[r.IntN(2)]
	case 8:
		return field() + []string{".hasAny", ".hasAll", ".hasOnly"}[r.IntN(3)] + "([" + literal() + ", " + literal() + "])"
	case 9:
		return []string{"1", "2", "'a'"}[r.IntN(3)] + []string{" < ", " <= ", " > ", " >= ", " == "}[r.IntN(5)] + field()
	default:
		return []string{"resource.data.x == resource.data.y", "[resource.data.x] == [1]", "resource.data.x + 1 > 1", "resource.data.keys().hasOnly(['x', 'y'])",
			"resource == null", "resource.data.m == {'k': 1}", "resource.data.size() > 0", "resource.data.m.keys().hasAll(['k'])"}[r.IntN(8)]
	}
}

func randomFilter(r *rand.Rand) rules.Filter {
	f := rules.Filter{Field: []string{names[r.IntN(2)]}}
	if r.IntN(4) == 0 {
		f.Field = []string{"m", "k"}
	}
	scalar := func() rules.Value { return scalars[r.IntN(len(scalars))] }
	f.Op = []rules.FilterOp{rules.FilterEqual, rules.FilterEqual, rules.FilterNotEqual, rules.FilterLess, rules.FilterLessEqual, rules.FilterGreater,
		rules.FilterGreaterEqual, rules.FilterIn, rules.FilterNotIn, rules.FilterArrayContains, rules.FilterArrayContainsAny}[r.IntN(11)]
	switch f.Op {
	case rules.FilterIn, rules.FilterNotIn, rules.FilterArrayContainsAny:
		f.Value = rules.ListOf(scalar(), scalar())
	case rules.FilterEqual:
		if f.Value = scalar(); r.IntN(5) == 0 {
			f.Value = arrays[r.IntN(len(arrays))]
		}
	default:
		f.Value = scalar()
	}
	return f
}

func randomDocument(r *rand.Rand) fields {
	value := func() rules.Value {
		if r.IntN(3) == 0 {
			return arrays[r.IntN(len(arrays))]
		}
		return scalars[r.IntN(len(scalars))]
	}
	f := fields{}
	for _, name := range names {
		if r.IntN(5) > 0 {
			f[name] = value()
		}
	}
	switch r.IntN(4) {
	case 0, 1:
		f["m"] = rules.MapOf(map[string]rules.Value{"k": value()})
	case 2:
		f["m"] = rules.MapOf(map[string]rules.Value{"k": value(), "l": value()})
	}
	return f
}

// matches reports whether a Firestore query with this filter returns the document. It supports only
// the values of this test.
func matches(document fields, f rules.Filter) bool {
	switch f.Op {
	case rules.FilterAnd, rules.FilterOr:
		for _, inner := range f.Filters {
			if matches(document, inner) == (f.Op == rules.FilterOr) {
				return f.Op == rules.FilterOr
			}
		}
		return f.Op == rules.FilterAnd
	}
	v, ok := document[f.Field[0]]
	if ok && len(f.Field) == 2 {
		v, ok = lookup(v, f.Field[1])
	}
	if !ok {
		return false
	}
	same := func(w rules.Value) bool { return key(v) == key(w) }
	switch f.Op {
	case rules.FilterEqual:
		return same(f.Value)
	case rules.FilterNotEqual:
		return v.Kind() != rules.KindNull && !same(f.Value)
	case rules.FilterIn:
		return v.Kind() != rules.KindNull && anyOf(f.Value, same)
	case rules.FilterNotIn:
		return v.Kind() != rules.KindNull && !anyOf(f.Value, same)
	case rules.FilterArrayContains:
		return v.Kind() == rules.KindList && anyOf(v, func(w rules.Value) bool { return key(w) == key(f.Value) })
	case rules.FilterArrayContainsAny:
		return v.Kind() == rules.KindList && anyOf(v, func(w rules.Value) bool {
			return w.Kind() != rules.KindNull && anyOf(f.Value, func(x rules.Value) bool { return key(w) == key(x) })
		})
	}
	if v.Kind() == rules.KindList || class(v) != class(f.Value) {
		return false
	}
	switch order := cmp.Compare(key(v), key(f.Value)); f.Op {
	case rules.FilterLess:
		return order < 0
	case rules.FilterLessEqual:
		return order <= 0
	case rules.FilterGreater:
		return order > 0
	default:
		return order >= 0
	}
}

// class returns the type that Firestore compares values of this kind within.
func class(v rules.Value) string {
	if v.Kind() == rules.KindFloat {
		return "int"
	}
	return v.Kind().String()
}

// key returns a string that orders and distinguishes the values of this test as Firestore does.
func key(v rules.Value) string {
	switch v.Kind() {
	case rules.KindInt, rules.KindFloat:
		var f float64
		_, _ = fmt.Sscan(v.String(), &f)
		return fmt.Sprintf("number %08.3f", f)
	case rules.KindList:
		out := "list"
		_ = anyOf(v, func(w rules.Value) bool { out += "," + key(w); return false })
		return out
	}
	return v.Kind().String() + v.String()
}

func anyOf(list rules.Value, is func(rules.Value) bool) bool {
	for v := range list.Elements() {
		if is(v) {
			return true
		}
	}
	return false
}

func lookup(v rules.Value, name string) (rules.Value, bool) {
	if v.Kind() != rules.KindMap {
		return rules.Value{}, false
	}
	return v.Field(name)
}
