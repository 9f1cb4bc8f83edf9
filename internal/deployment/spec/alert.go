package spec

import "time"

// Alert is a policy of Cloud Monitoring: it notifies the operator as soon as one of its conditions is
// met. Conditions are about log lines, so that package alerts can evaluate them on this machine, except
// for the few that are about metrics which only Google measures.
type Alert struct {
	// ID names the policy, and its section in docs/alerts.md.
	ID string
	// Title is what a notification says first.
	Title string
	// Means says in a sentence or two what has happened, and Do what to do about it, in Markdown. Both are
	// in the notification; docs/alerts.md has more.
	Means, Do string
	Severity  Severity
	// Conditions are one to six; one of them is enough.
	Conditions []Condition
	// Renotify repeats the notification while the alert fires; 0 does not.
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

// Condition is one of the reasons for an alert: a number of log lines within Window, no line for as long
// as Window, or a metric whose sum over Window is too high.
type Condition struct {
	// ID names the condition among all conditions, and its log-based metric.
	ID   string
	Kind ConditionKind
	// Lines are the log lines that count; a line has to match one of them.
	Lines []Lines
	// By are the fields by whose values lines are counted separately, such as the school.
	By []string
	// Metric is the type of the metric and Resource that of its monitored resource, for [SumOfMetric].
	Metric, Resource string
	// AtLeast is the number that the condition is met at.
	AtLeast int
	Window  time.Duration
}

// ConditionKind is the kind of a condition.
type ConditionKind string

// The kinds of conditions.
const (
	// LinesCounted is met by AtLeast lines within Window.
	LinesCounted ConditionKind = "lines"
	// LinesAbsent is met when the last line is older than Window. As long as there was none since the
	// alert was created, it is not met.
	LinesAbsent ConditionKind = "absence"
	// SumOfMetric is met when the metric's sum over Window is at least AtLeast.
	SumOfMetric ConditionKind = "metric"
)

// Lines describes log lines. All that is set has to hold.
type Lines struct {
	// Services that log the lines, by name; all if empty.
	Services []string
	// Requests selects the lines that Cloud Run itself writes for each request, instead of those that the
	// services write. Their status is in the field httpRequest.status.
	Requests bool
	// Messages are the possible messages; any if empty.
	Messages []string
	Where    []Comparison
}

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

// MetricName is the name of the condition's log-based metric.
func (c *Condition) MetricName() string { return "heektime-" + c.ID }

// MetricType is the type of the metric that Cloud Monitoring evaluates.
func (c *Condition) MetricType() string {
	if c.Kind == SumOfMetric {
		return c.Metric
	}
	return "logging.googleapis.com/user/" + c.MetricName()
}
