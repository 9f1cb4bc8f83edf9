package refresh_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/internal/logging"
	"heek.kr/heektime/internal/logging/logtest"
	"heek.kr/heektime/internal/logline"
	"heek.kr/heektime/internal/refresh"
	"heek.kr/heektime/internal/schema"
)

// attempt is a run: when it ends, in minutes from the start, how, and whether a retry follows.
type attempt struct {
	minute  int
	outcome refresh.Outcome
	retry   bool
}

// retries are the runs of one slot in which the school is down, as Cloud Tasks repeats them.
func retries(minute, n int) []attempt {
	var all []attempt
	wait := 0.5
	for at := float64(minute); len(all) < n; wait = min(2*wait, 10) {
		all = append(all, attempt{int(at), refresh.Failed, true})
		at += wait
	}
	return all
}

// every repeats a run.
func every(minutes, n int, outcome refresh.Outcome) []attempt {
	var all []attempt
	for i := range n {
		all = append(all, attempt{i * minutes, outcome, false})
	}
	return all
}

func TestSeriesOfFailures(t *testing.T) {
	const hour, day = 60, 24 * 60
	for name, c := range map[string]struct {
		attempts []attempt
		want     []int // the minutes in which a line is logged
	}{
		"one bad list":            {every(day, 1, refresh.Failed), nil},
		"two bad days":            {every(day, 2, refresh.Suspicious), []int{day}},
		"a bad week":              {every(day, 5, refresh.Failed), []int{day, 2 * day, 3 * day, 4 * day}},
		"a bad hour":              {every(5, 12, refresh.Failed), nil},
		"more than an hour":       {every(5, 20, refresh.Failed), []int{hour}},
		"a bad day of many slots": {every(5, 25*12, refresh.Failed), []int{hour, 24 * hour}},
		"a school down an hour":   {retries(0, 10), nil},
		"a school stays down":     {retries(0, 16), []int{75}},
		"slots replace retries":   {append(append(retries(0, 4), retries(5, 4)...), append(retries(10, 4), retries(15, 4)...)...), nil},
		"good in between": {[]attempt{{0, refresh.Failed, false}, {day, refresh.Unchanged, false}, {2 * day, refresh.Failed, false},
			{3 * day, refresh.Changed, false}, {4 * day, refresh.Suspicious, false}}, nil},
		"good, then bad again": {append(every(day, 2, refresh.Failed), attempt{2 * day, refresh.Changed, false},
			attempt{3 * day, refresh.Failed, false}, attempt{4 * day, refresh.Failed, false}), []int{day, 4 * day}},
		"down a moment after a bad day": {[]attempt{{0, refresh.Suspicious, false}, {day, refresh.Failed, true}, {day + 1, refresh.Unchanged, false}}, nil},
		"bad after retries":             {append(retries(0, 3), attempt{2, refresh.Failed, false}, attempt{day, refresh.Failed, false}), []int{day}},
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
			var f schema.Failing
			var got []int
			for _, a := range c.attempts {
				at := start.Add(time.Duration(a.minute) * time.Minute)
				if refresh.CountFailing(&f, &refresh.Run{Started: at, Ended: at, Outcome: a.outcome, Retry: a.retry}) {
					got = append(got, a.minute)
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("logged after %v minutes, want %v", got, c.want)
			}
		})
	}
}

// failingLines returns the log lines that say that a list keeps failing.
func failingLines(lines *logtest.Lines) []string {
	var all []string
	for text := range strings.Lines(lines.String()) {
		if strings.Contains(text, logline.RefreshKeepsFailing) {
			all = append(all, text)
		}
	}
	return all
}

// The count is in Firestore: each run has a new instance. It costs nothing, because the record is written
// anyway.
func TestListThatKeepsFailingIsLogged(t *testing.T) {
	w := newWorld(t)
	var lines logtest.Lines
	run := func() emulatortest.Cost {
		s := w.service(t, semesterID, func(cfg *refresh.Config) { cfg.Log = logging.New(&lines, "p") })
		cost := emulatortest.CostOf(w.Measure(t, func() {
			if _, err := s.Refresh(t.Context(), w.task(semesterID)); err != nil {
				t.Fatal(err)
			}
		}))
		w.Clock.Advance(24 * time.Hour)
		return cost
	}
	w.school.offer(semesterID, titles("첫 판", 30)...)
	run()
	if unchanged := run(); unchanged.Writes != 2 {
		t.Errorf("an unchanged list costs %v, want 2 writes a day: the record and when the list was checked", unchanged)
	}
	w.school.offer(semesterID)
	since := w.Clock.Now().UTC().Format(time.RFC3339)
	for day := range 3 {
		if cost := run(); cost.Writes != 2 {
			t.Errorf("a suspicious list costs %v, want 2 writes", cost)
		}
		if got := len(failingLines(&lines)); got != day {
			t.Errorf("on day %d, the list was logged %d times", day+1, got)
		}
	}
	for _, want := range []string{`"school":"` + schoolID, `"semester":"` + string(semesterID), `"runs":2`, `"since":"` + since[:16], "the list is empty", "ERROR"} {
		if text := failingLines(&lines)[0]; !strings.Contains(text, want) {
			t.Errorf("the line lacks %s: %s", want, text)
		}
	}
	w.school.offer(semesterID, titles("둘째 판", 30)...)
	run()
	if f := w.record(t, semesterID).Failing; f != (schema.Failing{}) {
		t.Errorf("after a good list, it is failing: %+v", f)
	}
}

// When Firestore does not record runs, the instance counts them, for each list.
func TestRunsWithoutARecordAreCounted(t *testing.T) {
	w := newWorld(t)
	var lines logtest.Lines
	denied := func(context.Context, string, any, any, *grpc.ClientConn, grpc.UnaryInvoker, ...grpc.CallOption) error {
		return status.Error(codes.PermissionDenied, "a role is missing")
	}
	deniedStream := func(context.Context, *grpc.StreamDesc, *grpc.ClientConn, string, grpc.Streamer, ...grpc.CallOption) (grpc.ClientStream, error) {
		return nil, status.Error(codes.PermissionDenied, "a role is missing")
	}
	fs := w.FirestoreClient(t, grpc.WithChainUnaryInterceptor(denied), grpc.WithChainStreamInterceptor(deniedStream))
	s := w.service(t, semesterID, func(cfg *refresh.Config) { cfg.Log, cfg.Firestore = logging.New(&lines, "p"), fs })
	for i := range 14 {
		if _, err := s.Refresh(t.Context(), w.task(semesterID)); err == nil {
			t.Fatal("a refresh without Firestore succeeded")
		}
		if logged := len(failingLines(&lines)); logged != map[bool]int{false: 0, true: 1}[i >= 11] {
			t.Errorf("after %d runs, the list was logged %d times", i+1, logged)
		}
		w.Clock.Advance(10 * time.Minute)
	}
}

// A list cannot be stored, but Firestore works: nothing else would report that.
func TestListThatCannotBeStoredIsCounted(t *testing.T) {
	w := newWorld(t)
	w.school.offer(semesterID, titles("첫 판", 30)...)
	var lines logtest.Lines
	s := w.service(t, semesterID, func(cfg *refresh.Config) { cfg.Log, cfg.Bucket = logging.New(&lines, "p"), "no-such-bucket" })
	for range 12 {
		if _, err := s.Refresh(t.Context(), w.task(semesterID)); err == nil {
			t.Fatal("a list was stored in a bucket that does not exist")
		}
		w.Clock.Advance(10 * time.Minute)
	}
	if got := failingLines(&lines); len(got) != 1 || !strings.Contains(got[0], `"school":"`+schoolID) {
		t.Errorf("logged %q", got)
	}
}

// /schedule watches the purge, and records that it ran itself.
func TestScheduleWatchesThePurge(t *testing.T) {
	w := newWorld(t)
	createPausedQueue(t, w)
	var lines logtest.Lines
	s := w.service(t, semesterID, withoutSchedule, func(cfg *refresh.Config) { cfg.Log = logging.New(&lines, "p") })
	writes := 0
	for minute := 0; minute < 4*60; minute += 5 {
		cost := emulatortest.CostOf(w.Measure(t, func() {
			if _, err := s.Due(t.Context()); err != nil {
				t.Fatal(err)
			}
		}))
		if cost.Reads != 1 || cost.Writes > 1 {
			t.Fatalf("a run costs %v", cost)
		}
		writes += cost.Writes
		if missing := strings.Count(lines.String(), logline.PurgeMissing); missing != max(0, (minute-150)/30) {
			t.Errorf("after %d minutes, the purge was reported %d times", minute, missing)
		}
		w.Clock.Advance(5 * time.Minute)
	}
	if writes != 8 {
		t.Errorf("four hours cost %d writes, want 8", writes)
	}
}

// The response of a school that cannot be reached is retried, so its failures add up over an hour.
func TestSchoolThatIsDownAddsUp(t *testing.T) {
	w := newWorld(t)
	w.school.misbehave(func(rw http.ResponseWriter, _ []byte) { rw.WriteHeader(http.StatusServiceUnavailable) })
	task := w.task(semesterID)
	var since time.Time
	for i := range 3 {
		if _, err := w.service(t, semesterID).Refresh(t.Context(), task); err == nil {
			t.Fatal("a refresh without the school is not retried")
		}
		f := w.record(t, semesterID).Failing
		if i == 0 {
			since = f.Since
		}
		if f.Runs != i+1 || f.Slots != 0 || since.IsZero() || !f.Since.Equal(since) {
			t.Errorf("after %d attempts, since %v: %+v", i+1, since, f)
		}
		w.Clock.Advance(time.Minute)
	}
}
