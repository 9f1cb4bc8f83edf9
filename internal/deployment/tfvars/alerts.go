package tfvars

import (
	"time"

	"heek.kr/heektime/internal/deployment/spec"
)

// alert is a policy of Cloud Monitoring; deploy/alerts.tf makes it, and the log-based metrics that it
// needs.
type alert struct {
	Title           string      `json:"title"`
	Severity        string      `json:"severity"`
	Documentation   string      `json:"documentation"` // Markdown; a link to docs/alerts.md is added
	RenotifySeconds int         `json:"renotify_seconds"`
	Conditions      []condition `json:"conditions"`
}

// condition has a filter of log lines, from which a metric is made, or is about one of Google's metrics.
type condition struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	// Kind is "lines", "absence" or "metric".
	Kind   string `json:"kind"`
	Filter string `json:"filter"`
	// Labels of the log-based metric, with the expressions that extract them.
	Labels map[string]string `json:"labels"`
	// Metric and Resource are the types of the metric, log-based or not, and of its resource.
	Metric        string   `json:"metric"`
	Resource      string   `json:"resource"`
	GroupBy       []string `json:"group_by"`
	AtLeast       int      `json:"at_least"`
	WindowSeconds int      `json:"window_seconds"`
}

func alertsOf(d *spec.Deployment) map[string]alert {
	all := map[string]alert{}
	for _, a := range d.Alerts {
		out := alert{
			Title: a.Title, Severity: string(a.Severity),
			Documentation:   a.Means + "\n\n**What to do.** " + a.Do,
			RenotifySeconds: int(a.Renotify / time.Second),
		}
		for _, c := range a.Conditions {
			out.Conditions = append(out.Conditions, conditionOf(&c))
		}
		all[a.ID] = out
	}
	return all
}

func conditionOf(c *spec.Condition) condition {
	out := condition{
		ID: c.ID, Name: c.ID + ": " + c.Describe(), Kind: string(c.Kind), AtLeast: c.AtLeast,
		WindowSeconds: int(c.Window / time.Second), Labels: map[string]string{}, Metric: c.MetricType(), GroupBy: []string{},
	}
	if c.Kind == spec.SumOfMetric {
		out.Resource = c.Resource
		return out
	}
	out.Labels = c.Labels()
	out.Filter, out.Resource = c.Filter(), "cloud_run_revision"
	for _, field := range c.By {
		if field == spec.FieldService { // a label of the resource
			out.GroupBy = append(out.GroupBy, "resource.label.service_name")
			continue
		}
		out.GroupBy = append(out.GroupBy, "metric.label."+field)
	}
	return out
}
