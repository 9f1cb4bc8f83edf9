package alerts_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"heek.kr/heektime/internal/alerts"
	"heek.kr/heektime/internal/deployment/spec"
)

var start = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func at(d time.Duration) time.Time { return start.Add(d) }

// evaluator returns an evaluator with one alert, whose incidents about lines close after an hour.
func evaluator(c spec.Condition) *alerts.Evaluator {
	return alerts.New([]spec.Alert{{ID: "a", Condition: c, Renotify: time.Hour}})
}

// groups returns the groups for which the only alert fires.
func groups(e *alerts.Evaluator, now time.Time) []string {
	var all []string
	for _, f := range e.Firing(now) {
		for _, values := range f.Groups {
			all = append(all, strings.Join(values, "+"))
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

// A line is an incident until it would notify again.
func TestMatchedLine(t *testing.T) {
	e := evaluator(spec.Condition{Kind: spec.LineMatched, By: []string{"school"}, Lines: []spec.Lines{{Services: []string{"refresh"}}}})
	add := func(minutes int, school string) {
		e.Add(at(time.Duration(minutes)*time.Minute), alerts.Line{"service": "refresh", "school": school})
	}
	check := func(minutes int, want ...string) {
		t.Helper()
		if got := groups(e, at(time.Duration(minutes)*time.Minute)); !slices.Equal(got, want) {
			t.Errorf("after %d minutes %q fire, want %q", minutes, got, want)
		}
	}
	check(0)
	e.Add(at(0), alerts.Line{"service": "auth", "school": "a"}) // of another service
	check(0)
	add(0, "a")
	check(0, "a")
	add(30, "b")
	check(59, "a", "b")
	check(60, "b")
	add(80, "b")
	add(70, "b") // out of order
	check(139, "b")
	check(140)
}

func TestLineWithoutGroups(t *testing.T) {
	e := evaluator(spec.Condition{Kind: spec.LineMatched, Lines: []spec.Lines{{Messages: []string{"m"}}}})
	e.Add(start, alerts.Line{"service": "s", "message": "m"})
	if fires := e.Firing(start); len(fires) != 1 || len(fires[0].Groups) != 1 || len(fires[0].Groups[0]) != 0 {
		t.Errorf("fires: %+v", fires)
	}
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
		"request":           {spec.Lines{Log: spec.RequestLog}, false},
		"line of Cloud Run": {spec.Lines{Log: spec.SystemLog}, false},
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
		e := evaluator(spec.Condition{Kind: spec.LineMatched, Lines: []spec.Lines{c.lines}})
		e.Add(start, parse(t, line))
		if got := len(e.Firing(start)) > 0; got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func where(field string, op spec.Op, values ...string) spec.Lines {
	return spec.Lines{Where: []spec.Comparison{spec.Where(field, op, values...)}}
}

// The form of a line says which log it is from.
func TestLogs(t *testing.T) {
	texts := map[spec.Log]string{
		spec.ServiceLog: `{"service":"auth","message":"m"}`,
		spec.RequestLog: `{"service":"auth","message":"request","httpRequest":{"status":504}}`,
		spec.SystemLog:  `{"service":"auth","severity":"ERROR","textPayload":"Container called exit(2)."}`,
	}
	for log := range texts {
		e := evaluator(spec.Condition{Kind: spec.LineMatched, Lines: []spec.Lines{{Log: log, Services: []string{"auth"}}}})
		for from, text := range texts {
			e.Add(start, parse(t, text))
			if fires := len(e.Firing(start)) > 0; fires != (from == log) {
				t.Errorf("a line of log %q matches lines of log %q: %v", from, log, fires)
			}
			e.Firing(at(2 * time.Hour)) // forget the line
		}
	}
}
