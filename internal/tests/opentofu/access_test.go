package opentofu

import (
	"slices"
	"strings"
	"testing"

	"heek.kr/heektime/internal/deployment"
	"heek.kr/heektime/internal/deployment/spec"
)

// member is a grant: google_project_iam_member and its siblings.
type member struct {
	Role, Member string
	// The resource, by whichever name its type gives it.
	Project    string
	Name       string
	Bucket     string
	Repository string
	SecretID   string `json:"secret_id"`
	AccountID  string `json:"service_account_id"`
}

// memberTypes are the types of resources that grant roles, with the kind of resource they grant them on.
var memberTypes = map[string]spec.ResourceKind{
	"google_project_iam_member":               spec.OnProject,
	"google_storage_bucket_iam_member":        spec.OnBucket,
	"google_cloud_tasks_queue_iam_member":     spec.OnQueue,
	"google_cloud_run_v2_service_iam_member":  spec.OnService,
	"google_service_account_iam_member":       spec.OnAccount,
	"google_secret_manager_secret_iam_member": spec.OnSecret,
}

// roles that deploy/ grants to workflows, in addition to those of the table, which package spec checks.
//
// Source: https://cloud.google.com/iam/docs/roles-permissions
var workflowRoles = []string{
	"roles/artifactregistry.writer", "roles/browser", "roles/firebasehosting.admin", "roles/iam.serviceAccountUser",
	"roles/iam.workloadIdentityUser", "roles/run.developer", "roles/run.viewer", "roles/storage.objectViewer",
}

// The services' accounts have the roles of the table, and nobody has another one.
func testRoles(t *testing.T, p *plan, table *spec.Deployment) {
	want := map[string]bool{}
	for _, g := range table.Grants() {
		id := g.On.ID
		switch g.On.Kind {
		case spec.OnBucket:
			b, _ := table.Bucket(id)
			id = b.NameIn(project)
		case spec.OnAccount:
			id = "projects/" + project + "/serviceAccounts/" + spec.Email(project, id)
		case spec.OnProject:
			id = project
		case spec.OnQueue, spec.OnService, spec.OnSecret:
		}
		want[strings.Join([]string{string(g.On.Kind), id, g.Role, "serviceAccount:" + spec.Email(project, g.Account)}, " ")] = true
	}
	for _, s := range table.Services {
		if s.Public {
			want["service "+s.Name+" roles/run.invoker allUsers"] = true
		}
	}
	ours := map[string]bool{}
	for kind, on := range memberTypes {
		for key, m := range all[member](t, p, kind) {
			id := m.Name + m.Bucket + m.SecretID + m.AccountID
			if on == spec.OnProject {
				id = m.Project
			}
			grant := strings.Join([]string{string(on), id, m.Role, m.Member}, " ")
			switch {
			case want[grant]:
				ours[grant] = true
			case m.Member == "": // of an account of a workflow, which is not known yet
				if !slices.Contains(workflowRoles, m.Role) {
					t.Errorf("%s grants a workflow %s", key, m.Role)
				}
			case strings.HasPrefix(m.Member, "principalSet://") && m.Role == "roles/iam.workloadIdentityUser":
			default:
				t.Errorf("the plan grants %q, which the table does not", grant)
			}
		}
	}
	for grant := range want {
		if !ours[grant] {
			t.Errorf("the plan lacks the grant %q", grant)
		}
	}
	for _, r := range p.Planned.Root.Resources {
		if strings.Contains(r.Type, "_iam_") && !strings.HasPrefix(r.Type, "google_iam_") &&
			memberTypes[r.Type] == "" && r.Type != "google_artifact_registry_repository_iam_member" {
			t.Errorf("%s: bindings and policies replace what others have granted; use a member", r.Address)
		}
	}
}

// Workflows sign in only from the repository, release only from the branch, and act only as their own
// accounts.
func testGitHub(t *testing.T, p *plan, table *spec.Deployment) {
	provider := all[struct {
		Condition string            `json:"attribute_condition"`
		Mapping   map[string]string `json:"attribute_mapping"`
		OIDC      []struct {
			Issuer string `json:"issuer_uri"`
		}
	}](t, p, "google_iam_workload_identity_pool_provider")["github"]
	const want = "assertion.repository == 'heek/heektime' && assertion.repository_id == '1234' && " +
		"(assertion.event_name == 'pull_request' || " +
		"(assertion.ref == 'refs/heads/main' && assertion.event_name in ['push', 'workflow_dispatch']))"
	if provider.Condition != want {
		t.Errorf("condition %q, want %q", provider.Condition, want)
	}
	if provider.OIDC[0].Issuer != "https://token.actions.githubusercontent.com" {
		t.Errorf("issuer %q", provider.OIDC[0].Issuer)
	}
	if got := provider.Mapping["attribute.purpose"]; got != "assertion.event_name == 'pull_request' ? 'plan' : 'release'" {
		t.Errorf("purpose %q", got)
	}

	pool := "principalSet://iam.googleapis.com/projects/" + projectNumber + "/locations/global/workloadIdentityPools/github/attribute.purpose/"
	var actAs int
	for key, m := range all[member](t, p, "google_service_account_iam_member") {
		switch {
		case m.Role == "roles/iam.workloadIdentityUser":
			if purpose, account, _ := strings.Cut(strings.TrimPrefix(key, "workflow "), " as "); m.Member != pool+purpose || purpose == "plan" && account != "plan" {
				t.Errorf("%s: %s", key, m.Member)
			}
		case m.Role == "roles/iam.serviceAccountUser" && m.Member == "":
			actAs++
		}
	}
	if actAs != len(table.Services) {
		t.Errorf("the release may act as %d accounts, want %d", actAs, len(table.Services))
	}
	for _, a := range []string{deployment.TasksAccount, deployment.SchedulerAccount, deployment.EventarcAccount} {
		for key, m := range all[member](t, p, "google_service_account_iam_member") {
			if m.Member == "" && strings.Contains(m.AccountID, a) {
				t.Errorf("%s: the release may act as %s", key, a)
			}
		}
	}
}
