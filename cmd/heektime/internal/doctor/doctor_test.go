package doctor

import (
	"slices"
	"strings"
	"testing"
)

func diagnose(t *testing.T, o Options) *Report {
	t.Helper()
	report, err := Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestHealthyProjectPassesEveryCheck(t *testing.T) {
	s := newStandIn(t)
	report := diagnose(t, s.options(t))
	for _, f := range report.Findings {
		t.Errorf("%s: %s: %s", f.Check, f.Subject, f.What)
	}
	for _, r := range report.Results {
		if r.Status != Passed {
			t.Errorf("%s: %s %s", r.Check, r.Status, r.Reason)
		}
	}
	if len(report.Results) != len(checks) {
		t.Errorf("%d results for %d checks", len(report.Results), len(checks))
	}
	if len(s.writes) > 0 {
		t.Errorf("doctor wrote: %v", s.writes)
	}
	for _, r := range s.strangers.requests {
		if !strings.HasPrefix(r, "GET ") {
			t.Errorf("doctor sent %s", r)
		}
	}
}

// An operator can choose other settings than the table's: alerts with a price, and where the lists are.
func TestOperatorsChoose(t *testing.T) {
	s := newStandIn(t)
	s.bucket["location"] = "ASIA-NORTHEAST3"
	paid := 0
	for _, a := range s.table.Alerts {
		if !a.Condition.IsFree() {
			paid++
			s.alerts = slices.DeleteFunc(s.alerts, func(o obj) bool { return o["displayName"] == a.Title })
		}
	}
	s.metrics = nil
	if paid == 0 || len(s.alerts) != len(s.table.Alerts)-paid {
		t.Fatalf("%d alerts have a price, %d of %d are left", paid, len(s.alerts), len(s.table.Alerts))
	}
	for _, f := range diagnose(t, s.options(t)).Findings {
		t.Errorf("%s: %s: %s", f.Check, f.Subject, f.What)
	}
}
