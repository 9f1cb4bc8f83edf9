package release_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"cloud.google.com/go/run/apiv2/runpb"

	"heek.kr/heektime/cmd/heektime/internal/release"
	"heek.kr/heektime/internal/deployment"
	"heek.kr/heektime/internal/deployment/spec"
)

func TestReleaseMovesTraffic(t *testing.T) {
	c := start(t)
	c.mustRelease(1, "courses", "refresh")
	c.wantServing("courses", image("courses", 1))
	c.wantServing("refresh", image("refresh", 1))
	c.wantServing("auth", placeholder)
	c.mustRelease(2, "courses")
	c.wantServing("courses", image("courses", 2))
	c.wantServing("refresh", image("refresh", 1))
}

// A release changes the image and the traffic, and nothing of what OpenTofu owns.
func TestReleaseChangesOnlyTheImage(t *testing.T) {
	c := start(t)
	before, err := c.run.GetService(t.Context(), &runpb.GetServiceRequest{Name: c.name("courses")})
	if err != nil {
		t.Fatal(err)
	}
	c.mustRelease(1, "courses")
	after, err := c.run.GetService(t.Context(), &runpb.GetServiceRequest{Name: c.name("courses")})
	if err != nil {
		t.Fatal(err)
	}
	if after.Template.Revision != "" {
		t.Errorf("the template names a revision, %s: the next apply would be rejected", after.Template.Revision)
	}
	before.Template.Containers[0].Image = image("courses", 1)
	if fmt.Sprint(after.Template) != fmt.Sprint(before.Template) || fmt.Sprint(after.Labels, after.CustomAudiences, after.Ingress) != fmt.Sprint(before.Labels, before.CustomAudiences, before.Ingress) {
		t.Errorf("after the release: %v\nbefore: %v", after, before)
	}
}

// Each service moves after those that it calls, and none before all are checked.
func TestOrder(t *testing.T) {
	c := start(t)
	var all []string
	for _, s := range deployment.Table().Services {
		all = append(all, s.Name)
	}
	r, out := c.releaser()
	if err := r.Release(t.Context(), nil, images(1, all...)); err != nil {
		t.Fatal(err)
	}
	at := func(text string) int {
		i := strings.Index(out.String(), text)
		if i < 0 {
			t.Fatalf("no %q in\n%s", text, out)
		}
		return i
	}
	firstMove := strings.Index(out.String(), "all traffic goes to")
	if lastCheck := strings.LastIndex(out.String(), "passed the check"); firstMove < lastCheck {
		t.Errorf("traffic moved before all candidates were checked:\n%s", out)
	}
	moves := out.String()[firstMove-len("courses        "):]
	if strings.Index(moves, "courses ") > strings.Index(moves, "refresh ") {
		t.Errorf("refresh moved before courses, which it calls:\n%s", moves)
	}
	at("compat-server")
}

func TestFailingCheckMovesNothing(t *testing.T) {
	c := start(t)
	c.mustRelease(1, "courses", "refresh")
	c.set(c.broken, image("refresh", 2), true)
	err := c.release(2, "courses", "refresh")
	wantError(t, err, "no traffic was moved", "refresh:", "responds 500")
	c.wantServing("courses", image("courses", 1))
	c.wantServing("refresh", image("refresh", 1))
	// The fault was elsewhere, and the same release succeeds.
	c.set(c.broken, image("refresh", 2), false)
	c.mustRelease(2, "courses", "refresh")
	c.wantServing("courses", image("courses", 2))
	c.wantServing("refresh", image("refresh", 2))
}

func TestRevisionThatDoesNotStart(t *testing.T) {
	c := start(t)
	c.mustRelease(1, "courses")
	c.set(c.unstarted, image("courses", 2), true)
	wantError(t, c.release(2, "courses"), "no traffic was moved", "did not become ready", "failed to start and listen", "exit code 1")
	c.wantServing("courses", image("courses", 1))
	// What was missing is there now: the same image gets a new revision.
	c.set(c.unstarted, image("courses", 2), false)
	c.mustRelease(2, "courses")
	c.wantServing("courses", image("courses", 2))
}

// The placeholder that OpenTofu creates a service with responds to every path, but is no service of ours.
func TestAnotherProgramFailsTheCheck(t *testing.T) {
	check := &release.HealthCheck{Table: deployment.Table(), Wait: noWait}
	hello := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "Hello") }))
	defer hello.Close()
	wantError(t, check.Check(t.Context(), service("auth"), hello.URL, ""), "another program")
}

func service(name string) *spec.Service {
	s, _ := deployment.Table().Service(name)
	return s
}

// A service that is not public is checked with a token, and must reject a call without one, and one with
// a token that nobody signed. A release checks what heektime doctor --url checks.
func TestPrivateServiceNeedsAToken(t *testing.T) {
	open, gullible := false, false
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token := r.Header.Get("Authorization")
		if !open && token != "Bearer token for https://courses" && !(gullible && token != "") {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		fmt.Fprint(w, `{"status":"ok"}`)
	}))
	defer server.Close()
	check := &release.HealthCheck{Table: deployment.Table(), Wait: noWait, Token: func(_ context.Context, _ *spec.Service, audience string) (string, error) {
		return "token for " + audience, nil
	}}
	if err := check.Check(t.Context(), service("courses"), server.URL, "https://courses"); err != nil {
		t.Error(err)
	}
	wantError(t, check.Check(t.Context(), service("courses"), server.URL, "https://other"), "responds 403")
	gullible = true
	wantError(t, check.Check(t.Context(), service("courses"), server.URL, "https://courses"), "a token that nobody signed")
	open = true
	wantError(t, check.Check(t.Context(), service("courses"), server.URL, "https://courses"), "a request without a token")
	if err := check.Check(t.Context(), service("auth"), server.URL, ""); err != nil {
		t.Errorf("a public service: %v", err)
	}
	check.Token = func(context.Context, *spec.Service, string) (string, error) { return "", errors.New("no role") }
	open, gullible = false, false
	wantError(t, check.Check(t.Context(), service("courses"), server.URL, "https://courses"), "no role")
}

// OpenTofu's changes reach users with the next release, also one without an image.
func TestReleaseOfASetting(t *testing.T) {
	c := start(t)
	r, _ := c.releaser()
	wantError(t, r.Release(t.Context(), []string{"courses"}, nil), "names no digest") // the placeholder
	c.mustRelease(1, "courses")
	old := fmt.Sprint(c.run.Serving(c.name("courses"), ""))
	c.apply("courses", "", "2")
	if got := fmt.Sprint(c.run.Serving(c.name("courses"), "")); got != old {
		t.Fatalf("an apply moved the traffic from %s to %s", old, got)
	}
	if err := r.Release(t.Context(), []string{"courses"}, nil); err != nil {
		t.Fatal(err)
	}
	c.wantServing("courses", image("courses", 1))
	if got := fmt.Sprint(c.run.Serving(c.name("courses"), "")); got == old {
		t.Error("the setting's revision has no traffic")
	}
}

func TestReleaseAgainChangesNothing(t *testing.T) {
	c := start(t)
	c.mustRelease(1, "courses", "refresh")
	before := fmt.Sprint(c.run.Services())
	c.mustRelease(1, "courses", "refresh")
	if after := fmt.Sprint(c.run.Services()); after != before {
		t.Errorf("releasing again: %s\nbefore: %s", after, before)
	}
}

// A release that is killed before any of its calls leaves a state that serves, and the next one finishes
// it. One rollback then undoes all of it.
func TestKilledAnywhere(t *testing.T) {
	errKilled := errors.New("killed")
	for killAt := 0; ; killAt++ {
		c := start(t)
		c.mustRelease(1, "courses", "refresh")
		calls, killed := 0, false
		var mu sync.Mutex
		c.onCall(func(string) error {
			mu.Lock()
			defer mu.Unlock()
			if calls++; calls > killAt {
				killed = true
				return errKilled
			}
			return nil
		})
		err := c.release(2, "courses", "refresh")
		c.onCall(nil)
		for _, s := range []string{"courses", "refresh"} {
			if got := c.image(s, ""); got != image(s, 1) && got != image(s, 2) {
				t.Errorf("killed before call %d: %s serves %q", killAt, s, got)
			}
		}
		if c.image("refresh", "") == image("refresh", 2) && c.image("courses", "") != image("courses", 2) {
			t.Errorf("killed before call %d: refresh moved before courses", killAt)
		}
		c.mustRelease(2, "courses", "refresh")
		c.wantServing("courses", image("courses", 2))
		c.wantServing("refresh", image("refresh", 2))
		if err := c.rollback(); err != nil {
			t.Errorf("killed before call %d: rollback: %v", killAt, err)
		}
		c.wantServing("courses", image("courses", 1))
		c.wantServing("refresh", image("refresh", 1))
		if t.Failed() || !killed {
			if killAt < 10 {
				t.Errorf("a release made only %d calls: %v", killAt, err)
			}
			return
		}
	}
}

// Of two releases at a time, whatever their order, one image ends up serving, and a release that did not
// get its image there fails.
func TestTwoAtOnce(t *testing.T) {
	for range 20 {
		c := start(t)
		c.mustRelease(1, "courses")
		errs := make([]error, 2)
		var both sync.WaitGroup
		for i := range errs {
			both.Go(func() { errs[i] = c.release(i+2, "courses") })
		}
		both.Wait()
		got := c.image("courses", "")
		at := slices.Index([]string{image("courses", 2), image("courses", 3)}, got)
		switch {
		case at < 0:
			t.Errorf("%q serves after %v", got, errs)
		case errs[at] != nil && errs[1-at] != nil:
			t.Logf("both failed after one had moved: %v", errs)
		case errs[at] != nil:
			t.Errorf("%s serves, but its release failed: %v", got, errs[at])
		}
	}
}

// A change by somebody else between reading and writing is seen.
func TestChangeInBetween(t *testing.T) {
	c := start(t)
	c.mustRelease(1, "courses")
	var once sync.Once
	c.onCall(func(method string) error {
		if method == "UpdateService" {
			once.Do(func() { c.apply("courses", "", "2") }) // the etag is old now
		}
		return nil
	})
	c.mustRelease(2, "courses")
	c.wantServing("courses", image("courses", 2))
	pb, err := c.run.GetService(t.Context(), &runpb.GetServiceRequest{Name: c.name("courses")})
	if err != nil || pb.Template.Containers[0].Env[0].GetValue() != "2" {
		t.Errorf("the setting of the apply in between is lost: %v, %v", pb, err)
	}
	// Somebody who changes it all the time is not waited for.
	n := 2
	c.onCall(func(method string) error {
		if method == "UpdateService" {
			n++
			c.apply("courses", "", fmt.Sprint(n))
		}
		return nil
	})
	wantError(t, c.release(3, "courses"), "somebody else is changing it")
}

func TestUnknownServices(t *testing.T) {
	c := start(t)
	wantError(t, c.release(1, "cources"), `no service "cources"`, "courses")
	if _, err := c.run.DeleteService(t.Context(), &runpb.DeleteServiceRequest{Name: c.name("auth")}); err != nil {
		t.Fatal(err)
	}
	wantError(t, c.release(1, "auth"), "auth:", "tofu apply")
}

// Tags that others have set stay.
func TestOtherTagsStay(t *testing.T) {
	c := start(t)
	c.mustRelease(1, "courses")
	pb, err := c.run.GetService(t.Context(), &runpb.GetServiceRequest{Name: c.name("courses")})
	if err != nil {
		t.Fatal(err)
	}
	pb.Traffic[0].Tag = "stable"
	if _, err := c.run.UpdateService(t.Context(), &runpb.UpdateServiceRequest{Service: pb}); err != nil {
		t.Fatal(err)
	}
	c.mustRelease(2, "courses")
	if got := c.image("courses", "stable"); got != image("courses", 1) {
		t.Errorf("the tag leads to %s", got)
	}
	if got := c.image("courses", "candidate"); got != image("courses", 2) && len(c.traffic("courses")) != 2 {
		t.Errorf("targets after the release: %v", c.traffic("courses"))
	}
}

func TestParseImages(t *testing.T) {
	digest := image("courses", 1)
	for _, text := range []string{
		fmt.Sprintf(`{"revision": "abc", "images": {"courses": %q}}`, digest),
		fmt.Sprintf(`{"courses": %q}`, digest),
	} {
		if got, err := release.ParseImages([]byte(text)); err != nil || len(got) != 1 || got["courses"] != digest {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{``, `[]`, `{}`, `{"images": {}}`, `{"courses": "host/courses:latest"}`, `{"courses": "host/courses@sha256:12"}`, `{"images": {"courses": 1}}`} {
		if got, err := release.ParseImages([]byte(text)); err == nil {
			t.Errorf("%s: %v, want an error", text, got)
		}
	}
	if s, i, err := release.ParseImage("courses=" + digest); err != nil || s != "courses" || i != digest {
		t.Errorf("SERVICE=IMAGE: %q, %q, %v", s, i, err)
	}
	for _, text := range []string{"courses", "=" + digest, "courses=host/courses:latest"} {
		if _, _, err := release.ParseImage(text); err == nil {
			t.Errorf("%s: no error", text)
		}
	}
}
