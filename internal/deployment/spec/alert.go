package spec

import (
	"fmt"
	"strings"
	"time"
)

// Alert is a policy of Cloud Monitoring: it notifies the operator when its condition is met. Conditions are
// about log lines, so that package alerts can evaluate them on this machine, except for those about
// metrics that only Google measures.
type Alert struct {
	// ID names the policy, its log-based metric if it needs one, and its section in docs/alerts.md.
	ID string
	// Title is what a notification says first.
	Title string
	// Means says in a sentence or two what has happened, and Do what to do about it, in Markdown. Both are
	// in the notification; docs/alerts.md has more.
	Means, Do string
	Severity  Severity
	Condition Condition
	// Renotify is the least time between two notifications. For [LineMatched] a further line notifies only
	// after it. The others notify again and again while the condition is met, unless it is 0.
	Renotify time.Duration
}

// Severity is the severity of an alert, as Cloud Monitoring names it.
type Severity string

// The severities.
const (
	Critical Severity = "CRITICAL" // users are affected now
	Error    Severity = "ERROR"    // something does not work and does not repair itself
	Warning  Severity = "WARNING"  // look at it on a working day
)

// Condition is the reason for an alert. A policy may have only one condition that matches lines, so each
// has one.
//
// Source: https://cloud.google.com/logging/docs/alerting/log-based-alerts
type Condition struct {
	Kind ConditionKind
	// Lines are the log lines that it is about; a line has to match one of them.
	Lines []Lines
	// By are the fields by whose values matching lines are separate incidents, such as the school. The
	// notification has the values.
	By []string
	// Metric is the type of the metric and Resource that of its monitored resource, for [SumOfMetric].
	Metric, Resource string
	// AtLeast is the sum that [SumOfMetric] is met at.
	AtLeast int
	// Window is how long lines are absent, or the time over which a metric is summed up.
	Window time.Duration
}

// ConditionKind is the kind of a condition.
type ConditionKind string

// The kinds of conditions. Google bills each but the first.
const (
	// LineMatched is met by each line that matches. The service that logs the line has counted before.
	LineMatched ConditionKind = "line"
	// LinesAbsent is met when the last line is older than Window. As long as there was none since the
	// alert was created, it is not met.
	LinesAbsent ConditionKind = "absence"
	// SumOfMetric is met when the metric's sum over Window is at least AtLeast.
	SumOfMetric ConditionKind = "metric"
)

// IsFree reports whether Google makes no charge for the condition. The policies of the others exist only
// if the operator asks for them.
//
// Source: https://cloud.google.com/products/observability/pricing (alerting), as of 2026
func (c *Condition) IsFree() bool { return c.Kind == LineMatched }

// Lines describes log lines. All that is set has to hold.
type Lines struct {
	// Services that the lines are from, by name; all if empty.
	Services []string
	Log      Log
	// Messages are the possible messages; any if empty. Only lines of [ServiceLog] have them.
	Messages []string
	Where    []Comparison
}

// Log is one of the logs of a service.
type Log string

// The logs. The last two are written by Cloud Run itself.
//
// Source: https://cloud.google.com/run/docs/logging
const (
	// ServiceLog has what the service writes.
	ServiceLog Log = ""
	// RequestLog has a line for each request, with the status in [FieldStatus].
	RequestLog Log = "requests"
	// SystemLog has what Cloud Run says of instances, such as that one ran out of memory, in [FieldText].
	SystemLog Log = "system"
)

// Comparison compares a field of a line. Fields have dots between their names.
type Comparison struct {
	Field string
	Op    Op
	// Values are one value, or, for [Equals], the possible ones.
	Values []string
}

// Op is an operator, as in Cloud Logging's query language.
type Op string

// The operators. Numbers are compared as numbers.
const (
	Equals    Op = "="
	NotEquals Op = "!="
	AtLeast   Op = ">="
	// Matches is a regular expression in RE2's syntax that is found anywhere in the field, in Cloud Logging
	// as in Go.
	Matches Op = "=~"
)

// Where returns a comparison with one or several values.
func Where(field string, op Op, values ...string) Comparison {
	return Comparison{Field: field, Op: op, Values: values}
}

// Alert returns the alert with that id.
func (d *Deployment) Alert(id string) (*Alert, bool) {
	return find(d.Alerts, func(a *Alert) bool { return a.ID == id })
}

// MetricName is the name of the alert's log-based metric, "" if it needs none.
func (a *Alert) MetricName() string {
	if a.Condition.Kind != LinesAbsent {
		return ""
	}
	return "heektime-" + a.ID
}

// MetricType is the type of the metric that Cloud Monitoring evaluates, "" if it evaluates none.
func (a *Alert) MetricType() string {
	if name := a.MetricName(); name != "" {
		return "logging.googleapis.com/user/" + name
	}
	return a.Condition.Metric
}

// AutoClose is how long after its last line or its last point an incident closes. Matching lines close it
// when the next may notify, in case Cloud Monitoring does not notify about an incident that is open.
func (a *Alert) AutoClose() time.Duration {
	if a.Condition.Kind == LineMatched {
		return max(a.Renotify, minAutoClose)
	}
	return 24 * time.Hour
}

// Describe says in words when the alert notifies.
func (a *Alert) Describe() string {
	c := &a.Condition
	switch c.Kind {
	case LinesAbsent:
		return "no such line for " + words(c.Window)
	case SumOfMetric:
		return fmt.Sprintf("%d or more within %s", c.AtLeast, words(c.Window))
	case LineMatched:
	}
	by := ""
	if len(c.By) > 0 {
		by = " for the same " + strings.Join(c.By, " and ")
	}
	return fmt.Sprintf("one line; at most one notification in %s%s", words(a.Renotify), by)
}
