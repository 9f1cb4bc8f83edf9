package spec

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Fields of a log entry with a place of their own in Cloud Logging. All others are in jsonPayload.
const (
	// FieldStatus is the HTTP status in a line of Cloud Run itself.
	FieldStatus = "httpRequest.status"
	// FieldSeverity is the severity of a line.
	FieldSeverity = "severity"
	// FieldText is the text of a line in [SystemLog].
	FieldText = "textPayload"
	// FieldService is the service that a line is from. Cloud Logging has it from Cloud Run, so that it is
	// right also where a service did not write it.
	FieldService = "service"
)

// LogField is the name of a field in Cloud Logging.
//
// Source: https://cloud.google.com/logging/docs/structured-logging#structured_logging_special_fields
func LogField(field string) string {
	switch {
	case field == FieldService:
		return "resource.labels.service_name"
	case field == FieldSeverity, field == FieldText, strings.HasPrefix(field, "httpRequest."):
		return field
	}
	return "jsonPayload." + field
}

// Labels are those of the condition's incidents, with the expressions that extract them from lines. Lines
// with other values are another incident, with notifications of its own.
//
// Sources: https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.alertPolicies#LogMatch,
// https://cloud.google.com/logging/docs/logs-based-metrics/labels
func (c *Condition) Labels() map[string]string {
	labels := map[string]string{}
	for _, field := range c.By {
		labels[field] = "EXTRACT(" + LogField(field) + ")"
	}
	return labels
}

// Filter is the query for the condition's lines, in Cloud Logging's query language.
//
// Source: https://cloud.google.com/logging/docs/view/logging-query-language
func (c *Condition) Filter() string {
	var any []string
	for _, l := range c.Lines {
		any = append(any, l.filter())
	}
	filter := strings.Join(any, " OR ")
	if len(any) > 1 {
		filter = "(" + strings.Join(any, ") OR (") + ")"
	}
	return `resource.type="cloud_run_revision" AND (` + filter + ")"
}

// logIDs are the ids of the logs.
var logIDs = map[Log]string{
	ServiceLog: "run.googleapis.com/stdout", RequestLog: "run.googleapis.com/requests", SystemLog: "run.googleapis.com/varlog/system",
}

func (l *Lines) filter() string {
	all := []string{`log_id("` + logIDs[l.Log] + `")`}
	if len(l.Services) > 0 {
		all = append(all, equals(LogField(FieldService), l.Services))
	}
	if len(l.Messages) > 0 {
		all = append(all, equals(LogField("message"), l.Messages))
	}
	for _, w := range l.Where {
		all = append(all, w.filter())
	}
	return strings.Join(all, " AND ")
}

func (w *Comparison) filter() string {
	if w.Op == Equals {
		return equals(LogField(w.Field), w.Values)
	}
	return LogField(w.Field) + string(w.Op) + literal(w.Values[0])
}

// equals compares a field with one value, or with one of several.
func equals(field string, values []string) string {
	if len(values) == 1 {
		return field + "=" + literal(values[0])
	}
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = literal(v)
	}
	return field + "=(" + strings.Join(quoted, " OR ") + ")"
}

// literal writes a number or a boolean as it is, and anything else in quotes.
func literal(value string) string {
	if _, err := strconv.ParseInt(value, 10, 64); err == nil || value == "true" || value == "false" {
		return value
	}
	return strconv.Quote(value)
}

// words writes a duration in its largest whole unit.
func words(d time.Duration) string {
	for _, unit := range []struct {
		length time.Duration
		name   string
	}{{24 * time.Hour, "day"}, {time.Hour, "hour"}} {
		switch n := d / unit.length; {
		case d%unit.length != 0 || n == 0:
		case n == 1:
			return "1 " + unit.name
		default:
			return fmt.Sprintf("%d %ss", n, unit.name)
		}
	}
	return fmt.Sprintf("%d minutes", d/time.Minute)
}
