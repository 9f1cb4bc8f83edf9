package opentofu

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"heek.kr/heektime/internal/deployment"
	"heek.kr/heektime/internal/longtest"
)

// The files are formatted and valid.
func TestFilesAreValid(t *testing.T) {
	w := newWorkspace(t)
	if out, stderr, exitCode := w.try(t, "fmt", "-check", "-diff"); exitCode != 0 {
		t.Errorf("not formatted, run tofu fmt in deploy/:\n%s%s", out, stderr)
	}
	w.run(t, "validate", "-no-color")
}

// The project alone is enough to plan.
func TestPlanOfAnEmptyProject(t *testing.T) {
	longtest.Only(t, "makes a second plan")
	w := newWorkspace(t)
	p := w.plan(t, "-var=project="+project)
	if n := len(all[struct{}](t, p, "google_cloud_run_v2_service")); n != len(deployment.Table().Services) {
		t.Errorf("a plan for an empty project has %d services", n)
	}
}

// Each faulty variable is reported before anything is planned.
func TestVariablesAreChecked(t *testing.T) {
	w := newWorkspace(t)
	for _, faulty := range []map[string]string{{
		"project=Heektime":                 "A project id has 6 to 30",
		"site_url=heektime.test":           "The site's URL is https://HOST",
		`web_origins=["https://a.test/x"]`: "An origin is https://HOST",
		"slack_channel=alerts":             "starts with #",
		`paid_alerts=["list-failing"]`:     "Alerts with a price are firestore-reads, nothing-runs",
		"monthly_budget=-1":                "whole number",
		"github_repository=heektime":       "OWNER/NAME",
		"github_repository_id=x":           "id is a number",
	}, {
		"project=heek":                    "A project id has 6 to 30",
		"site_url=https://heektime.test/": "The site's URL is https://HOST",
		`web_origins=["*"]`:               "An origin is https://HOST",
		`paid_alerts=["reads"]`:           "The others always exist.",
		"monthly_budget=1.5":              "whole number",
		"github_repository=a/b' || true":  "OWNER/NAME",
	}} {
		args := []string{"plan", "-no-color", "-input=false"}
		for variable := range faulty {
			args = append(args, "-var="+variable)
		}
		_, stderr, exitCode := w.try(t, args...)
		errors := strings.Join(strings.Fields(stderr), " ")
		for variable, want := range faulty {
			if exitCode == 0 || !strings.Contains(errors, want) {
				t.Errorf("%s: exit code %d, want the error %q in\n%s", variable, exitCode, want, stderr)
			}
		}
		if n := strings.Count(errors, "Error: Invalid value for variable"); n != len(faulty) {
			t.Errorf("%d errors for %v:\n%s", n, faulty, stderr)
		}
	}
}

// A project lives: it is applied, released, destroyed and applied again.
func TestLifeOfAProject(t *testing.T) {
	longtest.Only(t, "plans and applies eight times")
	w := newWorkspace(t)
	w.run(t, append([]string{"apply", "-no-color", "-input=false", "-auto-approve"}, everything...)...)
	t.Run("a second apply changes nothing", func(t *testing.T) {
		// The token of Slack is needed only once.
		flags := slices.DeleteFunc(slices.Clone(everything), func(s string) bool { return strings.HasPrefix(s, "-var=slack_token=") })
		if changed := w.plan(t, flags...).changed(); len(changed) > 0 {
			t.Errorf("after apply, the plan changes %v", changed)
		}
	})
	t.Run("nor does an apply after a release", func(t *testing.T) {
		if released := w.release(t); released != len(deployment.Table().Services) {
			t.Fatalf("%d services are in the state", released)
		}
		if changed := w.plan(t, everything...).changed(); len(changed) > 0 {
			t.Errorf("after a release, the plan changes %v", changed)
		}
	})
	t.Run("a changed setting is applied", func(t *testing.T) {
		changed := w.plan(t, append(slices.Clone(everything), "-var=site_url=https://other.test")...).changed()
		for _, want := range []string{`google_cloud_run_v2_service.this["auth"]`, `google_storage_bucket.this["lists"]`} {
			if !slices.Contains(changed, want) {
				t.Errorf("with another site, the plan changes %v, and not %s", changed, want)
			}
		}
	})
	t.Run("destroy leaves data", func(t *testing.T) { testDestroy(t, w) })
}

// release changes the state of the services as a release would: another image, traffic on a revision,
// and what gcloud and Cloud Run fill in. It returns the number of services.
func (w *workspace) release(t *testing.T) int {
	t.Helper()
	released := 0
	w.editState(t, func(kind string, attributes map[string]any) {
		if kind != "google_cloud_run_v2_service" {
			return
		}
		released++
		template := attributes["template"].([]any)[0].(map[string]any)
		template["containers"].([]any)[0].(map[string]any)["image"] = "asia-northeast3-docker.pkg.dev/p/services/auth@sha256:1"
		template["annotations"] = map[string]any{"client.knative.dev/user-image": "x"}
		template["labels"] = map[string]any{"client.knative.dev/nonce": "x"}
		attributes["client"], attributes["client_version"] = "gcloud", "550.0.0"
		attributes["launch_stage"] = "GA"
		attributes["traffic"] = []any{map[string]any{
			"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": "auth-00002-abc", "percent": 100, "tag": nil,
		}}
		attributes["scaling"] = []any{map[string]any{
			"manual_instance_count": 0, "min_instance_count": 0, "max_instance_count": 0, "scaling_mode": nil,
		}}
	})
	return released
}

// editState changes the attributes of each resource in the state.
func (w *workspace) editState(t *testing.T, change func(kind string, attributes map[string]any)) {
	t.Helper()
	file := filepath.Join(w.folder, "terraform.tfstate")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var state map[string]any
	if err := json.Unmarshal(text, &state); err != nil {
		t.Fatal(err)
	}
	for _, r := range state["resources"].([]any) {
		r := r.(map[string]any)
		for _, instance := range r["instances"].([]any) {
			change(r["type"].(string), instance.(map[string]any)["attributes"].(map[string]any))
		}
	}
	if text, err = json.Marshal(state); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// destroy leaves data and names that Google blocks for days, and an apply after it adopts them.
func testDestroy(t *testing.T, w *workspace) {
	stays := map[string]bool{
		"google_firestore_database": true, "google_storage_bucket": true, "google_secret_manager_secret": true,
		"google_cloud_tasks_queue": true, "google_apikeys_key": true,
		"google_iam_workload_identity_pool": true, "google_iam_workload_identity_pool_provider": true,
	}
	for _, c := range w.plan(t, append([]string{"-destroy"}, everything...)...).Changes {
		if c.Mode != "managed" {
			continue
		}
		abandoned := c.Change.Before["deletion_policy"] == "ABANDON"
		if abandoned != stays[c.Type] {
			t.Errorf("%s: destroy leaves it: %t, want %t", c.Address, abandoned, stays[c.Type])
		}
		if protected := c.Change.Before["deletion_protection"]; protected == true {
			t.Errorf("%s: deletion_protection stops destroy", c.Address)
		}
	}
	w.run(t, append([]string{"apply", "-destroy", "-no-color", "-input=false", "-auto-approve"}, everything...)...)

	existing := `-var=existing={database=true,buckets=["lists"],secrets=["token-key","token-key-old","old-server-token-key"],queues=["followers","push","refresh","topics"],` +
		`api_keys=["clients","services"],releases=["firestore","storage"],pool=true,pool_provider=true}`
	imported := map[string]bool{}
	again := w.plan(t, append([]string{existing}, everything...)...)
	for _, c := range again.Changes {
		imported[c.Type] = imported[c.Type] || c.Change.Importing != nil
	}
	for kind := range stays {
		if !imported[kind] {
			t.Errorf("an apply after destroy makes a new %s", kind)
		}
	}
	for _, c := range again.Changes {
		if stays[c.Type] && c.Change.Importing == nil {
			t.Errorf("an apply after destroy makes a new %s", c.Address)
		}
	}
}
