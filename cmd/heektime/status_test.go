package main

import (
	"strings"
	"testing"
	"time"

	"heek.kr/heektime/cmd/heektime/internal/operator"
	"heek.kr/heektime/internal/refresh"
)

func TestStatusShowsFailing(t *testing.T) {
	now := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	reported := now.Add(-time.Hour)
	run := refresh.Run{Started: now.Add(-2 * time.Minute), Ended: now.Add(-time.Minute), Outcome: refresh.Failed, Reason: "the school is down"}
	good := refresh.Run{Started: run.Started, Ended: run.Ended, Outcome: refresh.Unchanged}
	var out strings.Builder
	printStatus(&out, []row{
		{School: "a", Semester: "2026-0900", Run: good},
		{School: "b", Semester: "2026-0900", Run: run, Failing: &operator.Failing{Since: now.Add(-20 * time.Minute), Runs: 1}},
		{School: "c", Semester: "2026-0900", Run: run, Failing: &operator.Failing{Since: now.Add(-50 * time.Hour), Runs: 15, Reported: &reported}},
	}, now)
	for _, want := range []string{
		"took  failing\n", "60.00 s\nb", "60.00 s  1 run, since 20 min ago\n", "60.00 s  15 runs, since 2 days ago, reported\n", "\nc 2026-0900: the school is down\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in:\n%s", want, out.String())
		}
	}
}
