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
		// Whether the operator pays for an alert is their decision, in the variable paid_alerts.
		if a.Condition.IsFree() && e.alertPolicy(a.ID) == nil {
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
	const why = "it fires too early, too late or never"
	for i := range e.Table.Alerts {
		a := &e.Table.Alerts[i]
		p := e.alertPolicy(a.ID)
		if p == nil {
			continue // another check reports it, unless the operator does not pay for it
		}
		subject := "alert " + a.ID
		switch {
		case len(p.Conditions) != 1:
			e.errorf(subject, "has %d conditions instead of one", len(p.Conditions)).because(why+", and each that is about a metric has a price", "%s", e.apply())
		case !isCondition(p.Conditions[0], a):
			e.errorf(subject, "has another condition than the table's: %s", a.Describe()).because(why, "%s", e.apply())
		case a.Condition.Kind == spec.LineMatched && !maps.Equal(p.Conditions[0].ConditionMatchedLog.LabelExtractors, a.Condition.Labels()):
			e.errorf(subject, "separates lines by other labels than the table's").because("a notification about one hides another", "%s", e.apply())
		case !hasRateLimit(p, a):
			e.errorf(subject, "does not limit its notifications to one in %v", a.Renotify).because("each line notifies", "%s", e.apply())
		}
	}
}

// isCondition reports whether a condition is the alert's.
func isCondition(c *monitoring.Condition, a *spec.Alert) bool {
	want := &a.Condition
	if want.Kind == spec.LineMatched {
		return c.ConditionMatchedLog != nil && c.ConditionMatchedLog.Filter == want.Filter()
	}
	t := c.ConditionThreshold
	if t == nil || !strings.Contains(t.Filter, `metric.type="`+a.MetricType()+`"`) || len(t.Aggregations) == 0 ||
		!lasts(t.Aggregations[0].AlignmentPeriod, want.Window) {
		return false
	}
	if want.Kind == spec.LinesAbsent {
		return t.Comparison == "COMPARISON_LT" && t.ThresholdValue == 1 && t.EvaluationMissingData == "EVALUATION_MISSING_DATA_ACTIVE"
	}
	return t.Comparison == "COMPARISON_GT" && t.ThresholdValue == float64(want.AtLeast-1)
}

// hasRateLimit reports whether a policy about lines notifies as seldom as the table says.
func hasRateLimit(p *monitoring.AlertPolicy, a *spec.Alert) bool {
	if a.Condition.Kind != spec.LineMatched {
		return true
	}
	return p.AlertStrategy != nil && p.AlertStrategy.NotificationRateLimit != nil && lasts(p.AlertStrategy.NotificationRateLimit.Period, a.Renotify)
}

func lasts(text string, want time.Duration) bool {
	got, err := time.ParseDuration(text)
	return err == nil && got == want
}

func checkLogMetrics(e *examination) {
	for i := range e.Table.Alerts {
		a := &e.Table.Alerts[i]
		name := a.MetricName()
		if name == "" || e.alertPolicy(a.ID) == nil {
			continue
		}
		subject, why, got := "metric "+name, "the alert "+a.ID+" does not fire when it should", e.LogMetrics[name]
		switch {
		case got == nil:
			e.errorf(subject, "does not exist").because(why, "%s", e.apply())
		case got.Disabled:
			e.errorf(subject, "is disabled").because(why, "%s", e.apply())
		case got.Filter != a.Condition.Filter():
			e.errorf(subject, "counts other lines than the table's").because(why, "%s", e.apply())
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
