package rules_test

import (
	"context"
	"os"
	"strings"
	"testing"

	"heek.kr/heektime/emulator/rules"
)

// FuzzCompile compiles arbitrary text. A ruleset that compiles must evaluate requests without a
// panic, terminate, and have mutants that compile.
func FuzzCompile(f *testing.F) {
	source, err := os.ReadFile("testdata/timetable.rules")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(source))
	for _, body := range []string{"allow read", "allow read: if /a/$(b)/c == path('x');", "match /{a=**}/b { allow get: if a[0] == 'x'[0:1]; }",
		"function f(a) { let b = [a, {'k': a}]; return b[0] in b; } allow write: if f(1) ? true : !false;", "allow read: if '\\u0041\\x41' == b'\\377'.toBase64();",
		"allow list: if request.query.limit <= 10 && resource.data.a.b.c in [1, 2.5e3];", "allow read: if (/a/$(x)).bind({'x': 'y'}) is path;",
		"/* */ allow get: if -1 - -2 % 3 < 4.0 || null is map_diff;", "allow read: if 'a'.replace('(a)', '$1$1').matches('^a+$');"} {
		f.Add(rulesWith(body))
	}
	f.Fuzz(func(t *testing.T, source string) {
		set, _, err := rules.Compile("fuzz.rules", source)
		if err != nil {
			if set != nil || !strings.HasPrefix(err.Error(), "fuzz.rules:") {
				t.Fatalf("error %v", err)
			}
			return
		}
		evaluateAll(set)
		seq, err := rules.Mutants("fuzz.rules", source)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for m := range seq {
			if _, _, err := rules.Compile("mutant.rules", m.Source); err != nil {
				t.Fatalf("%s: %v", m, err)
			}
			if n++; n == 50 {
				break
			}
		}
	})
}

// FuzzExpression evaluates arbitrary expressions in a condition for every method.
func FuzzExpression(f *testing.F) {
	for _, e := range []string{"resource.data.a == 1", "request.resource.data.keys().hasOnly(['a'])", "exists(/databases/$(database)/documents/things/$(id))",
		"request.time + duration.value(1, 'd') > request.time", "math.pow(2, 0.5) < 2 || hashing.md5('a').size() == 16", "[1, 2][0:1].toSet().union([3].toSet()).hasAny([1])",
		"request.resource.data.diff(resource.data).affectedKeys().size() == 0", "latlng.value(1, 2).distance(latlng.value(3, 4)) > 0", "string(9223372036854775807).split('')[3] == int('5')",
		"{'a': {'b': 1}}.get(['a', 'b'], null) is int", "timestamp.value(9223372036854775807) == null", "'aaaa'.replace('', 'bbbb').size()", "debug([resource]) == [resource]", "resource.data.a[1:2] in resource",
		"request == request && resource == resource", "get(/databases/x/documents/a/b).data[string(1.0)]"} {
		f.Add(e)
	}
	f.Fuzz(func(t *testing.T, expression string) {
		set, _, err := rules.Compile("fuzz.rules", rulesWith("allow read, write: if "+expression+"\n;"))
		if err == nil {
			evaluateAll(set)
		}
	})
}

// evaluateAll evaluates requests of every service and method.
func evaluateAll(set *rules.Ruleset) {
	document := fields{"a": rules.IntValue(1), "b": rules.ListOf(text("x"), rules.FloatValue(0.5)), "c": rules.MapOf(map[string]rules.Value{"d": {}})}
	filter := rules.Filter{Op: rules.FilterOr, Filters: []rules.Filter{filter(rules.FilterLess, rules.IntValue(5), "a"), filter(rules.FilterIn, rules.ListOf(text("x"), rules.IntValue(1)), "c", "d")}}
	for _, service := range []rules.Service{rules.Firestore, rules.Storage} {
		for method := rules.Get; method <= rules.Delete; method++ {
			for _, path := range []string{root + "/things/x", "/b/bucket/o/things/x"} {
				req := &rules.Request{Service: service, Method: method, Path: path, Auth: alice, Time: now, Before: document, After: document, Explain: true,
					Coverage: set.NewCoverage(), Access: rules.NewAccess(newStore()), Debug: func(_ int, v rules.Value) { _ = v.String() }}
				if method == rules.List {
					req.Path, req.Query = root+"/things", &rules.Query{Filter: &filter, Limit: 3, HasLimit: true}
				}
				d := set.Evaluate(context.Background(), req)
				if d.Denial != nil {
					_, _ = d.Denial.String(), d.Denial.Summary()
				}
			}
		}
	}
}
