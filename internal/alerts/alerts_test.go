package alerts_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"heek.kr/heektime/internal/alerts"
	"heek.kr/heektime/internal/deployment/spec"
	"heek.kr/heektime/internal/logging"
	"heek.kr/heektime/internal/logging/logtest"
)

var start = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func at(d time.Duration) time.Time { return start.Add(d) }

// evaluator returns an evaluator with one alert that has one condition.
func evaluator(c spec.Condition) *alerts.Evaluator {
	c.ID = "c"
	return alerts.New([]spec.Alert{{ID: "a", Conditions: []spec.Condition{c}}})
}

// groups returns the groups for which the only alert fires.
func groups(e *alerts.Evaluator, now time.Time) []string {
	var all []string
	for _, f := range e.Firing(now) {
		for _, m := range f.Conditions {
			all = append(all, strings.Join(m.Group, "+"))
		}
	}
	return all
}

func parse(t *testing.T, text string) alerts.Line {
	t.Helper()
	line, err := alerts.ParseLine([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return line
}

func TestCountWithinTheWindow(t *testing.T) {
	e := evaluator(spec.Condition{Kind: spec.LinesCounted, AtLeast: 3, Window: time.Hour, By: []string{"school"},
		Lines: []spec.Lines{{Services: []string{"refresh"}}}})
	add := func(minutes int, school string) {
		e.Add(at(time.Duration(minutes)*time.Minute), alerts.Line{"service": "refresh", "school": school})
	}
	check := func(minutes int, want ...string) {
		t.Helper()
		if got := groups(e, at(time.Duration(minutes)*time.Minute)); !slices.Equal(got, want) {
			t.Errorf("after %d minutes %q fire, want %q", minutes, got, want)
		}
	}
	add(0, "a")
	add(20, "a")
	add(20, "b") // another school's line does not count
	check(20)
	add(59, "a")
	check(59, "a")
	check(60) // the first line is an hour old
	add(50, "b")
	add(30, "b") // late, but within the window
	check(61, "b")
	add(61, "a")
	check(62, "a", "b")
	check(500)
}

func TestAbsence(t *testing.T) {
	e := evaluator(spec.Condition{Kind: spec.LinesAbsent, Window: 30 * time.Minute, Lines: []spec.Lines{{Messages: []string{"ran"}}}})
	ran, other := alerts.Line{"service": "s", "message": "ran"}, alerts.Line{"service": "s", "message": "other"}
	for _, step := range []struct {
		minutes int
		line    alerts.Line
		fires   bool
	}{
		{0, other, false},
		{600, nil, false}, // there was no line yet, as in Cloud Monitoring
		{600, ran, false},
		{629, nil, false},
		{630, nil, true},
		{700, other, true},
		{1000, nil, true},
		{1000, ran, false},
	} {
		now := at(time.Duration(step.minutes) * time.Minute)
		if step.line != nil {
			e.Add(now, step.line)
		}
		if fires := len(e.Firing(now)) > 0; fires != step.fires {
			t.Errorf("after %d minutes: fires is %v", step.minutes, fires)
		}
	}
}

func TestSumOfMetric(t *testing.T) {
	const metric = "firestore.googleapis.com/document/read_count"
	e := evaluator(spec.Condition{Kind: spec.SumOfMetric, Metric: metric, AtLeast: 100, Window: 24 * time.Hour})
	e.AddPoint(at(0), metric, 60)
	e.AddPoint(at(12*time.Hour), "another.googleapis.com/metric", 1000)
	e.AddPoint(at(23*time.Hour), metric, 40)
	if len(e.Firing(at(23*time.Hour))) == 0 {
		t.Error("100 reads in 23 hours do not fire")
	}
	if len(e.Firing(at(24*time.Hour))) != 0 {
		t.Error("40 reads in the last 24 hours fire")
	}
}

// Comparisons with a missing field are false, as in Cloud Logging.
func TestMatching(t *testing.T) {
	const line = `{"service":"auth","message":"m","n":503,"ok":true,"text":"x509: unknown authority","deep":{"er":"v"}}`
	for name, c := range map[string]struct {
		lines spec.Lines
		want  bool
	}{
		"service":           {spec.Lines{Services: []string{"x", "auth"}}, true},
		"other service":     {spec.Lines{Services: []string{"refresh"}}, false},
		"message":           {spec.Lines{Messages: []string{"m"}}, true},
		"part of a message": {spec.Lines{Messages: []string{"messag"}}, false},
		"request":           {spec.Lines{Requests: true}, false},
		"number":            {where("n", spec.Equals, "503"), true},
		"not number":        {where("n", spec.NotEquals, "503"), false},
		"not other number":  {where("n", spec.NotEquals, "500"), true},
		"at least":          {where("n", spec.AtLeast, "500"), true},
		"at least more":     {where("n", spec.AtLeast, "504"), false},
		"boolean":           {where("ok", spec.Equals, "true"), true},
		"one of":            {where("message", spec.Equals, "l", "m"), true},
		"nested":            {where("deep.er", spec.Equals, "v"), true},
		"object":            {where("deep", spec.NotEquals, "v"), false},
		"pattern":           {where("text", spec.Matches, "x509: "), true},
		"other pattern":     {where("text", spec.Matches, "^unknown"), false},
		"missing":           {where("gone", spec.NotEquals, "v"), false},
		"missing pattern":   {where("gone", spec.Matches, ""), false},
		"missing below":     {where("n.m", spec.Equals, "503"), false},
	} {
		e := evaluator(spec.Condition{Kind: spec.LinesCounted, AtLeast: 1, Window: time.Hour, Lines: []spec.Lines{c.lines}})
		e.Add(start, parse(t, line))
		if got := len(e.Firing(start)) > 0; got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func where(field string, op spec.Op, values ...string) spec.Lines {
	return spec.Lines{Where: []spec.Comparison{spec.Where(field, op, values...)}}
}

func TestRequestsWritesTheStatus(t *testing.T) {
	var log logtest.Lines
	handler := alerts.Requests(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/fails":
			w.WriteHeader(http.StatusServiceUnavailable)
			io.WriteString(w, "later")
		case "/panics":
			panic(http.ErrAbortHandler)
		case "/flushes":
			w.(http.Flusher).Flush()
			w.WriteHeader(http.StatusInternalServerError) // too late
		}
	}), logging.New(&log, "p").With("service", "auth"))
	srv := httptest.NewServer(handler)
	for _, path := range []string{"/works", "/fails", "/panics", "/flushes"} {
		if res, err := http.Post(srv.URL+path, "", nil); err == nil {
			res.Body.Close()
		}
	}
	srv.Close() // a flushed response arrives before its line is written
	want := []string{"200", "503", "500", "200"}
	var lines []string
	for line := range strings.Lines(log.String()) {
		lines = append(lines, line)
	}
	if len(lines) != len(want) {
		t.Fatalf("%d lines, want %d:\n%s", len(lines), len(want), log.String())
	}
	for i, status := range want {
		e := evaluator(spec.Condition{Kind: spec.LinesCounted, AtLeast: 1, Window: time.Hour, Lines: []spec.Lines{{
			Requests: true, Services: []string{"auth"}, Where: []spec.Comparison{spec.Where(spec.FieldStatus, spec.Equals, status)},
		}}})
		e.Add(start, parse(t, lines[i]))
		if len(e.Firing(start)) == 0 {
			t.Errorf("line %d has no status %s: %s", i, status, lines[i])
		}
	}
}
