package run_test

import (
	"errors"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/iam/apiv1/iampb"
	"cloud.google.com/go/run/apiv2/runpb"
	"google.golang.org/api/iterator"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"heek.kr/heektime/emulator/run"
)

// id returns the last part of a name.
func id(name string) string { return name[strings.LastIndexByte(name, '/')+1:] }

func TestCreateMakesARevisionThatGetsAllTraffic(t *testing.T) {
	c := start(t, run.Config{})
	pb := c.create("image:1")
	revision := id(pb.LatestCreatedRevision)
	if !regexp.MustCompile(`^courses-00001-[a-z]{3}$`).MatchString(revision) {
		t.Errorf("the revision is named %q", revision)
	}
	if got := c.serving(""); got != "map["+revision+":100]" {
		t.Errorf("serving %s", got)
	}
	if pb.TerminalCondition.State != runpb.Condition_CONDITION_SUCCEEDED || pb.ObservedGeneration != 1 || pb.LatestReadyRevision != pb.LatestCreatedRevision {
		t.Errorf("a new service: %v", pb)
	}
	if !regexp.MustCompile(`^https://courses-\d{12}\.asia-northeast3\.run\.app$`).MatchString(pb.Uri) {
		t.Errorf("URI %s", pb.Uri)
	}
	if got := pb.Template; got.Timeout.AsDuration() != 5*time.Minute || got.MaxInstanceRequestConcurrency != 80 || got.Containers[0].Ports[0].ContainerPort != 8080 {
		t.Errorf("defaults: %v", got)
	}
	_, err := c.services.CreateService(t.Context(), &runpb.CreateServiceRequest{Parent: parent, ServiceId: "courses", Service: &runpb.Service{Template: template("image:1")}})
	wantCode(t, "creating it again", err, codes.AlreadyExists)
}

// Only a change of the template creates a revision.
func TestRevisionsFollowTheTemplate(t *testing.T) {
	c := start(t, run.Config{})
	first := c.create("image:1")
	same, err := c.update(&runpb.Service{Template: template("image:1"), Description: "lists"}) // without the defaults
	if err != nil {
		t.Fatal(err)
	}
	if same.LatestCreatedRevision != first.LatestCreatedRevision || same.Generation != 2 {
		t.Errorf("an unchanged template: revision %s, generation %d", same.LatestCreatedRevision, same.Generation)
	}
	second, err := c.update(&runpb.Service{Template: template("image:2")}, "template")
	if err != nil {
		t.Fatal(err)
	}
	if second.LatestCreatedRevision == first.LatestCreatedRevision || second.Description != "lists" {
		t.Errorf("a changed template: %v", second)
	}
	if got := c.serving(""); got != "map["+id(second.LatestCreatedRevision)+":100]" {
		t.Errorf("traffic to the latest revision: %s", got)
	}
	list := c.revisions.ListRevisions(t.Context(), &runpb.ListRevisionsRequest{Parent: service, PageSize: 1})
	for _, want := range []string{second.LatestCreatedRevision, first.LatestCreatedRevision} {
		if got, err := list.Next(); err != nil || got.Name != want {
			t.Errorf("listing: %v, %v, want %s", got.GetName(), err, want)
		}
	}
	if _, err := list.Next(); !errors.Is(err, iterator.Done) {
		t.Errorf("after the last revision: %v", err)
	}
}

func TestNamedRevisions(t *testing.T) {
	c := start(t, run.Config{})
	c.create("image:1")
	named := template("image:2")
	named.Revision = "courses-two"
	if pb, err := c.update(&runpb.Service{Template: named}, "template"); err != nil || id(pb.LatestCreatedRevision) != "courses-two" {
		t.Errorf("a named revision: %v, %v", pb.GetLatestCreatedRevision(), err)
	}
	other := proto.CloneOf(named)
	other.Containers[0].Image = "image:3"
	_, err := c.update(&runpb.Service{Template: other}, "template")
	wantCode(t, "the same name with another image", err, codes.AlreadyExists)
	for _, name := range []string{"two", "auth-two", "courses-", "courses-TWO", "courses-" + strings.Repeat("x", 60)} {
		other.Revision = name
		_, err := c.update(&runpb.Service{Template: other}, "template")
		wantCode(t, "revision "+name, err, codes.InvalidArgument)
	}
}

func TestTraffic(t *testing.T) {
	c := start(t, run.Config{})
	one := id(c.create("image:1").LatestCreatedRevision)
	pb, err := c.update(&runpb.Service{
		Template: template("image:2"),
		Traffic:  []*runpb.TrafficTarget{{Type: byRevision, Revision: one, Percent: 100}, {Type: latest, Tag: "candidate"}},
	}, "template", "traffic")
	if err != nil {
		t.Fatal(err)
	}
	two := id(pb.LatestCreatedRevision)
	if got := c.serving(""); got != "map["+one+":100]" {
		t.Errorf("a revision without traffic: %s serve", got)
	}
	if got := c.serving("candidate"); got != "map["+two+":100]" {
		t.Errorf("the tag leads to %s, want %s", got, two)
	}
	if uri := pb.TrafficStatuses[1].Uri; !strings.HasPrefix(uri, "https://candidate---courses-") {
		t.Errorf("URI of the tag: %s", uri)
	}
	for name, traffic := range map[string][]*runpb.TrafficTarget{
		"sum below 100":                 {{Type: byRevision, Revision: one, Percent: 99}},
		"sum above 100":                 {{Type: byRevision, Revision: one, Percent: 60}, {Type: latest, Percent: 60}},
		"negative":                      {{Type: byRevision, Revision: one, Percent: -1}, {Type: latest, Percent: 101}},
		"no type":                       {{Revision: one, Percent: 100}},
		"latest with a revision":        {{Type: latest, Revision: one, Percent: 100}},
		"revision without a name":       {{Type: byRevision, Percent: 100}},
		"a tag twice":                   {{Type: latest, Percent: 100, Tag: "a"}, {Type: byRevision, Revision: one, Tag: "a"}},
		"a bad tag":                     {{Type: latest, Percent: 100, Tag: "A_b"}},
		"a tag too long":                {{Type: latest, Percent: 100, Tag: strings.Repeat("a", 60)}},
		"neither a percent nor a tag":   {{Type: latest, Percent: 100}, {Type: byRevision, Revision: one}},
		"a percent of more than it all": {{Type: latest, Percent: 200}, {Type: byRevision, Revision: one, Percent: -100}},
	} {
		_, err := c.update(&runpb.Service{Traffic: traffic}, "traffic")
		wantCode(t, name, err, codes.InvalidArgument)
	}
	_, err = c.update(&runpb.Service{Traffic: []*runpb.TrafficTarget{{Type: byRevision, Revision: "courses-00009-xyz", Percent: 100}}}, "traffic")
	wantCode(t, "an unknown revision", err, codes.NotFound)
	if _, err := c.update(&runpb.Service{Traffic: []*runpb.TrafficTarget{
		{Type: byRevision, Revision: one, Percent: 25}, {Type: byRevision, Revision: two, Percent: 75},
	}}, "traffic"); err != nil {
		t.Fatal(err)
	}
	if got := c.server.Serving(service, ""); got[one] != 25 || got[two] != 75 {
		t.Errorf("split: %v", got)
	}
}

// A revision that fails to start gets no traffic, and the service keeps serving.
func TestFailedRevision(t *testing.T) {
	for name, failure := range map[string]error{"not found": run.ErrImageNotFound, "failed to start and listen": errors.New("exit code 1")} {
		c := start(t, run.Config{})
		one := id(c.create("image:1").LatestCreatedRevision)
		c.server.FailStarts(func(r *runpb.Revision) error {
			if r.Containers[0].Image == "image:bad" {
				return failure
			}
			return nil
		})
		_, err := c.update(&runpb.Service{Template: template("image:bad")}, "template")
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("deploying: %v, want an error with %q", err, name)
		}
		pb := c.get()
		if pb.TerminalCondition.State != runpb.Condition_CONDITION_FAILED || !strings.Contains(pb.TerminalCondition.Message, name) {
			t.Errorf("the service's condition: %v", pb.TerminalCondition)
		}
		if id(pb.LatestReadyRevision) != one || pb.LatestCreatedRevision == pb.LatestReadyRevision || c.serving("") != "map["+one+":100]" {
			t.Errorf("latest ready %s, serving %s", pb.LatestReadyRevision, c.serving(""))
		}
		_, err = c.update(&runpb.Service{Traffic: []*runpb.TrafficTarget{
			{Type: byRevision, Revision: id(pb.LatestCreatedRevision), Percent: 100},
		}}, "traffic")
		wantCode(t, "traffic to the failed revision", err, codes.FailedPrecondition)
		if c.serving("") != "map["+one+":100]" {
			t.Errorf("after moving traffic to the failed revision, %s serve", c.serving(""))
		}
		if pb, err := c.update(&runpb.Service{Template: template("image:3"), Traffic: []*runpb.TrafficTarget{{Type: latest, Percent: 100}}}, "template", "traffic"); err != nil ||
			c.serving("") != "map["+id(pb.LatestCreatedRevision)+":100]" {
			t.Errorf("a good revision afterwards: %v, serving %s", err, c.serving(""))
		}
	}
}

func TestEtags(t *testing.T) {
	c := start(t, run.Config{})
	old := c.create("image:1")
	if _, err := c.update(&runpb.Service{Description: "a", Etag: old.Etag}, "description"); err != nil {
		t.Fatal(err)
	}
	_, err := c.update(&runpb.Service{Description: "b", Etag: old.Etag}, "description")
	wantCode(t, "an old etag", err, codes.Aborted)
	if _, err := c.update(&runpb.Service{Description: "c"}, "description"); err != nil {
		t.Errorf("without an etag: %v", err)
	}
	_, err = c.services.DeleteService(t.Context(), &runpb.DeleteServiceRequest{Name: service, Etag: old.Etag})
	wantCode(t, "deleting with an old etag", err, codes.Aborted)
	if got := c.get().Description; got != "c" {
		t.Errorf("description %q", got)
	}
}

func TestValidateOnlyAndAllowMissing(t *testing.T) {
	c := start(t, run.Config{})
	request := &runpb.UpdateServiceRequest{Service: &runpb.Service{Name: service, Template: template("image:1")}}
	_, err := c.services.UpdateService(t.Context(), request)
	wantCode(t, "a missing service", err, codes.NotFound)
	request.AllowMissing, request.ValidateOnly = true, true
	if _, err := c.services.UpdateService(t.Context(), request); err != nil {
		t.Errorf("validate_only: %v", err)
	}
	_, err = c.services.GetService(t.Context(), &runpb.GetServiceRequest{Name: service})
	wantCode(t, "after validate_only", err, codes.NotFound)
	request.ValidateOnly = false
	if _, err := c.services.UpdateService(t.Context(), request); err != nil {
		t.Errorf("allow_missing: %v", err)
	}
	before := c.get()
	op, err := c.services.UpdateService(t.Context(), &runpb.UpdateServiceRequest{Service: before, ForceNewRevision: true})
	if err != nil {
		t.Fatal(err)
	}
	if after, err := op.Wait(t.Context()); err != nil || after.LatestCreatedRevision == before.LatestCreatedRevision {
		t.Errorf("force_new_revision: %v, %v", after.GetLatestCreatedRevision(), err)
	}
}

func TestInvalidServices(t *testing.T) {
	c := start(t, run.Config{})
	for name, change := range map[string]func(*runpb.Service){
		"no template":  func(s *runpb.Service) { s.Template = nil },
		"no container": func(s *runpb.Service) { s.Template.Containers = nil },
		"no image":     func(s *runpb.Service) { s.Template.Containers[0].Image = "" },
		"timeout":      func(s *runpb.Service) { s.Template.Timeout = durationpb.New(61 * time.Minute) },
		"concurrency":  func(s *runpb.Service) { s.Template.MaxInstanceRequestConcurrency = 1001 },
		"instances": func(s *runpb.Service) {
			s.Template.Scaling = &runpb.RevisionScaling{MinInstanceCount: 3, MaxInstanceCount: 2}
		},
		"reserved env":    func(s *runpb.Service) { s.Template.Containers[0].Env[0].Name = "PORT" },
		"env twice":       func(s *runpb.Service) { e := &s.Template.Containers[0].Env; *e = append(*e, (*e)[0]) },
		"reserved label":  func(s *runpb.Service) { s.Labels = map[string]string{"run.googleapis.com/x": "y"} },
		"description":     func(s *runpb.Service) { s.Description = strings.Repeat("가", 513) },
		"an unknown mode": func(s *runpb.Service) { s.BuildConfig = &runpb.BuildConfig{} },
	} {
		pb := &runpb.Service{Template: template("image:1")}
		change(pb)
		_, err := c.services.CreateService(t.Context(), &runpb.CreateServiceRequest{Parent: parent, ServiceId: "courses", Service: pb})
		wantCode(t, name, err, codes.InvalidArgument)
	}
	for _, name := range []string{"Courses", "1courses", "courses-", strings.Repeat("c", 50)} {
		_, err := c.services.CreateService(t.Context(), &runpb.CreateServiceRequest{Parent: parent, ServiceId: name, Service: &runpb.Service{Template: template("i")}})
		wantCode(t, name, err, codes.InvalidArgument)
	}
}

func TestDelete(t *testing.T) {
	c := start(t, run.Config{})
	first := c.create("image:1")
	_, err := c.revisions.DeleteRevision(t.Context(), &runpb.DeleteRevisionRequest{Name: first.LatestCreatedRevision})
	wantCode(t, "deleting the latest revision", err, codes.FailedPrecondition)
	if _, err := c.update(&runpb.Service{Template: template("image:2")}, "template"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.revisions.DeleteRevision(t.Context(), &runpb.DeleteRevisionRequest{Name: first.LatestCreatedRevision}); err != nil {
		t.Errorf("deleting a revision without traffic: %v", err)
	}
	_, err = c.revisions.GetRevision(t.Context(), &runpb.GetRevisionRequest{Name: first.LatestCreatedRevision})
	wantCode(t, "a deleted revision", err, codes.NotFound)
	op, err := c.services.DeleteService(t.Context(), &runpb.DeleteServiceRequest{Name: service})
	if err != nil {
		t.Fatal(err)
	}
	if pb, err := op.Wait(t.Context()); err != nil || pb.DeleteTime == nil {
		t.Errorf("deleting: %v, %v", pb, err)
	}
	_, err = c.services.GetService(t.Context(), &runpb.GetServiceRequest{Name: service})
	wantCode(t, "a deleted service", err, codes.NotFound)
}

func TestPolicy(t *testing.T) {
	c := start(t, run.Config{})
	c.create("image:1")
	policy, err := c.services.GetIamPolicy(t.Context(), &iampb.GetIamPolicyRequest{Resource: service})
	if err != nil || len(policy.Bindings) != 0 {
		t.Fatalf("the policy of a new service: %v, %v", policy, err)
	}
	old := proto.CloneOf(policy)
	policy.Bindings = []*iampb.Binding{{Role: "roles/run.invoker", Members: []string{"allUsers"}}}
	if _, err := c.services.SetIamPolicy(t.Context(), &iampb.SetIamPolicyRequest{Resource: service, Policy: policy}); err != nil {
		t.Fatal(err)
	}
	_, err = c.services.SetIamPolicy(t.Context(), &iampb.SetIamPolicyRequest{Resource: service, Policy: old})
	wantCode(t, "an old etag", err, codes.Aborted)
	got, err := c.services.GetIamPolicy(t.Context(), &iampb.GetIamPolicyRequest{Resource: service})
	if err != nil || len(got.Bindings) != 1 || got.Bindings[0].Members[0] != "allUsers" {
		t.Errorf("the policy: %v, %v", got, err)
	}
	may, err := c.services.TestIamPermissions(t.Context(), &iampb.TestIamPermissionsRequest{Resource: service, Permissions: []string{"run.services.get"}})
	if err != nil || len(may.Permissions) != 1 {
		t.Errorf("permissions: %v, %v", may, err)
	}
}

// Everything is there after a restart.
func TestRestart(t *testing.T) {
	dir := t.TempDir()
	c := start(t, run.Config{DataDir: dir})
	one := id(c.create("image:1").LatestCreatedRevision)
	if _, err := c.update(&runpb.Service{
		Template: template("image:2"), Traffic: []*runpb.TrafficTarget{{Type: byRevision, Revision: one, Percent: 100}},
	}, "template", "traffic"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.services.SetIamPolicy(t.Context(), &iampb.SetIamPolicyRequest{Resource: service, Policy: &iampb.Policy{
		Bindings: []*iampb.Binding{{Role: "roles/run.invoker", Members: []string{"allUsers"}}}}}); err != nil {
		t.Fatal(err)
	}
	before := c.server.Services()
	if err := c.server.Close(); err != nil {
		t.Fatal(err)
	}
	again := start(t, run.Config{DataDir: dir})
	after := again.server.Services()
	if len(after) != 1 || !proto.Equal(after[0].Service, before[0].Service) || len(after[0].Revisions) != 2 || !proto.Equal(after[0].Revisions[1], before[0].Revisions[1]) {
		t.Errorf("after a restart: %v, want %v", after, before)
	}
	policy, err := again.services.GetIamPolicy(t.Context(), &iampb.GetIamPolicyRequest{Resource: service})
	if err != nil || len(policy.Bindings) != 1 {
		t.Errorf("the policy after a restart: %v, %v", policy, err)
	}
}

func TestREST(t *testing.T) {
	c := start(t, run.Config{})
	call := func(method, path, body string, wantStatus int) string {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, c.rest+"/v2/"+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		if err != nil || response.StatusCode != wantStatus {
			t.Errorf("%s %s: %s, %v, %s, want %d", method, path, response.Status, err, text, wantStatus)
		}
		return strings.ReplaceAll(string(text), ": ", ":")
	}
	created := call("POST", parent+"/services?serviceId=courses", `{"template":{"containers":[{"image":"image:1"}]}}`, 200)
	operation := regexp.MustCompile(`"name":"(projects/[^"]*/operations/[^"]*)"`).FindStringSubmatch(created)
	if operation == nil {
		t.Fatalf("creating: %s", created)
	}
	if text := call("GET", operation[1], "", 200); !strings.Contains(text, `"done":true`) || !strings.Contains(text, "google.cloud.run.v2.Service") {
		t.Errorf("the operation: %s", text)
	}
	call("GET", parent+"/operations/none", "", 404)
	call("PATCH", service+"?updateMask=template", `{"template":{"containers":[{"image":"image:2"}]}}`, 200)
	call("PATCH", service, `{"etag":"\"1\"","template":{"containers":[{"image":"image:3"}]}}`, 409)
	if text := call("GET", service, "", 200); !strings.Contains(text, "image:2") {
		t.Errorf("the service: %s", text)
	}
	if text := call("GET", service+"/revisions", "", 200); strings.Count(text, `"service":`) != 2 {
		t.Errorf("the revisions: %s", text)
	}
	call("POST", service+":setIamPolicy", `{"policy":{"bindings":[{"role":"roles/run.invoker","members":["allUsers"]}]}}`, 200)
	if text := call("GET", service+":getIamPolicy", "", 200); !strings.Contains(text, "allUsers") {
		t.Errorf("the policy: %s", text)
	}
	call("DELETE", service, "", 200)
	call("GET", service, "", 404)
}
