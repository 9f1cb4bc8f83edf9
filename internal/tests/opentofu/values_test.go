package opentofu

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"heek.kr/heektime/internal/deployment/spec"
)

// Everything is in the region of the table, except buckets, which testBuckets checks.
func testRegions(t *testing.T, p *plan, table *spec.Deployment) {
	seen := 0
	for _, attribute := range []string{"location", "location_id", "region"} {
		for address, values := range p.attributes(t, attribute) {
			if strings.HasPrefix(address, "google_storage_bucket.") {
				continue
			}
			for _, value := range values {
				seen++
				if !strings.EqualFold(value, table.Region) {
					t.Errorf("%s: %s %q", address, attribute, value)
				}
			}
		}
	}
	if seen < 20 {
		t.Errorf("found only %d regions", seen)
	}
}

// duration is the JSON form of a duration, which Google's APIs take and return.
//
// Source: https://protobuf.dev/reference/protobuf/google.protobuf/#duration
var duration = regexp.MustCompile(`^[0-9]+(?:\.[0-9]{1,9})?s$`)

func testTimes(t *testing.T, p *plan) {
	seen := 0
	for _, attribute := range []string{
		"timeout", "attempt_deadline", "min_backoff", "max_backoff", "min_backoff_duration", "max_backoff_duration", "max_retry_duration",
		"retention", "older_than",
		"duration", "alignment_period", "auto_close", "period", // of alerts
	} {
		for address, values := range p.attributes(t, attribute) {
			for _, value := range values {
				seen++
				if !duration.MatchString(value) {
					t.Errorf("%s: %s %q is not a duration", address, attribute, value)
				}
			}
		}
	}
	if seen < 20 {
		t.Errorf("found only %d durations", seen)
	}
}

// lengths are the forms of names that package spec does not check, as they are chosen in deploy/.
var lengths = []struct{ kind, attribute, form, source string }{
	{"google_service_account", "account_id", `[a-z](?:[-a-z0-9]{4,28}[a-z0-9])`, "https://cloud.google.com/iam/docs/reference/rest/v1/projects.serviceAccounts/create"},
	{"google_service_account", "display_name", `.{1,100}`, "https://cloud.google.com/iam/docs/reference/rest/v1/projects.serviceAccounts"},
	{"google_artifact_registry_repository", "repository_id", `[a-z](?:[-a-z0-9]{0,61}[a-z0-9])`, "https://cloud.google.com/artifact-registry/docs/repositories/create-repos"},
	{"google_apikeys_key", "name", `[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?`, "https://cloud.google.com/api-keys/docs/reference/rest/v2/projects.locations.keys/create"},
	{"google_apikeys_key", "display_name", `.{1,63}`, "https://cloud.google.com/api-keys/docs/reference/rest/v2/projects.locations.keys"},
	{"google_iam_workload_identity_pool", "workload_identity_pool_id", `[a-z0-9-]{4,32}`, "https://cloud.google.com/iam/docs/reference/rest/v1/projects.locations.workloadIdentityPools/create"},
	{"google_iam_workload_identity_pool", "display_name", `.{1,32}`, "https://cloud.google.com/iam/docs/reference/rest/v1/projects.locations.workloadIdentityPools"},
	{"google_iam_workload_identity_pool_provider", "workload_identity_pool_provider_id", `[a-z0-9-]{4,32}`, "https://cloud.google.com/iam/docs/reference/rest/v1/projects.locations.workloadIdentityPools.providers/create"},
	{"google_iam_workload_identity_pool_provider", "display_name", `.{1,32}`, "https://cloud.google.com/iam/docs/reference/rest/v1/projects.locations.workloadIdentityPools.providers"},
	// The condition may have 4,096 characters; RE2 counts to 1,000.
	{"google_iam_workload_identity_pool_provider", "attribute_condition", `.{1,1000}`, "https://cloud.google.com/iam/docs/reference/rest/v1/projects.locations.workloadIdentityPools.providers"},
	{"google_billing_budget", "display_name", `.{1,60}`, "https://cloud.google.com/billing/docs/reference/budget/rest/v1/billingAccounts.budgets"},
	{"google_monitoring_notification_channel", "display_name", `.{1,512}`, "https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.notificationChannels"},
	{"google_project_service", "service", `[a-z]+\.googleapis\.com`, "https://cloud.google.com/service-usage/docs/reference/rest/v1/services"},
}

func testLengths(t *testing.T, p *plan) {
	for _, rule := range lengths {
		form := regexp.MustCompile("^(?:" + rule.form + ")$")
		for key, r := range all[map[string]any](t, p, rule.kind) {
			if value := fmt.Sprint(r[rule.attribute]); !form.MatchString(value) {
				t.Errorf("%s %s: %s %q, want %s, see %s", rule.kind, key, rule.attribute, value, rule.form, rule.source)
			}
		}
	}
}

// Each key opens only APIs, and only those that its owners call; all of them are enabled.
func testKeys(t *testing.T, p *plan) {
	enabled := all[struct {
		Service string
		Disable bool `json:"disable_on_destroy"`
	}](t, p, "google_project_service")
	for name, api := range enabled {
		if api.Disable {
			t.Errorf("destroy disables %s", name)
		}
	}
	want := map[string][]string{
		"clients": {"fcmregistrations", "firebaseinstallations", "firebasestorage", "firestore", "identitytoolkit", "securetoken"}, "services": {"identitytoolkit"},
	}
	keys := all[struct {
		Restrictions []struct {
			Targets []struct{ Service string } `json:"api_targets"`
		}
	}](t, p, "google_apikeys_key")
	if len(keys) != len(want) {
		t.Errorf("%d keys, want %d", len(keys), len(want))
	}
	for name, key := range keys {
		var apis []string
		for _, target := range key.Restrictions[0].Targets {
			apis = append(apis, strings.TrimSuffix(target.Service, ".googleapis.com"))
			if _, ok := enabled[target.Service]; !ok {
				t.Errorf("key %s: %s is not enabled", name, target.Service)
			}
		}
		if slices.Sort(apis); !slices.Equal(apis, want[name]) {
			t.Errorf("key %s opens %v, want %v", name, apis, want[name])
		}
	}
}

func testMoney(t *testing.T, p *plan) {
	budget := all[struct {
		Account string `json:"billing_account"`
		Filter  []struct {
			Projects []string
			Period   string `json:"calendar_period"`
		} `json:"budget_filter"`
		Rules []struct {
			Percent float64 `json:"threshold_percent"`
		} `json:"threshold_rules"`
		Updates []any `json:"all_updates_rule"`
	}](t, p, "google_billing_budget")["month"]
	var percents []float64
	for _, r := range budget.Rules {
		percents = append(percents, r.Percent)
	}
	if !slices.Equal(percents, []float64{0.5, 0.9, 1}) || budget.Filter[0].Period != "MONTH" ||
		!slices.Equal(budget.Filter[0].Projects, []string{"projects/" + projectNumber}) || len(budget.Updates) != 1 {
		t.Errorf("budget: %+v", budget)
	}
	kinds := map[string]bool{}
	for _, c := range all[struct{ Type string }](t, p, "google_monitoring_notification_channel") {
		kinds[c.Type] = true
	}
	if !kinds["email"] || !kinds["slack"] {
		t.Errorf("notification channels: %v", kinds)
	}
}
