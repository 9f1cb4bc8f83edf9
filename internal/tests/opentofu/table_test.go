package opentofu

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strconv"
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
	t.Run("buckets", func(t *testing.T) { testBuckets(t, p, table) })
	t.Run("images", func(t *testing.T) { testImages(t, p, table) })
	t.Run("secrets", func(t *testing.T) { testSecrets(t, p, table) })
	t.Run("firestore", func(t *testing.T) { testFirestore(t, p) })
	t.Run("indexes", func(t *testing.T) { testIndexes(t, p) })
	t.Run("rules", func(t *testing.T) { testRules(t, p) })
	t.Run("keys", func(t *testing.T) { testKeys(t, p) })
	t.Run("money", func(t *testing.T) { testMoney(t, p) })
	t.Run("alerts", func(t *testing.T) { testAlerts(t, p, table) })
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
	Probe []struct {
		Timeout  int   `json:"timeout_seconds"`
		Period   int   `json:"period_seconds"`
		Failures int   `json:"failure_threshold"`
		Delay    int   `json:"initial_delay_seconds"`
		TCP      []any `json:"tcp_socket"`
	} `json:"startup_probe"`
	Liveness []any `json:"liveness_probe"`
	Env      []struct {
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
			"CPU":          {milliCPU(c.Resources[0].Limits["cpu"]), want.MilliCPU},
			"port":         {c.Ports[0].Name, port},
			"ingress":      {got.Ingress, "INGRESS_TRAFFIC_ALL"},
			"idle CPU":     {c.Resources[0].CPUIdle, true},
			"startup CPU":  {c.Resources[0].CPUBoost, true},
			"generation":   {template.Environment, "EXECUTION_ENVIRONMENT_GEN1"},
			"least":        {template.Scaling[0].Min, want.MinInstances},
			"first image":  {strings.HasPrefix(c.Image, "us-docker.pkg.dev/cloudrun/container/hello"), true},
			"number ports": {len(c.Ports), 1},
			"probe": {
				fmt.Sprint(c.Probe[0].Timeout, c.Probe[0].Period, c.Probe[0].Failures, c.Probe[0].Delay, len(c.Probe[0].TCP), len(c.Liveness)),
				fmt.Sprint(table.StartupProbe.Timeout.Seconds(), table.StartupProbe.Period.Seconds(), table.StartupProbe.Failures, 0, 1, 0),
			},
		} {
			if pair[0] != pair[1] {
				t.Errorf("service %s: %s %v, want %v", want.Name, what, pair[0], pair[1])
			}
		}
	}
}

// milliCPU returns thousandths of a CPU, of "1" or "250m", and -1 for anything else.
func milliCPU(text string) int {
	thousandths, isMilli := strings.CutSuffix(text, "m")
	n, err := strconv.Atoi(thousandths)
	switch {
	case err != nil:
		return -1
	case isMilli:
		return n
	}
	return 1000 * n
}

// Every variable of every service is set to the value that the table computes, and no other is.
func testEnvironment(t *testing.T, p *plan, table *spec.Deployment) {
	const unknown = "known after apply"
	place := spec.Place{
		Project: project, SiteURL: "https://heektime.test", APIKey: unknown,
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
