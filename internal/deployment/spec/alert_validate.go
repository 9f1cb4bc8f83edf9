package spec

import (
	"regexp"
	"strings"
	"time"
	"unicode/utf8"
)

var (
	// alertID is ours: it is part of a metric's name and of a heading's anchor.
	alertID = regexp.MustCompile(`^[a-z](?:[a-z0-9-]{0,38}[a-z0-9])?$`)
	// logField is the name of a field in a filter that needs no quotes.
	//
	// Source: https://cloud.google.com/logging/docs/view/logging-query-language#field_path_identifiers
	logField = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*$`)
	// metricLabel is the key of a label.
	//
	// Source: https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.metricDescriptors#LabelDescriptor
	metricLabel = regexp.MustCompile(`^[a-z][a-zA-Z0-9_]{0,99}$`)
	// metricType is the type of one of Google's metrics.
	metricType = regexp.MustCompile(`^[a-z]+\.googleapis\.com/[a-z_]+(?:/[a-z_]+)*$`)
)

// Limits of Cloud Monitoring and of log-based policies and metrics.
//
// Sources: https://cloud.google.com/monitoring/quotas#alerting_uptime_limits (windows, closing),
// https://cloud.google.com/logging/docs/alerting/monitoring-logs#limits (one notification in five minutes),
// https://cloud.google.com/logging/quotas#logs-based-metrics (labels, names),
// https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.alertPolicies (names, documentation,
// multiples of a minute, renotification)
const (
	// minWindow and maxWindow are the alignment periods that a policy may have.
	minWindow, maxWindow = time.Minute, 25 * time.Hour
	// minAutoClose is the least time after which an incident closes by itself.
	minAutoClose = 30 * time.Minute
	// maxFilter is the limit for a condition about a metric. Google has published none for a condition about
	// lines; Cloud Logging allows 20,000 characters.
	maxFilter             = 2048
	maxMetricName         = 100
	maxIncidentLabels     = 10
	maxDisplayName        = 512
	maxDocumentation      = 8192
	maxDocumentationBytes = 10_240
	// minRateLimit is the least time between two notifications of a policy that matches lines; minRenotify
	// that of another. maxRenotify is the most of either: Google has no bound for the first, but an incident
	// of more than a day ago deserves another notification.
	minRateLimit = 5 * time.Minute
	minRenotify  = 30 * time.Minute
	maxRenotify  = 24 * time.Hour
)

func (d *Deployment) checkAlerts(f *faults) {
	seen := map[string]bool{}
	for _, a := range d.Alerts {
		f := f.in("alert", a.ID)
		if !alertID.MatchString(a.ID) || len(a.MetricName()) > maxMetricName {
			f.addf("an id has up to 40 lower-case letters, digits and dashes, and starts with a letter")
		}
		f.unique(seen, a.ID)
		if a.Title == "" || utf8.RuneCountInString(a.Title) > maxDisplayName {
			f.addf("title %q: Cloud Monitoring allows 1 to %d characters", a.Title, maxDisplayName)
		}
		if a.Means == "" || a.Do == "" {
			f.addf("it has to say what it means and what to do")
		}
		if text := a.Means + a.Do; utf8.RuneCountInString(text) > maxDocumentation/2 || len(text) > maxDocumentationBytes/2 {
			f.addf("its documentation has %d bytes: half of what Cloud Monitoring allows, for deploy/ adds to it", len(text))
		}
		switch a.Severity {
		case Critical, Error, Warning:
		default:
			f.addf("severity %q is not one of %s, %s, %s", a.Severity, Critical, Error, Warning)
		}
		least, optional := minRenotify, true
		if a.Condition.Kind == LineMatched {
			least, optional = minRateLimit, false
		}
		if (a.Renotify != 0 || !optional) && (a.Renotify < least || a.Renotify > maxRenotify || a.Renotify%time.Second != 0) {
			f.addf("renotify %v: want whole seconds, %v to %v", a.Renotify, least, maxRenotify)
		}
		d.checkCondition(f.in("condition", string(a.Condition.Kind)), &a.Condition)
	}
}

func (d *Deployment) checkCondition(f *faults, c *Condition) {
	switch c.Kind {
	case LineMatched:
		if c.Window != 0 || c.AtLeast != 0 {
			f.addf("one line is enough: it has neither a window nor a number")
		}
	case LinesAbsent:
		checkWindow(f, c.Window)
		if len(c.By) > 0 || c.AtLeast != 0 {
			f.addf("an absence has neither groups nor a number")
		}
	case SumOfMetric:
		checkWindow(f, c.Window)
		if c.AtLeast < 1 {
			f.addf("it is always met: want a number of at least 1")
		}
		if !metricType.MatchString(c.Metric) || c.Resource == "" {
			f.addf("metric %q of resource %q: want the type of one of Google's metrics and of its resource", c.Metric, c.Resource)
		}
		if len(c.Lines) > 0 || len(c.By) > 0 {
			f.addf("a condition about a metric has no log lines")
		}
		return
	default:
		f.addf("kind %q is unknown", c.Kind)
	}
	if c.Metric != "" || c.Resource != "" {
		f.addf("a condition about log lines has no metric of Google's")
	}
	d.checkLines(f, c)
	checkGroups(f, c)
}

func checkWindow(f *faults, window time.Duration) {
	if window%time.Minute != 0 {
		f.addf("window %v: Cloud Monitoring allows multiples of a minute", window)
	}
	if window < minWindow || window > maxWindow {
		f.addf("window %v: Cloud Monitoring allows %v to %v", window, minWindow, maxWindow)
	}
}

func (d *Deployment) checkLines(f *faults, c *Condition) {
	if len(c.Lines) == 0 {
		f.addf("it has no log lines")
		return
	}
	valid := true
	for _, l := range c.Lines {
		if len(l.Services)+len(l.Messages)+len(l.Where) == 0 || l.Log != ServiceLog && len(l.Where) == 0 {
			f.addf("it matches every line")
		}
		if _, ok := logIDs[l.Log]; !ok {
			f.addf("log %q is unknown", l.Log)
		}
		if l.Log != ServiceLog && len(l.Messages) > 0 {
			f.addf("lines of Cloud Run have no message")
		}
		for _, s := range l.Services {
			if _, ok := d.Service(s); !ok {
				f.addf("service %q does not exist", s)
			}
		}
		for _, w := range l.Where {
			valid = checkComparison(f, w) && valid
		}
	}
	if valid && len(c.Filter()) > maxFilter {
		f.addf("its filter has %d characters: want at most %d", len(c.Filter()), maxFilter)
	}
}

// checkComparison reports whether the comparison can be written as a filter.
func checkComparison(f *faults, w Comparison) bool {
	if !logField.MatchString(w.Field) {
		f.addf("field %q is not a name, or names with dots between them", w.Field)
	}
	if len(w.Values) == 0 || len(w.Values) > 1 && w.Op != Equals {
		f.addf("field %s: %d values for %q", w.Field, len(w.Values), w.Op)
		return false
	}
	switch w.Op {
	case Equals, NotEquals:
	case AtLeast:
		if !number.MatchString(w.Values[0]) {
			f.addf("field %s: %q is not a whole number", w.Field, w.Values[0])
		}
	case Matches:
		if _, err := regexp.Compile(w.Values[0]); err != nil {
			f.addf("field %s: %v", w.Field, err)
		}
		// Cloud Logging reads escapes of its own in a quoted pattern, so that "\\." would not be Go's.
		if strings.ContainsAny(w.Values[0], "\\\"") {
			f.addf("field %s: pattern %s has a backslash or a quote; write a class such as [.]", w.Field, w.Values[0])
		}
	default:
		f.addf("field %s: operator %q is unknown", w.Field, w.Op)
	}
	return true
}

// number is a whole number.
var number = regexp.MustCompile(`^-?[0-9]{1,18}$`)

func checkGroups(f *faults, c *Condition) {
	if len(c.By) > maxIncidentLabels {
		f.addf("%d groups: an incident has up to %d labels", len(c.By), maxIncidentLabels)
	}
	seen := map[string]bool{}
	for _, field := range c.By {
		f.unique(seen, field)
		if !metricLabel.MatchString(field) {
			f.addf("group %q: the key of a label has up to 100 letters, digits and underscores, and starts with a lower-case letter", field)
		}
	}
}
