package doctor

import (
	"maps"
	"slices"
	"strings"
	"time"

	"google.golang.org/api/monitoring/v3"

	"heek.kr/heektime/internal/deployment/spec"
)

func checkAlertPolicies(e *examination) {
	for _, a := range e.Table.Alerts {
		if e.alertPolicy(a.ID) == nil {
			e.errorf("alert "+a.ID, "does not exist").because("nobody learns that "+strings.ToLower(a.Title[:1])+a.Title[1:], "%s", e.apply())
		}
	}
	channels := map[string]*monitoring.NotificationChannel{}
	for _, c := range e.Channels {
		channels[c.Name] = c
	}
	for _, p := range e.AlertPolicies {
		reaches := slices.ContainsFunc(p.NotificationChannels, func(name string) bool { return channels[name] != nil && channels[name].Enabled })
		switch {
		case !p.Enabled:
			e.warnf("alert "+p.DisplayName, "is disabled").because("it does not fire", "gcloud monitoring policies update %s --enabled", p.Name)
		case !reaches:
			e.errorf("alert "+p.DisplayName, "notifies no enabled channel").because("it fires and nobody hears of it", "%s", e.apply())
		}
		if p.Validity != nil && p.Validity.Code != 0 {
			e.errorf("alert "+p.DisplayName, "is not valid: %s", firstLine(p.Validity.Message)).because("it never fires", "%s", e.apply())
		}
	}
}

// alertPolicy returns the policy of an alert of the table, which has its ID as a label.
func (e *examination) alertPolicy(id string) *monitoring.AlertPolicy {
	i := slices.IndexFunc(e.AlertPolicies, func(p *monitoring.AlertPolicy) bool { return p.UserLabels["alert"] == id })
	if i < 0 {
		return nil
	}
	return e.AlertPolicies[i]
}

// checkAlertConditions compares the conditions with those of deploy/alerts.tf.
func checkAlertConditions(e *examination) {
	for _, a := range e.Table.Alerts {
		p := e.alertPolicy(a.ID)
		if p == nil {
			continue // another check reports it
		}
		for i := range a.Conditions {
			c := &a.Conditions[i]
			if !hasCondition(p, c) {
				e.errorf("alert "+a.ID, "lacks the condition %s, %s", c.ID, c.Describe()).because("it fires too early, too late or never", "%s", e.apply())
			}
		}
	}
}

// hasCondition reports whether a policy has a condition. One about an absence needs two: see
// deploy/alerts.tf.
func hasCondition(p *monitoring.AlertPolicy, want *spec.Condition) bool {
	about := func(filter string) bool { return strings.Contains(filter, `metric.type="`+want.MetricType()+`"`) }
	threshold := func(comparison string, value float64) bool {
		return slices.ContainsFunc(p.Conditions, func(c *monitoring.Condition) bool {
			t := c.ConditionThreshold
			return t != nil && about(t.Filter) && t.Comparison == comparison && t.ThresholdValue == value &&
				len(t.Aggregations) > 0 && lasts(t.Aggregations[0].AlignmentPeriod, want.Window)
		})
	}
	if want.Kind != spec.LinesAbsent {
		return threshold("COMPARISON_GT", float64(want.AtLeast-1))
	}
	return threshold("COMPARISON_LT", 1) && slices.ContainsFunc(p.Conditions, func(c *monitoring.Condition) bool {
		return c.ConditionAbsent != nil && about(c.ConditionAbsent.Filter) && lasts(c.ConditionAbsent.Duration, want.Window)
	})
}

func lasts(text string, want time.Duration) bool {
	got, err := time.ParseDuration(text)
	return err == nil && got == want
}

func checkLogMetrics(e *examination) {
	for _, a := range e.Table.Alerts {
		for i := range a.Conditions {
			c := &a.Conditions[i]
			if c.Kind == spec.SumOfMetric {
				continue
			}
			subject, why, got := "metric "+c.MetricName(), "the alert "+a.ID+" does not fire when it should", e.LogMetrics[c.MetricName()]
			switch {
			case got == nil:
				e.errorf(subject, "does not exist").because(why, "%s", e.apply())
			case got.Disabled:
				e.errorf(subject, "is disabled").because(why, "%s", e.apply())
			case got.Filter != c.Filter():
				e.errorf(subject, "counts other lines than the table's").because(why, "%s", e.apply())
			case !maps.Equal(got.LabelExtractors, c.Labels()):
				e.errorf(subject, "has other labels than the table's").because(why, "%s", e.apply())
			}
		}
	}
}

func checkChannels(e *examination) {
	usable := false
	for _, c := range e.Channels {
		switch {
		case !c.Enabled:
			e.warnf("notification channel "+c.DisplayName, "is disabled").because("alerts do not arrive there",
				"gcloud beta monitoring channels update %s --enabled", c.Name)
		case c.VerificationStatus == "UNVERIFIED":
			e.warnf("notification channel "+c.DisplayName, "is not verified").because("alerts do not arrive there",
				"open https://console.cloud.google.com/monitoring/alerting/notifications?project=%s", e.Options.Project)
		default:
			usable = true
		}
	}
	if !usable {
		e.errorf("alerts", "no notification channel works").because("alerts reach nobody", `%s -var 'alert_emails=["YOUR_ADDRESS"]'`, e.apply())
	}
}

func checkBilling(e *examination) {
	if e.Billing == nil || !e.Billing.BillingEnabled {
		e.errorf("project "+e.Options.Project, "no billing account pays for it").because("Cloud Run, Cloud Tasks and backups stop",
			"gcloud billing projects link %s --billing-account=BILLING_ACCOUNT", e.Options.Project)
	}
}

func checkBudget(e *examination) {
	name := "projects/" + e.State.number()
	thresholds := []float64{0.5, 0.9, 1}
	for _, b := range e.Budgets {
		if b.BudgetFilter == nil || !slices.Contains(b.BudgetFilter.Projects, name) {
			continue
		}
		var got []float64
		for _, rule := range b.ThresholdRules {
			got = append(got, rule.ThresholdPercent)
		}
		for _, t := range thresholds {
			if !slices.Contains(got, t) {
				e.warnf("budget "+b.DisplayName, "does not notify at %.0f %%", t*100).because("a rising bill is noticed late", "%s", e.apply())
			}
		}
		return
	}
	e.errorf("project "+e.Options.Project, "has no budget").because("a bug or an attack runs up the bill until somebody looks", "%s", e.apply())
}
