package spec_test

import (
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
		Conditions: []spec.Condition{{
			ID: "list-failed", Kind: spec.LinesCounted, AtLeast: 3, Window: time.Hour, By: []string{"school"},
			Lines: []spec.Lines{{Services: []string{"refresh"}, Messages: []string{"refresh failed", "refresh suspicious"}, Where: []spec.Comparison{
				spec.Where("retry", spec.Equals, "false"), spec.Where("reason", spec.Matches, `x509: |[Qq]uota`),
			}}, {Requests: true, Where: []spec.Comparison{
				spec.Where(spec.FieldStatus, spec.AtLeast, "500"), spec.Where(spec.FieldStatus, spec.NotEquals, "503"),
			}}},
		}},
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
		`(log_id("run.googleapis.com/requests") AND httpRequest.status>=500 AND httpRequest.status!=503))`
	if got := a.Conditions[0].Filter(); got != want {
		t.Errorf("filter\n%s\nwant\n%s", got, want)
	}
}

func TestDescribe(t *testing.T) {
	for want, c := range map[string]spec.Condition{
		"3 lines of the same school and semester within 2 hours": {Kind: spec.LinesCounted, AtLeast: 3, Window: 2 * time.Hour, By: []string{"school", "semester"}},
		"one line within 90 minutes":                             {Kind: spec.LinesCounted, AtLeast: 1, Window: 90 * time.Minute},
		"no such line for 30 minutes":                            {Kind: spec.LinesAbsent, Window: 30 * time.Minute},
		"200000 or more within 1 day":                            {Kind: spec.SumOfMetric, AtLeast: 200_000, Window: 24 * time.Hour},
	} {
		if got := c.Describe(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// It is long because of its cases.
func TestValidateReportsEachFaultOfAnAlert(t *testing.T) {
	metric := spec.Condition{ID: "m", Kind: spec.SumOfMetric, AtLeast: 1, Window: time.Hour, Metric: "firestore.googleapis.com/document/read_count", Resource: "r"}
	for name, c := range map[string]struct {
		change func(*spec.Alert, *spec.Condition)
		want   string
	}{
		"id":               {func(a *spec.Alert, _ *spec.Condition) { a.ID = "List" }, "an id has up to 40"},
		"no title":         {func(a *spec.Alert, _ *spec.Condition) { a.Title = "" }, "1 to 512 characters"},
		"long title":       {func(a *spec.Alert, _ *spec.Condition) { a.Title = strings.Repeat("가", 513) }, "1 to 512 characters"},
		"no remedy":        {func(a *spec.Alert, _ *spec.Condition) { a.Do = "" }, "what to do"},
		"long remedy":      {func(a *spec.Alert, _ *spec.Condition) { a.Do = strings.Repeat("x", 6000) }, "half of what"},
		"severity":         {func(a *spec.Alert, _ *spec.Condition) { a.Severity = "HIGH" }, `severity "HIGH"`},
		"renotify":         {func(a *spec.Alert, _ *spec.Condition) { a.Renotify = time.Minute }, "renotify 1m0s"},
		"renotify seldom":  {func(a *spec.Alert, _ *spec.Condition) { a.Renotify = 48 * time.Hour }, "renotify 48h"},
		"no conditions":    {func(a *spec.Alert, _ *spec.Condition) { a.Conditions = nil }, "0 conditions"},
		"many conditions":  {func(a *spec.Alert, _ *spec.Condition) { a.Conditions = make([]spec.Condition, 7) }, "7 conditions"},
		"twice":            {func(a *spec.Alert, c *spec.Condition) { a.Conditions = append(a.Conditions, *c) }, "listed twice"},
		"condition's id":   {func(_ *spec.Alert, c *spec.Condition) { c.ID = "a_b" }, "condition a_b: an id"},
		"long id":          {func(_ *spec.Alert, c *spec.Condition) { c.ID = strings.Repeat("x", 41) }, "an id has up to 40"},
		"half a minute":    {func(_ *spec.Alert, c *spec.Condition) { c.Window = 90 * time.Second }, "multiples of a minute"},
		"long window":      {func(_ *spec.Alert, c *spec.Condition) { c.Window = 26 * time.Hour }, "window 26h"},
		"no window":        {func(_ *spec.Alert, c *spec.Condition) { c.Window = 0 }, "window 0s"},
		"always":           {func(_ *spec.Alert, c *spec.Condition) { c.AtLeast = 0 }, "always met"},
		"kind":             {func(_ *spec.Alert, c *spec.Condition) { c.Kind = "rate" }, `kind "rate"`},
		"weekly absence":   {func(_ *spec.Alert, c *spec.Condition) { absence(c, 7*24*time.Hour) }, "Cloud Monitoring allows 2m0s to 23h30m0s"},
		"short absence":    {func(_ *spec.Alert, c *spec.Condition) { absence(c, time.Minute) }, "2m0s to 23h30m0s"},
		"groups absent":    {func(_ *spec.Alert, c *spec.Condition) { absence(c, time.Hour); c.By = []string{"school"} }, "neither groups"},
		"metric":           {func(_ *spec.Alert, c *spec.Condition) { *c = metric; c.Metric = "reads" }, `metric "reads"`},
		"no resource":      {func(_ *spec.Alert, c *spec.Condition) { *c = metric; c.Resource = "" }, `of resource ""`},
		"metric of lines":  {func(_ *spec.Alert, c *spec.Condition) { c.Metric = metric.Metric }, "has no metric"},
		"lines of metric":  {func(_ *spec.Alert, c *spec.Condition) { l := c.Lines; *c = metric; c.Lines = l }, "has no log lines"},
		"no lines":         {func(_ *spec.Alert, c *spec.Condition) { c.Lines = nil }, "it has no log lines"},
		"every line":       {func(_ *spec.Alert, c *spec.Condition) { c.Lines = make([]spec.Lines, 1) }, "matches every line"},
		"unknown service":  {func(_ *spec.Alert, c *spec.Condition) { c.Lines[0].Services = []string{"mail"} }, `service "mail"`},
		"long filter":      {func(_ *spec.Alert, c *spec.Condition) { c.Lines[0].Messages = []string{strings.Repeat("m", 20_000)} }, "Cloud Logging allows 20000"},
		"field":            {func(_ *spec.Alert, c *spec.Condition) { c.Lines[0].Where[0].Field = "a-b" }, `field "a-b"`},
		"no value":         {func(_ *spec.Alert, c *spec.Condition) { c.Lines[0].Where[0].Values = nil }, "0 values"},
		"two patterns":     {func(_ *spec.Alert, c *spec.Condition) { c.Lines[0].Where[1].Values = []string{"a", "b"} }, "2 values"},
		"operator":         {func(_ *spec.Alert, c *spec.Condition) { c.Lines[0].Where[0].Op = "<" }, `operator "<"`},
		"pattern":          {func(_ *spec.Alert, c *spec.Condition) { c.Lines[0].Where[1].Values = []string{"("} }, "missing closing"},
		"escape":           {func(_ *spec.Alert, c *spec.Condition) { c.Lines[0].Where[1].Values = []string{`a\.b`} }, "backslash"},
		"text as a number": {func(_ *spec.Alert, c *spec.Condition) { c.Lines[1].Where[0].Values = []string{"5xx"} }, "not a whole number"},
		"label":            {func(_ *spec.Alert, c *spec.Condition) { c.By = []string{"School"} }, `group "School"`},
		"label twice":      {func(_ *spec.Alert, c *spec.Condition) { c.By = []string{"a", "a"} }, "listed twice"},
		"many labels":      {func(_ *spec.Alert, c *spec.Condition) { c.By = strings.Split("a b c d e f g h i j k", " ") }, "11 groups"},
	} {
		d, a := alert()
		c.change(a, &a.Conditions[0])
		if err := d.Validate(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func absence(c *spec.Condition, window time.Duration) {
	c.Kind, c.Window, c.AtLeast, c.By = spec.LinesAbsent, window, 0, nil
}
