package opentofu

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"heek.kr/heektime/internal/deployment/spec"
)

func testBuckets(t *testing.T, p *plan, table *spec.Deployment) {
	planned := all[struct {
		Name, Location string
		Uniform        bool  `json:"uniform_bucket_level_access"`
		ForceDestroy   bool  `json:"force_destroy"`
		Lifecycle      []any `json:"lifecycle_rule"`
		CORS           []struct {
			Origin, Method []string
			Headers        []string `json:"response_header"`
			MaxAge         int      `json:"max_age_seconds"`
		}
		SoftDelete []struct {
			Seconds int `json:"retention_duration_seconds"`
		} `json:"soft_delete_policy"`
	}](t, p, "google_storage_bucket")
	for _, want := range table.Buckets {
		got := planned[want.ID]
		if got.Name != want.NameIn(project) || got.Location != strings.ToUpper(want.Region) || !got.Uniform || got.ForceDestroy {
			t.Errorf("bucket %s: %+v", want.ID, got)
		}
		if len(got.Lifecycle) > 0 || got.SoftDelete[0].Seconds != int(want.SoftDelete.Seconds()) {
			t.Errorf("bucket %s deletes by age %v, or keeps deleted objects: %v", want.ID, got.Lifecycle, got.SoftDelete)
		}
		cors := got.CORS[0]
		if !slices.Equal(cors.Method, want.CORSMethods) || !slices.Equal(cors.Headers, want.CORSHeaders) || cors.MaxAge != int(want.CORSMaxAge.Seconds()) ||
			!slices.Contains(cors.Origin, "https://heektime.test") || !slices.Contains(cors.Origin, "https://"+project+".web.app") {
			t.Errorf("bucket %s: CORS %+v", want.ID, cors)
		}
	}
}

// The images of earlier releases stay for a while, to roll back to, and not for ever.
func testImages(t *testing.T, p *plan, table *spec.Deployment) {
	images := all[struct {
		ID               string `json:"repository_id"`
		Format, Location string
		DryRun           bool `json:"cleanup_policy_dry_run"`
		Policies         []struct {
			Action string
			Recent []struct {
				Keep int `json:"keep_count"`
			} `json:"most_recent_versions"`
			Condition []struct {
				OlderThan string `json:"older_than"`
				Tags      string `json:"tag_state"`
			}
		} `json:"cleanup_policies"`
	}](t, p, "google_artifact_registry_repository")["images"]
	var policies []string
	for _, policy := range images.Policies {
		policies = append(policies, fmt.Sprint(policy.Action, policy.Recent, policy.Condition))
	}
	want := []string{
		fmt.Sprintf("KEEP[{%d}] []", table.Images.Keep),
		fmt.Sprintf("DELETE[] [{%ds ANY}]", int(table.Images.DeleteAfter.Seconds())),
	}
	slices.Sort(policies) // a set
	slices.Sort(want)
	if images.ID != table.Images.Repository || images.Format != "DOCKER" || images.DryRun || !slices.Equal(policies, want) {
		t.Errorf("images: %+v, want the policies %q", images, want)
	}
}

// The secrets exist, without a value in the state.
func testSecrets(t *testing.T, p *plan, table *spec.Deployment) {
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
