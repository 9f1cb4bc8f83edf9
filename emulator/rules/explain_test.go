package rules_test

import (
	"strings"
	"testing"

	"heek.kr/heektime/emulator/rules"
)

// A refusal stays small, however much a client sends.
func TestRefusalIsBounded(t *testing.T) {
	huge := fields{"s": text(strings.Repeat("long ", 100_000))}
	for i := range 1000 {
		huge["f"+strings.Repeat("x", i%50)+string(rune('a'+i%26))] = huge["s"]
	}
	set := compile(t, rulesWith(strings.Repeat(`allow create: if request.resource.data == {} && true || request.resource.data.s.size() < 3 || request.resource.data.keys() == [];`, 30)))
	d := set.Evaluate(t.Context(), &rules.Request{Service: rules.Firestore, Method: rules.Create, Path: root + "/things/x", After: huge, Explain: true})
	if d.Allowed || len(d.Denial.Tried) != 20 || len(d.Denial.String()) > 64<<10 {
		t.Errorf("%d bytes about %d statements", len(d.Denial.String()), len(d.Denial.Tried))
	}
}

func TestRefusalSaysWhy(t *testing.T) {
	set := timetableRules(t)
	f := newTimetable()
	f["title"] = rules.IntValue(7)
	d := set.Evaluate(t.Context(), &rules.Request{Service: rules.Firestore, Method: rules.Create,
		Path: root + "/users/alice/timetables/t1", Auth: alice, Time: now, After: f, Explain: true, Access: rules.NewAccess(world())})
	got := d.Denial.String()
	for _, want := range []string{"create /databases/(default)/documents/users/alice/timetables/t1 is refused",
		"title is string was false, with title = 7", "line 46: allow create"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in\n%s", want, got)
		}
	}
	if got, want := d.Denial.Summary(), "false for 'create' @ L46"; got != want {
		t.Errorf("the summary is %q, not %q", got, want)
	}
}
