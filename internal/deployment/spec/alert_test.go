package spec_test

import (
	"maps"
	"strings"
	"testing"
	"time"

	"heek.kr/heektime/internal/deployment"
	"heek.kr/heektime/internal/deployment/spec"
)

// alert returns a table whose only alert is valid.
func alert() (*spec.Deployment, *spec.Alert) {
	d := deployment.Table()
	d.Alerts = []spec.Alert{{
		ID: "list-failing", Title: "A list fails", Means: "It failed.", Do: "Wait.", Severity: spec.Error, Renotify: time.Hour,
		Condition: spec.Condition{
			Kind: spec.LineMatched, By: []string{"school", spec.FieldService},
			Lines: []spec.Lines{{Services: []string{"refresh"}, Messages: []string{"refresh failed", "refresh suspicious"}, Where: []spec.Comparison{
				spec.Where("retry", spec.Equals, "false"), spec.Where("reason", spec.Matches, `x509: |[Qq]uota`),
			}}, {Log: spec.RequestLog, Where: []spec.Comparison{
				spec.Where(spec.FieldStatus, spec.AtLeast, "500"), spec.Where(spec.FieldStatus, spec.NotEquals, "503"),
			}}, {Log: spec.SystemLog, Services: []string{"auth", "refresh"}, Where: []spec.Comparison{
				spec.Where(spec.FieldText, spec.Matches, `exit[(]`),
			}}},
		},
	}}
	return d, &d.Alerts[0]
}

func TestFilter(t *testing.T) {
	d, a := alert()
	if err := d.Validate(); err != nil {
		t.Fatal(err)
	}
	const want = `resource.type="cloud_run_revision" AND ` +
		`((log_id("run.googleapis.com/stdout") AND resource.labels.service_name="refresh" AND ` +
		`jsonPayload.message=("refresh failed" OR "refresh suspicious") AND ` +
		`jsonPayload.retry=false AND jsonPayload.reason=~"x509: |[Qq]uota") OR ` +
		`(log_id("run.googleapis.com/requests") AND httpRequest.status>=500 AND httpRequest.status!=503) OR ` +
		`(log_id("run.googleapis.com/varlog/system") AND resource.labels.service_name=("auth" OR "refresh") AND textPayload=~"exit[(]"))`
	if got := a.Condition.Filter(); got != want {
		t.Errorf("filter\n%s\nwant\n%s", got, want)
	}
	labels := map[string]string{"school": "EXTRACT(jsonPayload.school)", "service": "EXTRACT(resource.labels.service_name)"}
	if got := a.Condition.Labels(); !maps.Equal(got, labels) {
		t.Errorf("labels %v, want %v", got, labels)
	}
}

func TestDescribe(t *testing.T) {
	for want, a := range map[string]spec.Alert{
		"one line; at most one notification in 2 hours for the same school and semester": {
			Condition: spec.Condition{Kind: spec.LineMatched, By: []string{"school", "semester"}}, Renotify: 2 * time.Hour},
		"one line; at most one notification in 90 minutes": {Condition: spec.Condition{Kind: spec.LineMatched}, Renotify: 90 * time.Minute},
		"no such line for 30 minutes":                      {Condition: spec.Condition{Kind: spec.LinesAbsent, Window: 30 * time.Minute}},
		"200000 or more within 1 day":                      {Condition: spec.Condition{Kind: spec.SumOfMetric, AtLeast: 200_000, Window: 24 * time.Hour}},
	} {
		if got := a.Describe(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// Only an absence needs a metric of its own, and only a matched line is free.
func TestMetric(t *testing.T) {
	_, a := alert()
	for _, c := range []struct {
		kind         spec.ConditionKind
		name, metric string
		free         bool
		autoClose    time.Duration
	}{
		{spec.LineMatched, "", "", true, time.Hour},
		{spec.LinesAbsent, "heektime-list-failing", "logging.googleapis.com/user/heektime-list-failing", false, 24 * time.Hour},
		{spec.SumOfMetric, "", "firestore.googleapis.com/document/read_count", false, 24 * time.Hour},
	} {
		a.Condition.Kind, a.Condition.Metric = c.kind, ""
		if c.kind == spec.SumOfMetric {
			a.Condition.Metric = c.metric
		}
		if a.MetricName() != c.name || a.MetricType() != c.metric || a.Condition.IsFree() != c.free || a.AutoClose() != c.autoClose {
			t.Errorf("%s: metric %q of type %q, free %v, closes after %v", c.kind, a.MetricName(), a.MetricType(), a.Condition.IsFree(), a.AutoClose())
		}
	}
	a.Condition.Kind, a.Renotify = spec.LineMatched, 5*time.Minute
	if got := a.AutoClose(); got != 30*time.Minute {
		t.Errorf("an incident closes after %v, less than Cloud Monitoring allows", got)
	}
}

// It is long because of its cases.
func TestValidateReportsEachFaultOfAnAlert(t *testing.T) {
	line := func(change func(*spec.Alert, *spec.Condition)) func(*spec.Alert) {
		return func(a *spec.Alert) { change(a, &a.Condition) }
	}
	absence := func(change func(*spec.Alert, *spec.Condition)) func(*spec.Alert) {
		return func(a *spec.Alert) {
			a.Condition.Kind, a.Condition.Window, a.Condition.By = spec.LinesAbsent, time.Hour, nil
			change(a, &a.Condition)
		}
	}
	metric := func(change func(*spec.Alert, *spec.Condition)) func(*spec.Alert) {
		return func(a *spec.Alert) {
			a.Condition = spec.Condition{Kind: spec.SumOfMetric, AtLeast: 1, Window: time.Hour, Metric: "firestore.googleapis.com/document/read_count", Resource: "r"}
			change(a, &a.Condition)
		}
	}
	lines := []spec.Lines{{Messages: []string{"m"}}}
	for name, c := range map[string]struct {
		change func(*spec.Alert)
		want   string
	}{
		"id":               {line(func(a *spec.Alert, _ *spec.Condition) { a.ID = "List" }), "an id has up to 40"},
		"underscore":       {line(func(a *spec.Alert, _ *spec.Condition) { a.ID = "a_b" }), "an id has up to 40"},
		"long id":          {line(func(a *spec.Alert, _ *spec.Condition) { a.ID = strings.Repeat("x", 41) }), "an id has up to 40"},
		"no title":         {line(func(a *spec.Alert, _ *spec.Condition) { a.Title = "" }), "1 to 512 characters"},
		"long title":       {line(func(a *spec.Alert, _ *spec.Condition) { a.Title = strings.Repeat("가", 513) }), "1 to 512 characters"},
		"no remedy":        {line(func(a *spec.Alert, _ *spec.Condition) { a.Do = "" }), "what to do"},
		"long remedy":      {line(func(a *spec.Alert, _ *spec.Condition) { a.Do = strings.Repeat("x", 6000) }), "half of what"},
		"severity":         {line(func(a *spec.Alert, _ *spec.Condition) { a.Severity = "HIGH" }), `severity "HIGH"`},
		"no rate limit":    {line(func(a *spec.Alert, _ *spec.Condition) { a.Renotify = 0 }), "renotify 0s: want whole seconds, 5m0s to 24h0m0s"},
		"low rate limit":   {line(func(a *spec.Alert, _ *spec.Condition) { a.Renotify = time.Minute }), "renotify 1m0s"},
		"high rate limit":  {line(func(a *spec.Alert, _ *spec.Condition) { a.Renotify = 48 * time.Hour }), "renotify 48h"},
		"half a second":    {line(func(a *spec.Alert, _ *spec.Condition) { a.Renotify = time.Hour + time.Millisecond }), "whole seconds"},
		"renotify":         {metric(func(a *spec.Alert, _ *spec.Condition) { a.Renotify = 5 * time.Minute }), "renotify 5m0s: want whole seconds, 30m0s"},
		"renotify seldom":  {metric(func(a *spec.Alert, _ *spec.Condition) { a.Renotify = 48 * time.Hour }), "renotify 48h"},
		"window of a line": {line(func(_ *spec.Alert, c *spec.Condition) { c.Window = time.Hour }), "neither a window nor a number"},
		"count of lines":   {line(func(_ *spec.Alert, c *spec.Condition) { c.AtLeast = 3 }), "neither a window nor a number"},
		"half a minute":    {absence(func(_ *spec.Alert, c *spec.Condition) { c.Window = 90 * time.Second }), "multiples of a minute"},
		"long absence":     {absence(func(_ *spec.Alert, c *spec.Condition) { c.Window = 26 * time.Hour }), "window 26h"},
		"no window":        {metric(func(_ *spec.Alert, c *spec.Condition) { c.Window = 0 }), "window 0s"},
		"always":           {metric(func(_ *spec.Alert, c *spec.Condition) { c.AtLeast = 0 }), "always met"},
		"kind":             {line(func(_ *spec.Alert, c *spec.Condition) { c.Kind = "rate" }), `kind "rate"`},
		"no kind":          {line(func(_ *spec.Alert, c *spec.Condition) { c.Kind = "" }), `kind ""`},
		"groups absent":    {absence(func(_ *spec.Alert, c *spec.Condition) { c.By = []string{"school"} }), "neither groups"},
		"metric":           {metric(func(_ *spec.Alert, c *spec.Condition) { c.Metric = "reads" }), `metric "reads"`},
		"no resource":      {metric(func(_ *spec.Alert, c *spec.Condition) { c.Resource = "" }), `of resource ""`},
		"metric of lines":  {line(func(_ *spec.Alert, c *spec.Condition) { c.Metric = "a.googleapis.com/b" }), "has no metric"},
		"lines of metric":  {metric(func(_ *spec.Alert, c *spec.Condition) { c.Lines = lines }), "has no log lines"},
		"no lines":         {line(func(_ *spec.Alert, c *spec.Condition) { c.Lines = nil }), "it has no log lines"},
		"every line":       {line(func(_ *spec.Alert, c *spec.Condition) { c.Lines = make([]spec.Lines, 1) }), "matches every line"},
		"every request": {line(func(_ *spec.Alert, c *spec.Condition) {
			c.Lines = []spec.Lines{{Log: spec.RequestLog, Services: []string{"auth"}}}
		}), "matches every line"},
		"unknown log":      {line(func(_ *spec.Alert, c *spec.Condition) { c.Lines[0].Log = "stderr" }), `log "stderr"`},
		"its message":      {line(func(_ *spec.Alert, c *spec.Condition) { c.Lines[2].Messages = []string{"m"} }), "have no message"},
		"unknown service":  {line(func(_ *spec.Alert, c *spec.Condition) { c.Lines[0].Services = []string{"mail"} }), `service "mail"`},
		"long filter":      {line(func(_ *spec.Alert, c *spec.Condition) { c.Lines[0].Messages = []string{strings.Repeat("m", 2048)} }), "want at most 2048"},
		"field":            {line(func(_ *spec.Alert, c *spec.Condition) { c.Lines[0].Where[0].Field = "a-b" }), `field "a-b"`},
		"no value":         {line(func(_ *spec.Alert, c *spec.Condition) { c.Lines[0].Where[0].Values = nil }), "0 values"},
		"two patterns":     {line(func(_ *spec.Alert, c *spec.Condition) { c.Lines[0].Where[1].Values = []string{"a", "b"} }), "2 values"},
		"operator":         {line(func(_ *spec.Alert, c *spec.Condition) { c.Lines[0].Where[0].Op = "<" }), `operator "<"`},
		"pattern":          {line(func(_ *spec.Alert, c *spec.Condition) { c.Lines[0].Where[1].Values = []string{"("} }), "missing closing"},
		"escape":           {line(func(_ *spec.Alert, c *spec.Condition) { c.Lines[0].Where[1].Values = []string{`a\.b`} }), "backslash"},
		"text as a number": {line(func(_ *spec.Alert, c *spec.Condition) { c.Lines[1].Where[0].Values = []string{"5xx"} }), "not a whole number"},
		"label":            {line(func(_ *spec.Alert, c *spec.Condition) { c.By = []string{"School"} }), `group "School"`},
		"label twice":      {line(func(_ *spec.Alert, c *spec.Condition) { c.By = []string{"a", "a"} }), "listed twice"},
		"many labels":      {line(func(_ *spec.Alert, c *spec.Condition) { c.By = strings.Split("a b c d e f g h i j k", " ") }), "11 groups"},
	} {
		d, a := alert()
		c.change(a)
		if err := d.Validate(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	for name, change := range map[string]func(*spec.Alert){
		"absence": absence(func(*spec.Alert, *spec.Condition) {}), "metric": metric(func(a *spec.Alert, _ *spec.Condition) { a.Renotify = 0 }),
	} {
		d, a := alert()
		change(a)
		if err := d.Validate(); err != nil {
			t.Errorf("a valid alert about an %s: %v", name, err)
		}
	}
}

// Two alerts with one id would be one policy.
func TestAlertsHaveTheirOwnIDs(t *testing.T) {
	d, a := alert()
	d.Alerts = append(d.Alerts, *a)
	if err := d.Validate(); err == nil || !strings.Contains(err.Error(), "listed twice") {
		t.Errorf("two alerts with one id: %v", err)
	}
}
