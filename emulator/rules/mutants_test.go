package rules_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"heek.kr/heektime/emulator/rules"
)

func mutantsOf(t *testing.T, source string) []rules.Mutant {
	t.Helper()
	seq, err := rules.Mutants("x.rules", source)
	if err != nil {
		t.Fatal(err)
	}
	return slices.Collect(seq)
}

func TestMutants(t *testing.T) {
	for _, c := range []struct {
		body string
		want []string // bodies that some mutant must have
	}{
		{"allow get: if a() && b() && c();", []string{"allow get: if true;", "allow read: if a() && b() && c();", "allow get: if (a() && b());",
			"allow get: if (b()) && c();", "allow get: if (a()) && c();", "allow get: if a() && b() || c();", ""}},
		{"allow get: if (a() || b()) && c();", []string{"allow get: if (a()) && c();", "allow get: if (b()) && c();", "allow get: if (c());", "allow get: if ((a() || b()));"}},
		{"allow create: if x == 1;", []string{"allow create: if x != 1;", "allow create: if true;", "allow create, update: if x == 1;"}},
		{"allow get: if x.size() <= 32;", []string{"allow get: if x.size() <= 33;", "allow get: if x.size() <= 31;"}},
		{"allow get: if x < y;", []string{"allow get: if x <= y;"}},
		{"allow get: if !x();", []string{"allow get: if x();"}},
		{"allow get: if x.keys().hasOnly(['a', 'b']) && y;", []string{"allow get: if x.keys().hasOnly(['a']) && y;", "allow get: if x.keys().hasOnly(['b']) && y;", "allow get: if true && y;"}},
		{"allow get: if x in ['a', 'b'] && y;", []string{"allow get: if x in ['a'] && y;"}},
		{"allow get: if resource.data.a == request.resource.data.a;", []string{"allow get: if request.resource.data.a == request.resource.data.a;", "allow get: if resource.data.a == resource.data.a;"}},
		{"allow get: if x is string && y;", []string{"allow get: if true && y;"}},
		{"allow get: if existsAfter(/a/b);", []string{"allow get: if exists(/a/b);"}},
		{"allow get: if getAfter(/a/b).data.x;", []string{"allow get: if get(/a/b).data.x;"}},
		{"allow get: if x ? y : z;", []string{"allow get: if (y);", "allow get: if (z);"}},
		{"function f() { return x == 1; } allow get: if f();", []string{"function f() { return true; } allow get: if f();"}},
		{"allow get;", []string{"", "allow read;"}},
	} {
		var got []string
		for _, m := range mutantsOf(t, rulesWith(c.body)) {
			got = append(got, strings.TrimSpace(strings.Split(m.Source, "\n")[3]))
			if m.Line != 4 || m.Kind == "" || m.Description == "" {
				t.Errorf("%s: mutant without position, kind or description: %+v", c.body, m)
			}
		}
		for _, want := range c.want {
			if !slices.Contains(got, want) {
				t.Errorf("%s: no mutant %q in\n%s", c.body, want, strings.Join(got, "\n"))
			}
		}
		slices.Sort(got)
		if unique := slices.Compact(slices.Clone(got)); len(unique) != len(got) {
			t.Errorf("%s: duplicate mutant in\n%s", c.body, strings.Join(got, "\n"))
		}
	}
}

// TestMutantsCompile checks that every mutant compiles: any test would detect one that does not, so
// it would prove nothing.
func TestMutantsCompile(t *testing.T) {
	source, err := os.ReadFile("testdata/timetable.rules")
	if err != nil {
		t.Fatal(err)
	}
	list := mutantsOf(t, string(source))
	for _, m := range list {
		if _, _, err := rules.Compile("mutant.rules", m.Source); err != nil {
			t.Errorf("%s: %v", m, err)
		}
		if m.Source == string(source) {
			t.Errorf("%s changes nothing", m)
		}
	}
	if len(list) < 100 {
		t.Errorf("%d mutants, want at least 100", len(list))
	}
	seq, _ := rules.Mutants("x.rules", string(source))
	for range seq {
		break // the generator must stop
	}
	if _, err := rules.Mutants("x.rules", "service"); err == nil {
		t.Error("mutants of an invalid rules file")
	}
}
