package deployment_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"heek.kr/heektime/internal/deployment"
	"heek.kr/heektime/internal/deployment/spec"
)

const root = "../.."

func TestTableIsValid(t *testing.T) {
	if err := deployment.Table().Validate(); err != nil {
		t.Error(err)
	}
}

// firebase.json rewrites paths to services that exist in that region and are public.
func TestHostingRewritesNamePublicServices(t *testing.T) {
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
	table, found := deployment.Table(), 0
	for _, r := range file.Hosting.Rewrites {
		if r.Run == nil {
			continue
		}
		found++
		service, ok := table.Service(r.Run.ServiceID)
		if !ok || !service.Public || r.Run.Region != table.Region {
			t.Errorf("%s is rewritten to %+v, which is not a public service of the table in %s", r.Source, *r.Run, table.Region)
		}
	}
	if found == 0 {
		t.Error("firebase.json rewrites nothing to a service")
	}
}

// Each row names the folder of a main package that runs the service under that name.
func TestEachServiceHasAMain(t *testing.T) {
	for _, s := range deployment.Table().Services {
		source, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(s.Package), "main.go"))
		if err != nil {
			t.Error(err)
		}
		if call := `server.Main("` + s.Name + `", `; !strings.Contains(string(source), call) {
			t.Errorf("%s/main.go does not call %s…)", s.Package, call)
		}
		for _, file := range s.Files {
			if _, err := os.Stat(filepath.Join(root, filepath.FromSlash(file.Source))); err != nil {
				t.Errorf("file of the image of %s: %v", s.Name, err)
			}
		}
	}
}

// A list is still published after its school was down for an hour.
func TestRefreshesSurviveAnHour(t *testing.T) {
	queue, ok := deployment.Table().Queue(deployment.RefreshQueue)
	if !ok {
		t.Fatal("the table has no queue of refreshes")
	}
	if span := queue.Retry.Span(); span < time.Hour+15*time.Minute {
		t.Errorf("retries end after %v", span)
	}
}

// A service finds out whether IAM checks its callers by a request to its own URL, which comes from the
// internet: see internal/oidcauth.
func TestPrivateServicesReachThemselves(t *testing.T) {
	for _, s := range deployment.Table().Services {
		if !s.Public && s.Ingress != spec.IngressAll {
			t.Errorf("ingress of %s is %s, so it cannot reach itself, and rejects all callers", s.Name, s.Ingress)
		}
	}
}

// The service accounts that call services do nothing else in the project.
func TestCallersOnlyCall(t *testing.T) {
	for _, g := range deployment.Table().Grants() {
		switch g.Account {
		case deployment.TasksAccount, deployment.SchedulerAccount, deployment.EventarcAccount, deployment.CheckAccount:
			if g.Role != "roles/run.invoker" && g.Role != "roles/eventarc.eventReceiver" {
				t.Errorf("%s has the role %s", g.Account, g.Role)
			}
		}
	}
}

// The account of release checks gets past Cloud Run to every service, and no further: a service must not accept
// it as a caller.
func TestCheckAccountCallsHealthOnly(t *testing.T) {
	for _, s := range deployment.Table().Services {
		if !s.Public && !slices.Contains(s.Invokers, deployment.CheckAccount) {
			t.Errorf("%s cannot be checked before it gets traffic", s.Name)
		}
		for _, v := range s.Environment {
			if v.Name == "ALLOWED_CALLERS" && slices.Contains(v.Value.Accounts, deployment.CheckAccount) {
				t.Errorf("%s accepts calls of %s", s.Name, deployment.CheckAccount)
			}
		}
	}
}
