package rules_test

import (
	"strings"
	"testing"

	"heek.kr/heektime/emulator/rules"
)

// TestDenialIsBounded checks that a denial stays small however much a client sends.
func TestDenialIsBounded(t *testing.T) {
	huge := fields{"s": text(strings.Repeat("long ", 100_000))}
	for i := range 1000 {
		huge["f"+strings.Repeat("x", i%50)+string(rune('a'+i%26))] = huge["s"]
	}
	set := compile(t, rulesWith(strings.Repeat(`allow create: if request.resource.data == {} && true || request.resource.data.s.size() < 3 || request.resource.data.keys() == [];`, 30)))
	d := set.Evaluate(t.Context(), &rules.Request{Service: rules.Firestore, Method: rules.Create, Path: root + "/things/x", After: huge, Explain: true})
	if d.Allowed || len(d.Denial.Tried) != 20 || len(d.Denial.String()) > 64<<10 {
		t.Errorf("allowed or too long: %d bytes about %d statements", len(d.Denial.String()), len(d.Denial.Tried))
	}
}

func TestDenialExplains(t *testing.T) {
	set := timetableRules(t)
	f := newTimetable()
	f["title"] = rules.IntValue(7)
	d := set.Evaluate(t.Context(), &rules.Request{Service: rules.Firestore, Method: rules.Create,
		Path: root + "/users/alice/timetables/t1", Auth: alice, Time: now, After: f, Explain: true, Access: rules.NewAccess(newStore())})
	got := d.Denial.String()
	for _, want := range []string{"create /databases/(default)/documents/users/alice/timetables/t1 is denied",
		"title is string was false, with title = 7", "line 46: allow create"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q not found in\n%s", want, got)
		}
	}
	if got, want := d.Denial.Summary(), "false for 'create' @ L46"; got != want {
		t.Errorf("summary %q, want %q", got, want)
	}
}
