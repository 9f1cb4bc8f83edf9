package opentofu

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"heek.kr/heektime/internal/deployment"
	"heek.kr/heektime/internal/deployment/spec"
)

// The plan contains what the table of the deployment says, and every value follows Google's rules. One
// plan serves all subtests.
func TestPlan(t *testing.T) {
	p, table := newWorkspace(t).plan(t, everything...), deployment.Table()
	t.Run("services", func(t *testing.T) { testServices(t, p, table) })
	t.Run("environment", func(t *testing.T) { testEnvironment(t, p, table) })
	t.Run("hosting rewrites", func(t *testing.T) { testRewrites(t, p, table) })
	t.Run("roles", func(t *testing.T) { testRoles(t, p, table) })
	t.Run("jobs", func(t *testing.T) { testJobs(t, p, table) })
	t.Run("queues", func(t *testing.T) { testQueues(t, p, table) })
	t.Run("triggers", func(t *testing.T) { testTriggers(t, p, table) })
	t.Run("storage", func(t *testing.T) { testStorage(t, p, table) })
	t.Run("firestore", func(t *testing.T) { testFirestore(t, p) })
	t.Run("indexes", func(t *testing.T) { testIndexes(t, p) })
	t.Run("rules", func(t *testing.T) { testRules(t, p) })
	t.Run("keys", func(t *testing.T) { testKeys(t, p) })
	t.Run("money", func(t *testing.T) { testMoney(t, p) })
	t.Run("github", func(t *testing.T) { testGitHub(t, p, table) })
	t.Run("regions", func(t *testing.T) { testRegions(t, p, table) })
	t.Run("times", func(t *testing.T) { testTimes(t, p) })
	t.Run("lengths", func(t *testing.T) { testLengths(t, p) })
}

// service is google_cloud_run_v2_service.
type service struct {
	Name, Location, Ingress string
	CustomAudiences         []string `json:"custom_audiences"`
	Template                []struct {
		ServiceAccount string `json:"service_account"`
		Timeout        string
		Environment    string `json:"execution_environment"`
		Concurrency    int    `json:"max_instance_request_concurrency"`
		Scaling        []struct {
			Min int `json:"min_instance_count"`
			Max int `json:"max_instance_count"`
		}
		Containers []container
	}
}

type container struct {
	Image     string
	Ports     []struct{ Name string }
	Resources []struct {
		Limits   map[string]string
		CPUIdle  bool `json:"cpu_idle"`
		CPUBoost bool `json:"startup_cpu_boost"`
	}
	Env []struct {
		Name        string
		Value       *string
		ValueSource []struct {
			SecretKeyRef []struct{ Secret, Version string } `json:"secret_key_ref"`
		} `json:"value_source"`
	}
}

func testServices(t *testing.T, p *plan, table *spec.Deployment) {
	planned := all[service](t, p, "google_cloud_run_v2_service")
	if len(planned) != len(table.Services) {
		t.Errorf("%d services, want %d", len(planned), len(table.Services))
	}
	for _, want := range table.Services {
		got, ok := planned[want.Name]
		if !ok {
			t.Errorf("service %s is missing", want.Name)
			continue
		}
		template, c := got.Template[0], got.Template[0].Containers[0]
		port := map[bool]string{false: "http1", true: "h2c"}[want.HTTP2]
		for what, pair := range map[string][2]any{
			"name":         {got.Name, want.Name},
			"region":       {got.Location, table.Region},
			"audiences":    {fmt.Sprint(got.CustomAudiences), fmt.Sprint([]string{table.RunURL(want.Name, projectNumber)})},
			"account":      {template.ServiceAccount, spec.Email(project, want.Account)},
			"timeout":      {template.Timeout, fmt.Sprintf("%ds", int(want.Timeout.Seconds()))},
			"concurrency":  {template.Concurrency, want.Concurrency},
			"instances":    {template.Scaling[0].Max, want.MaxInstances},
			"memory":       {c.Resources[0].Limits["memory"], fmt.Sprintf("%dMi", want.MemoryMiB)},
			"CPU":          {c.Resources[0].Limits["cpu"], fmt.Sprint(want.MilliCPU / 1000)},
			"port":         {c.Ports[0].Name, port},
			"ingress":      {got.Ingress, "INGRESS_TRAFFIC_ALL"},
			"idle CPU":     {c.Resources[0].CPUIdle, true},
			"startup CPU":  {c.Resources[0].CPUBoost, true},
			"generation":   {template.Environment, "EXECUTION_ENVIRONMENT_GEN1"},
			"least":        {template.Scaling[0].Min, want.MinInstances},
			"first image":  {strings.HasPrefix(c.Image, "us-docker.pkg.dev/cloudrun/container/hello"), true},
			"number ports": {len(c.Ports), 1},
		} {
			if pair[0] != pair[1] {
				t.Errorf("service %s: %s %v, want %v", want.Name, what, pair[0], pair[1])
			}
		}
	}
}

// Every variable of every service is set to the value that the table computes, and no other is.
func testEnvironment(t *testing.T, p *plan, table *spec.Deployment) {
	const unknown = "known after apply"
	place := spec.Place{
		Project: project, IAM: true, SiteURL: "https://heektime.test", APIKey: unknown,
		Origins: []string{
			"https://heektime.test", "https://" + project + ".web.app", "https://" + project + ".firebaseapp.com", "https://beta.heektime.test",
		},
		URLs: map[string]string{}, Secrets: map[string]string{},
	}
	for _, s := range table.Services {
		place.URLs[s.Name] = table.RunURL(s.Name, projectNumber)
	}
	for _, s := range table.Secrets {
		place.Secrets[s.ID] = "the latest version of " + s.ID
	}
	for name, s := range all[service](t, p, "google_cloud_run_v2_service") {
		want, err := table.Environment(name, place)
		if err != nil {
			t.Error(err)
			continue
		}
		got := map[string]string{}
		for _, v := range s.Template[0].Containers[0].Env {
			switch {
			case v.Value != nil && *v.Value != "":
				got[v.Name] = *v.Value
			case len(v.ValueSource) > 0:
				ref := v.ValueSource[0].SecretKeyRef[0]
				got[v.Name] = "the " + ref.Version + " version of " + ref.Secret
			default:
				got[v.Name] = unknown
			}
		}
		if !maps.Equal(got, want) {
			t.Errorf("service %s: environment %v, want %v", name, got, want)
		}
	}
}

// Every rewrite of firebase.json to Cloud Run names a public service of the plan in its region.
func testRewrites(t *testing.T, p *plan, _ *spec.Deployment) {
	text, err := os.ReadFile(filepath.Join(root, "firebase.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Hosting struct {
			Rewrites []struct {
				Source string
				Run    *struct{ ServiceID, Region string }
			}
		}
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	services := all[service](t, p, "google_cloud_run_v2_service")
	public := map[string]bool{}
	for _, m := range all[member](t, p, "google_cloud_run_v2_service_iam_member") {
		if m.Member == "allUsers" {
			public[m.Name] = true
		}
	}
	for _, r := range file.Hosting.Rewrites {
		if r.Run != nil && (services[r.Run.ServiceID].Location != r.Run.Region || !public[r.Run.ServiceID]) {
			t.Errorf("%s is rewritten to %+v, which is not a public service of the plan", r.Source, *r.Run)
		}
	}
}

type job struct {
	Region, Schedule string
	TimeZone         string `json:"time_zone"`
	AttemptDeadline  string `json:"attempt_deadline"`
	HTTPTarget       []struct {
		Method    string `json:"http_method"`
		URI       string
		OIDCToken []struct {
			Account  string `json:"service_account_email"`
			Audience string
		} `json:"oidc_token"`
	} `json:"http_target"`
	Retry []struct {
		Count        int    `json:"retry_count"`
		MinBackoff   string `json:"min_backoff_duration"`
		MaxBackoff   string `json:"max_backoff_duration"`
		MaxDoublings int    `json:"max_doublings"`
	} `json:"retry_config"`
}

func testJobs(t *testing.T, p *plan, table *spec.Deployment) {
	planned := all[job](t, p, "google_cloud_scheduler_job")
	if len(planned) != len(table.Jobs) {
		t.Errorf("%d jobs, want %d", len(planned), len(table.Jobs))
	}
	for _, want := range table.Jobs {
		got := planned[want.ID]
		if len(got.HTTPTarget) == 0 {
			t.Errorf("job %s is missing", want.ID)
			continue
		}
		target, retry, url := got.HTTPTarget[0], got.Retry[0], table.RunURL(want.Target.Service, projectNumber)
		for what, pair := range map[string][2]any{
			"schedule": {got.Schedule, want.Schedule},
			"zone":     {got.TimeZone, want.TimeZone},
			"region":   {got.Region, table.Region},
			"deadline": {got.AttemptDeadline, fmt.Sprintf("%ds", int(want.AttemptDeadline.Seconds()))},
			"method":   {target.Method, "POST"},
			"URI":      {target.URI, url + want.Target.Path},
			"audience": {target.OIDCToken[0].Audience, url},
			"account":  {target.OIDCToken[0].Account, spec.Email(project, want.Target.Account)},
			"retries":  {retry.Count, want.Retry.Count},
		} {
			if pair[0] != pair[1] {
				t.Errorf("job %s: %s %v, want %v", want.ID, what, pair[0], pair[1])
			}
		}
		if want.Retry.Count > 0 && retry.MinBackoff != fmt.Sprintf("%ds", int(want.Retry.MinBackoff.Seconds())) {
			t.Errorf("job %s: backoff from %s, want %v", want.ID, retry.MinBackoff, want.Retry.MinBackoff)
		}
	}
}

func testQueues(t *testing.T, p *plan, table *spec.Deployment) {
	planned := all[struct {
		Name, Location string
		Limits         []struct {
			PerSecond  float64 `json:"max_dispatches_per_second"`
			Concurrent int     `json:"max_concurrent_dispatches"`
		} `json:"rate_limits"`
		Retry []struct {
			MaxAttempts  int    `json:"max_attempts"`
			MinBackoff   string `json:"min_backoff"`
			MaxBackoff   string `json:"max_backoff"`
			MaxDoublings int    `json:"max_doublings"`
			MaxDuration  string `json:"max_retry_duration"`
		} `json:"retry_config"`
	}](t, p, "google_cloud_tasks_queue")
	for _, want := range table.Queues {
		got := planned[want.ID]
		if len(got.Retry) == 0 || len(got.Limits) == 0 {
			t.Errorf("queue %s is missing", want.ID)
			continue
		}
		retry := fmt.Sprintf("%v %v %s %s", got.Limits[0], got.Retry[0], got.Location, got.Name)
		if want := fmt.Sprintf("{%v %d} {%d %ds %ds %d } %s %s", want.MaxDispatchesPerSecond, want.MaxConcurrentDispatches,
			want.Retry.MaxAttempts, int(want.Retry.MinBackoff.Seconds()), int(want.Retry.MaxBackoff.Seconds()), want.Retry.MaxDoublings,
			table.Region, want.ID); retry != want {
			t.Errorf("queue: limits, retries, region and name %s, want %s", retry, want)
		}
	}
}

func testTriggers(t *testing.T, p *plan, table *spec.Deployment) {
	planned := all[struct {
		Location    string
		Account     string `json:"service_account"`
		ContentType string `json:"event_data_content_type"`
		Criteria    []struct {
			Attribute, Operator, Value string
		} `json:"matching_criteria"`
		Destination []struct {
			Service []struct{ Service, Region, Path string } `json:"cloud_run_service"`
		}
	}](t, p, "google_eventarc_trigger")
	if len(planned) != len(table.Triggers) {
		t.Errorf("%d triggers, want %d", len(planned), len(table.Triggers))
	}
	paths := map[string]bool{}
	for _, want := range table.Triggers {
		got := planned[want.ID]
		var criteria []string
		for _, c := range got.Criteria {
			criteria = append(criteria, strings.Join(strings.Fields(c.Attribute+" "+c.Operator+" "+c.Value), " "))
		}
		slices.Sort(criteria)
		if want := []string{"database " + want.Database, "document match-path-pattern " + want.Document, "type " + want.Event}; !slices.Equal(criteria, want) {
			t.Errorf("criteria %q, want %q", criteria, want)
		}
		if got.ContentType != "application/protobuf" || got.Location != table.Region || got.Account != spec.Email(project, want.Target.Account) {
			t.Errorf("trigger %s: %+v", want.ID, got)
		}
		target := got.Destination[0].Service[0]
		if target.Service != want.Target.Service || target.Region != table.Region || target.Path != want.Target.Path || paths[target.Path] {
			t.Errorf("trigger %s calls %+v, want %+v, on a path of its own", want.ID, target, want.Target)
		}
		paths[target.Path] = true
	}
}

func testStorage(t *testing.T, p *plan, table *spec.Deployment) {
	planned := all[struct {
		Name, Location string
		Uniform        bool  `json:"uniform_bucket_level_access"`
		ForceDestroy   bool  `json:"force_destroy"`
		Lifecycle      []any `json:"lifecycle_rule"`
		CORS           []struct {
			Origin, Method []string
			MaxAge         int `json:"max_age_seconds"`
		}
		SoftDelete []struct {
			Seconds int `json:"retention_duration_seconds"`
		} `json:"soft_delete_policy"`
	}](t, p, "google_storage_bucket")
	for _, want := range table.Buckets {
		got := planned[want.ID]
		if got.Name != want.NameIn(project) || got.Location != strings.ToUpper(table.Region) || !got.Uniform || got.ForceDestroy {
			t.Errorf("bucket %s: %+v", want.ID, got)
		}
		if len(got.Lifecycle) > 0 || got.SoftDelete[0].Seconds != int(want.SoftDelete.Seconds()) {
			t.Errorf("bucket %s deletes by age %v, or keeps deleted objects: %v", want.ID, got.Lifecycle, got.SoftDelete)
		}
		cors := got.CORS[0]
		if !slices.Equal(cors.Method, want.CORSMethods) || cors.MaxAge != int(want.CORSMaxAge.Seconds()) ||
			!slices.Contains(cors.Origin, "https://heektime.test") || !slices.Contains(cors.Origin, "https://"+project+".web.app") {
			t.Errorf("bucket %s: CORS %+v", want.ID, cors)
		}
	}
	images := all[struct {
		Format, Location string
		DryRun           bool `json:"cleanup_policy_dry_run"`
		Policies         []struct {
			Action string
			Recent []struct {
				Keep int `json:"keep_count"`
			} `json:"most_recent_versions"`
		} `json:"cleanup_policies"`
	}](t, p, "google_artifact_registry_repository")["images"]
	actions := map[string]bool{}
	for _, policy := range images.Policies {
		actions[policy.Action] = true
		if policy.Action == "KEEP" && policy.Recent[0].Keep < 2 {
			t.Error("images: there is no earlier release to roll back to")
		}
	}
	if images.Format != "DOCKER" || images.DryRun || !actions["KEEP"] || !actions["DELETE"] {
		t.Errorf("images: %+v", images)
	}
	secrets := all[struct {
		ID string `json:"secret_id"`
	}](t, p, "google_secret_manager_secret")
	for _, s := range table.Secrets {
		if secrets[s.ID].ID != s.ID {
			t.Errorf("secret %s is missing", s.ID)
		}
	}
	for _, r := range p.Planned.Root.Resources {
		if r.Type == "google_secret_manager_secret_version" {
			t.Errorf("%s: the value of a secret is in the state", r.Address)
		}
	}
}
