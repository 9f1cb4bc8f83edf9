package alertwatch_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"heek.kr/heektime/cmd/heektime/internal/alertwatch"
	"heek.kr/heektime/emulator/console"
	"heek.kr/heektime/internal/deployment"
	"heek.kr/heektime/internal/logging"
	"heek.kr/heektime/internal/logline"
)

func firing(w *alertwatch.Watcher) []string {
	var ids []string
	for _, a := range w.Alerts() {
		if a.Firing() {
			ids = append(ids, a.ID)
		}
	}
	return ids
}

func TestAlertBeginsAndEnds(t *testing.T) {
	var printed []string
	w := alertwatch.New(deployment.Table().Alerts, func(format string, args ...any) { printed = append(printed, fmt.Sprintf(format, args...)) })
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	stopped, stop := context.WithCancel(t.Context())
	stop()
	w.Run(stopped, func() time.Time { return now })
	log := logging.New(w, "p").With("service", "refresh")

	fmt.Fprintln(w, "not a log line")
	log.Info(logline.RefreshesEnqueued)
	now = now.Add(24 * time.Hour) // the clock is advanced
	w.Evaluate()
	log.Info(logline.RefreshesEnqueued) // the job runs
	w.Evaluate()
	if len(firing(w)) > 0 || len(printed) > 0 {
		t.Errorf("%q fire after an advance, printed %q", firing(w), printed)
	}

	log.Error(logline.RefreshKeepsFailing, logline.FieldSchool, "가온대학교", logline.FieldSemester, "2026-0900")
	w.Evaluate()
	w.Evaluate()
	w.Evaluate()
	if !slices.Equal(firing(w), []string{"list-failing"}) {
		t.Errorf("%q fire", firing(w))
	}
	i := slices.IndexFunc(w.Alerts(), func(a console.Alert) bool { return a.Firing() })
	if a := w.Alerts()[i]; !a.Since.Equal(now) || len(a.Met) != 1 || !strings.Contains(a.Met[0], "가온대학교 2026-0900: one line") {
		t.Errorf("since %v, met %q", a.Since, a.Met)
	}
	now = now.Add(13 * time.Hour)
	log.Info(logline.RefreshesEnqueued)
	w.Evaluate()
	if len(firing(w)) > 0 {
		t.Errorf("%q still fire", firing(w))
	}
	if len(printed) != 2 || !strings.HasPrefix(printed[0], "ALERT list-failing: ") || printed[1] != "alert list-failing has ended" {
		t.Errorf("printed %q", printed)
	}
}
