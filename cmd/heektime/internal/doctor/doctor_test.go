package doctor

import (
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
