package rules_test

import (
	"math"
	"testing"

	"heek.kr/heektime/emulator/rules"
)

func filter(op rules.FilterOp, v rules.Value, field ...string) rules.Filter {
	return rules.Filter{Op: op, Field: field, Value: v}
}

func and(list ...rules.Filter) *rules.Filter {
	return &rules.Filter{Op: rules.FilterAnd, Filters: list}
}
func or(list ...rules.Filter) *rules.Filter { return &rules.Filter{Op: rules.FilterOr, Filters: list} }

func equals(v rules.Value, field ...string) *rules.Filter {
	f := filter(rules.FilterEqual, v, field...)
	return &f
}

// TestListByFilter checks that a list is allowed only if the query's filter proves the condition
// for every document it could return. The function is long because it is one table.
func TestListByFilter(t *testing.T) {
	n := rules.IntValue
	list := func(values ...rules.Value) rules.Value { return rules.ListOf(values...) }
	one := func(f rules.Filter) *rules.Filter { return &f }
	public := equals(text("public"), "v")
	for _, c := range []struct {
		condition string
		filter    *rules.Filter
		allow     bool
	}{
		// Equality
		{`resource.data.v == 'public'`, public, true},
		{`'public' == resource.data.v`, public, true},
		{`resource.data.v == 'public'`, nil, false},
		{`resource.data.v == 'public'`, equals(text("private"), "v"), false},
		{`resource.data.v == 'public'`, equals(text("public"), "w"), false},
		{`resource.data.v != 'private'`, public, true},
		{`!(resource.data.v == 'private')`, public, true},
		{`resource.data.v == 'public' && resource.data.w == 'x'`, public, false},
		{`resource.data.v == 'public' || resource.data.w == 'x'`, public, true},
		{`resource.data.w == 'x' || resource.data.v == 'public'`, public, true},
		{`resource.data.v == 'public' && resource.data.w == 'x'`, and(*public, *equals(text("x"), "w")), true},
		{`resource.data.owner == request.auth.uid`, equals(text("alice"), "owner"), true},
		{`resource.data.owner == request.auth.uid`, equals(text("bob"), "owner"), false},
		{`resource.data.roles[request.auth.uid] == 'admin'`, equals(text("admin"), "roles", "alice"), true},
		{`resource.data.roles.alice in ['admin', 'owner']`, equals(text("admin"), "roles", "alice"), true},
		{`resource.data.roles[request.auth.uid] == 'admin'`, equals(text("admin"), "roles", "bob"), false},
		{`resource.data.v == null`, equals(rules.Value{}, "v"), true},
		{`resource.data.v == true`, equals(rules.BoolValue(true), "v"), true},
		{`resource.data.v`, equals(rules.BoolValue(true), "v"), true},
		{`resource.data.n == 1`, equals(n(1), "n"), true},
		{`resource.data.n == 1.0`, equals(n(1), "n"), true},
		{`resource.data.n == 2`, equals(n(1), "n"), false},
		{`resource.data.n is number`, equals(n(1), "n"), true},
		{`resource.data.n is int`, equals(n(1), "n"), false}, // it may be 1.0
		{`resource.data.m == {'a': 1}`, equals(rules.MapOf(map[string]rules.Value{"a": n(1)}), "m"), true},
		{`resource.data.m.a is int`, equals(rules.MapOf(map[string]rules.Value{"a": n(1)}), "m"), false},
		{`resource.data.m.a == 'x'`, equals(rules.MapOf(map[string]rules.Value{"a": text("x")}), "m"), true},
		{`resource.data.v.size() == 6`, public, true},
		{`resource.data.v.matches('pub.*')`, public, true},
		{`exists(/databases/$(database)/documents/allowed/$(resource.data.v))`, public, true},
		{`get(/databases/$(database)/documents/allowed/$(resource.data.v)).data.ok`, public, true},
		{`exists(/databases/$(database)/documents/allowed/$(resource.data.v))`, nil, false},
		// in
		{`resource.data.v in ['public', 'unlisted']`, public, true},
		{`resource.data.v in ['public', 'unlisted']`, one(filter(rules.FilterIn, list(text("public"), text("unlisted")), "v")), true},
		{`resource.data.v in ['public']`, one(filter(rules.FilterIn, list(text("public"), text("unlisted")), "v")), false},
		{`resource.data.v == 'public' || resource.data.v == 'unlisted'`, one(filter(rules.FilterIn, list(text("public"), text("unlisted")), "v")), true},
		// A list's null and NaN match no document, so they need no permission of their own.
		{`resource.data.v == 'public'`, one(filter(rules.FilterIn, list(text("public"), rules.Value{}, rules.FloatValue(math.NaN())), "v")), true},
		{`'public' in resource.data.v`, one(filter(rules.FilterArrayContainsAny, list(text("public"), rules.Value{}, rules.FloatValue(math.NaN())), "v")), true},
		{`resource.data.v == 'public'`, one(filter(rules.FilterIn, list(text("private"), rules.Value{}), "v")), false},
		{`false`, one(filter(rules.FilterIn, list(rules.Value{}), "v")), false},
		{`false`, one(filter(rules.FilterArrayContainsAny, list(rules.FloatValue(math.NaN())), "v")), false},
		{`resource.data.n in [1, 2, 3]`, one(filter(rules.FilterIn, list(n(1), n(3)), "n")), true},
		{`!(resource.data.v in ['x', 'y'])`, public, true},
		{`resource.data.v == 'public'`, one(filter(rules.FilterIn, list(), "v")), false},
		// Disjunctions: every branch must be proved, each possibly by another condition
		{`resource.data.v == 'public' || resource.data.owner == request.auth.uid`, or(*public, *equals(text("alice"), "owner")), true},
		{`resource.data.v == 'public' || resource.data.owner == request.auth.uid`, or(*public, *equals(text("bob"), "owner")), false},
		{`resource.data.v == 'public'`, or(*public, *equals(text("alice"), "owner")), false},
		{`resource.data.v == 'public'`, and(*public, *or(*equals(n(1), "n"), *equals(n(2), "n"))), true},
		// Ranges
		{`resource.data.n < 10`, one(filter(rules.FilterLess, n(10), "n")), true},
		{`resource.data.n < 10`, one(filter(rules.FilterLessEqual, n(10), "n")), false},
		{`resource.data.n <= 10`, one(filter(rules.FilterLessEqual, n(10), "n")), true},
		{`resource.data.n < 10`, one(filter(rules.FilterLess, n(5), "n")), true},
		{`10 > resource.data.n`, one(filter(rules.FilterLess, n(5), "n")), true},
		{`resource.data.n < 10`, one(filter(rules.FilterLess, n(50), "n")), false},
		{`resource.data.n < 10`, one(filter(rules.FilterGreater, n(5), "n")), false},
		{`resource.data.n > 5`, one(filter(rules.FilterGreater, n(5), "n")), true},
		{`resource.data.n >= 5`, one(filter(rules.FilterGreater, n(5), "n")), true},
		{`resource.data.n > 5`, one(filter(rules.FilterGreaterEqual, n(5), "n")), false},
		{`!(resource.data.n <= 5)`, one(filter(rules.FilterGreater, n(5), "n")), true},
		{`!(resource.data.n < 5)`, one(filter(rules.FilterGreaterEqual, n(5), "n")), true},
		{`resource.data.n > 1 && resource.data.n < 9`, and(filter(rules.FilterGreater, n(1), "n"), filter(rules.FilterLess, n(9), "n")), true},
		{`resource.data.n != 20`, one(filter(rules.FilterLess, n(10), "n")), true},
		{`resource.data.n is number`, one(filter(rules.FilterLess, n(10), "n")), true},
		{`resource.data.n is string`, one(filter(rules.FilterLess, n(10), "n")), false},
		{`!(resource.data.n is string)`, one(filter(rules.FilterLess, n(10), "n")), true},
		{`resource.data.t <= request.time`, one(filter(rules.FilterLessEqual, rules.TimeValue(now), "t")), true},
		{`resource.data.n < 5`, equals(n(3), "n"), true},
		{`resource.data.n < 3`, equals(n(3), "n"), false},
		// Not equal, not in
		{`resource.data.v != 'private'`, one(filter(rules.FilterNotEqual, text("private"), "v")), true},
		{`resource.data.v == 'public'`, one(filter(rules.FilterNotEqual, text("private"), "v")), false},
		{`resource.data.v != 'b'`, one(filter(rules.FilterNotIn, list(text("a"), text("b")), "v")), true},
		{`resource.data.v != null`, one(filter(rules.FilterNotEqual, text("x"), "v")), true},
		// Arrays
		{`request.auth.uid in resource.data.members`, one(filter(rules.FilterArrayContains, text("alice"), "members")), true},
		{`request.auth.uid in resource.data.members`, one(filter(rules.FilterArrayContains, text("bob"), "members")), false},
		{`request.auth.uid in resource.data.members`, one(filter(rules.FilterArrayContainsAny, list(text("alice"), text("bob")), "members")), false},
		{`resource.data.members.hasAny(['alice', 'bob'])`, one(filter(rules.FilterArrayContainsAny, list(text("alice"), text("bob")), "members")), true},
		{`resource.data.members.hasAll(['alice'])`, one(filter(rules.FilterArrayContains, text("alice"), "members")), true},
		{`resource.data.members.hasOnly(['alice'])`, one(filter(rules.FilterArrayContains, text("alice"), "members")), false},
		{`resource.data.members is list`, one(filter(rules.FilterArrayContains, text("alice"), "members")), true},
		{`resource.data.members == ['a', 'b']`, equals(list(text("a"), text("b")), "members"), true},
		// Presence of fields
		{`'v' in resource.data`, public, true},
		{`'v' in resource.data`, nil, false},
		{`'roles' in resource.data`, equals(text("admin"), "roles", "alice"), true},
		{`!('w' in resource.data)`, public, false},
		{`resource.data.keys().hasAll(['v'])`, public, true},
		{`resource.data.keys().hasAny(['v', 'w'])`, public, true},
		{`resource.data.keys().hasAll(['v', 'w'])`, public, false},
		{`resource.data.keys().hasOnly(['v', 'w'])`, public, false},
		{`'v' in resource.data.keys()`, public, true},
		{`resource.data.get('v', '') == 'public'`, public, true},
		{`resource.data.get('w', 'x') == 'x'`, public, false},
		{`resource.data.get(['roles', 'alice'], '') == 'admin'`, equals(text("admin"), "roles", "alice"), true},
		{`resource.data.size() > 0`, public, false},
		// Conditions that no query affects
		{`true`, nil, true},
		{`resource == null`, nil, false},
		{`resource != null`, nil, true},
		{`resource == null || resource.data.v == 'public'`, public, true},
		{`request.resource == null`, nil, true},
		{`resource.data is map`, nil, true},
		{`request.method == 'list'`, nil, true},
		{`parent == 'p'`, nil, true},
		{`request.auth.uid == 'alice'`, nil, true},
		// The document ID is unknown unless the query names it
		{`thing == 'x'`, nil, false},
		{`thing is string`, nil, true},
		{`resource.id == 'x'`, nil, false},
		{`resource.__name__ is path`, nil, true},
		{`thing == 'x'`, equals(rules.PathValue(root+"/parents/p/things/x"), "__name__"), true},
		{`resource.id == 'x'`, equals(rules.PathValue(root+"/parents/p/things/x"), "__name__"), true},
		{`thing == 'x'`, equals(rules.PathValue(root+"/parents/q/things/x"), "__name__"), false},
		{`thing in ['x', 'y']`, one(filter(rules.FilterIn, list(rules.PathValue(root+"/parents/p/things/x"), rules.PathValue(root+"/parents/p/things/y")), "__name__")), true},
		// Unknown values stay unknown through every operation
		{`resource.data.w == resource.data.w`, nil, false},
		{`!(resource.data.w == 'x')`, nil, false},
		{`resource.data.w != 'x'`, nil, false},
		{`resource.data.w == 'x' || resource.data.w != 'x'`, nil, false},
		{`resource.data.w == 'x' ? true : true`, nil, false},
		{`('w' in resource.data) ? true : true`, nil, true},
		{`(resource.data.v == 'public') ? true : false`, public, true},
		{`resource.data.w + 1 > 0`, nil, false},
		{`-resource.data.w < 0`, nil, false},
		{`[resource.data.w].size() == 1`, nil, false},
		{`[resource.data.v].size() == 1`, public, true},
		{`{'a': resource.data.w}.size() == 1`, nil, false},
		{`resource.data.w[0] == 1`, nil, false},
		{`resource.data.w.lower() == 'x'`, nil, false},
		{`debug(resource.data.v) == 'public'`, public, true},
		{`resource.data.diff({}).addedKeys().size() > 0`, public, false},
		{`string(resource.data.w) == 'x'`, nil, false},
		{`public(resource.data.v)`, public, true},
	} {
		set := compile(t, `rules_version = '2';
service cloud.firestore {
  match /databases/{database}/documents {
    match /parents/{parent}/things/{thing} {
      function public(v) { let w = v; return w == 'public'; }
      allow list: if `+c.condition+`;
    }
  }
}`)
		w := &store{before: map[string]map[string]rules.Value{root + "/allowed/public": {"ok": rules.BoolValue(true)}}}
		d := set.Evaluate(t.Context(), &rules.Request{Service: rules.Firestore, Method: rules.List, Path: root + "/parents/p/things",
			Auth: alice, Time: now, Query: &rules.Query{Filter: c.filter}, Access: rules.NewAccess(w), Explain: true})
		if d.Err != nil {
			t.Fatal(d.Err)
		}
		if d.Allowed != c.allow {
			t.Errorf("%s with %+v: allowed = %v: %v", c.condition, c.filter, d.Allowed, d.Denial)
		}
	}
}

func TestListByLimitAndOrder(t *testing.T) {
	for _, c := range []struct {
		condition string
		query     *rules.Query
		allow     bool
	}{
		{`request.query.limit <= 20`, &rules.Query{Limit: 20, HasLimit: true}, true},
		{`request.query.limit <= 20`, &rules.Query{Limit: 21, HasLimit: true}, false},
		{`request.query.limit <= 20`, &rules.Query{}, false},
		{`request.query.limit <= 20`, nil, false},
		{`request.query.limit == 0`, &rules.Query{HasLimit: true}, true},
		{`request.query.offset == 0`, &rules.Query{}, true},
		{`request.query.offset < 10`, &rules.Query{Offset: 10}, false},
		{`request.query.orderBy.a == 'DESC'`, &rules.Query{Orders: []rules.Order{{Field: []string{"a"}, Descending: true}}}, true},
		{`'a' in resource.data`, &rules.Query{Orders: []rules.Order{{Field: []string{"a"}}}}, true},
		{`'b' in resource.data.a`, &rules.Query{Orders: []rules.Order{{Field: []string{"a", "b"}}}}, true},
		{`'b' in resource.data`, &rules.Query{Orders: []rules.Order{{Field: []string{"a"}}}}, false},
		{`resource.data.a is string`, &rules.Query{Orders: []rules.Order{{Field: []string{"a"}}}}, false},
		{`true`, &rules.Query{Orders: []rules.Order{{Field: []string{"__name__"}}}}, true},
	} {
		set := compile(t, `rules_version = '2';
service cloud.firestore { match /databases/{d}/documents/things/{t} { allow list: if `+c.condition+`; } }`)
		d := set.Evaluate(t.Context(), &rules.Request{Service: rules.Firestore, Method: rules.List, Path: root + "/things", Time: now, Query: c.query})
		if d.Allowed != c.allow || d.Err != nil {
			t.Errorf("%s with %+v: allowed = %v, error %v", c.condition, c.query, d.Allowed, d.Err)
		}
	}
}

// TestCollectionGroups checks that only a recursive wildcard of version 2 can allow a collection
// group query, since its results may be anywhere.
func TestCollectionGroups(t *testing.T) {
	for _, c := range []struct {
		name, version, match string
		allow                bool
	}{
		{"recursive before", "2", "/{path=**}/things/{id}", true},
		{"recursive after", "2", "/{all=**}", true},
		{"recursive after a collection", "2", "/parents/{p}/{rest=**}", false},
		{"another group", "2", "/{path=**}/others/{id}", false},
		{"one collection", "2", "/things/{id}", false},
		{"one depth", "2", "/parents/{p}/things/{id}", false},
		{"version 1", "1", "/{all=**}", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			set := compile(t, "rules_version = '"+c.version+"'; service cloud.firestore { match /databases/{d}/documents { match "+c.match+
				" { allow read: if resource.data.v == 'public'; } } }")
			for filter, allow := range map[*rules.Filter]bool{equals(text("public"), "v"): c.allow, nil: false} {
				d := set.Evaluate(t.Context(), &rules.Request{Service: rules.Firestore, Method: rules.List, Path: root, Time: now,
					Query: &rules.Query{Group: "things", Filter: filter}})
				if d.Allowed != allow || d.Err != nil {
					t.Errorf("filter %v: allowed = %v, error %v", filter, d.Allowed, d.Err)
				}
			}
		})
	}
}

// TestTooManyDisjunctions checks that a query cannot exhaust memory with its disjunctive normal
// form.
func TestTooManyDisjunctions(t *testing.T) {
	set := compile(t, `rules_version = '2'; service cloud.firestore { match /{all=**} { allow read; } }`)
	var product []rules.Filter
	for range 20 {
		product = append(product, *or(*equals(text("a"), "x"), *equals(text("b"), "x")))
	}
	d := set.Evaluate(t.Context(), &rules.Request{Service: rules.Firestore, Method: rules.List, Path: root + "/things", Time: now,
		Query: &rules.Query{Filter: and(product...)}})
	if d.Allowed || d.Err == nil {
		t.Errorf("allowed = %v, error %v, want an error", d.Allowed, d.Err)
	}
}
