package doctor

import (
	"slices"

	"google.golang.org/api/monitoring/v3"
)

func checkAlertPolicies(e *examination) {
	if len(e.AlertPolicies) == 0 {
		e.errorf("alerts", "no alert policy exists").because("nobody is told when something breaks", "%s", e.apply())
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
