package release_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	gcrun "cloud.google.com/go/run/apiv2"
	"cloud.google.com/go/run/apiv2/runpb"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"heek.kr/heektime/cmd/heektime/internal/release"
	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/emulator/run"
	"heek.kr/heektime/internal/deployment"
)

const placeholder = "us-docker.pkg.dev/cloudrun/container/hello"

// cloud is a project with the table's services on a local Cloud Run, at whose URLs a front end responds as
// the revision does that is reached there.
type cloud struct {
	t        *testing.T
	run      *run.Server
	project  string
	services *gcrun.ServicesClient
	revs     *gcrun.RevisionsClient
	front    *httptest.Server
	now      time.Time

	mu         sync.Mutex
	broken     map[string]bool // images that do not pass the check
	unstarted  map[string]bool // images that do not start
	beforeCall func(method string) error
}

func start(t *testing.T) *cloud {
	t.Helper()
	local := emulatortest.Start(t)
	c := &cloud{
		t: t, run: local.Run, project: local.Project, now: time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC),
		broken: map[string]bool{}, unstarted: map[string]bool{},
	}
	c.front = httptest.NewServer(http.HandlerFunc(c.serve))
	t.Cleanup(c.front.Close)
	c.run.SetURI(func(service, tag string) string { return c.front.URL + "/" + service + "@" + tag })
	c.run.FailStarts(func(r *runpb.Revision) error {
		if c.is(c.unstarted, r.Containers[0].Image) {
			return fmt.Errorf("exit code 1")
		}
		return nil
	})
	conn, err := grpc.NewClient(local.TasksAddress(), grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithUnaryInterceptor(c.intercept))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if c.services, err = gcrun.NewServicesClient(t.Context(), option.WithGRPCConn(conn)); err != nil {
		t.Fatal(err)
	}
	if c.revs, err = gcrun.NewRevisionsClient(t.Context(), option.WithGRPCConn(conn)); err != nil {
		t.Fatal(err)
	}
	for _, s := range deployment.Table().Services {
		c.apply(s.Name, placeholder, "1")
	}
	return c
}

// intercept calls beforeCall before each call of the API.
func (c *cloud) intercept(ctx context.Context, method string, req, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	c.mu.Lock()
	before := c.beforeCall
	c.mu.Unlock()
	if before != nil {
		if err := before(method[strings.LastIndexByte(method, '/')+1:]); err != nil {
			return err
		}
	}
	return invoke(ctx, method, req, reply, conn, opts...)
}

func (c *cloud) onCall(f func(method string) error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.beforeCall = f
}

func (c *cloud) is(images map[string]bool, image string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return images[image]
}

// set marks an image in broken or unstarted.
func (c *cloud) set(images map[string]bool, image string, value bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	images[image] = value
}

func (c *cloud) name(service string) string {
	return deployment.Table().Location(c.project) + "/services/" + service
}

// apply does what OpenTofu does: it creates a service, or changes a setting.
func (c *cloud) apply(service, image, setting string) {
	c.t.Helper()
	if pb, err := c.run.GetService(c.t.Context(), &runpb.GetServiceRequest{Name: c.name(service)}); err == nil {
		image = pb.Template.Containers[0].Image // ignore_changes
	}
	_, err := c.run.UpdateService(c.t.Context(), &runpb.UpdateServiceRequest{AllowMissing: true, Service: &runpb.Service{
		Name: c.name(service), CustomAudiences: []string{"https://" + service},
		Annotations: c.annotations(service), Traffic: c.traffic(service),
		Template: &runpb.RevisionTemplate{ServiceAccount: service + "@x.iam.gserviceaccount.com", Containers: []*runpb.Container{{
			Image: image, Env: []*runpb.EnvVar{{Name: "SETTING", Values: &runpb.EnvVar_Value{Value: setting}}},
		}}},
	}})
	if err != nil {
		c.t.Fatal(err)
	}
}

func (c *cloud) annotations(service string) map[string]string {
	pb, _ := c.run.GetService(c.t.Context(), &runpb.GetServiceRequest{Name: c.name(service)})
	return pb.GetAnnotations()
}

func (c *cloud) traffic(service string) []*runpb.TrafficTarget {
	pb, _ := c.run.GetService(c.t.Context(), &runpb.GetServiceRequest{Name: c.name(service)})
	return pb.GetTraffic()
}

// serve is Google's front end: it leads /SERVICE@TAG/PATH to a revision.
func (c *cloud) serve(w http.ResponseWriter, r *http.Request) {
	before, path, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "@")
	tag, path, _ := strings.Cut(path, "/")
	image := c.image(before, tag)
	if path != "health" || image == "" || c.is(c.broken, image) {
		http.Error(w, "broken", http.StatusInternalServerError)
		return
	}
	if image == placeholder {
		io.WriteString(w, "<h1>Hello</h1>")
		return
	}
	io.WriteString(w, `{"status":"ok"}`)
}

// image returns the image of the revision with all traffic, or of that with the tag.
func (c *cloud) image(service, tag string) string {
	if !strings.Contains(service, "/") {
		service = c.name(service)
	}
	for id, percent := range c.run.Serving(service, tag) {
		for _, info := range c.run.Services() {
			for _, r := range info.Revisions {
				if r.Name == service+"/revisions/"+id && percent == 100 {
					return r.Containers[0].Image
				}
			}
		}
	}
	return ""
}

// image n of a service.
func image(service string, n int) string {
	return fmt.Sprintf("asia-northeast3-docker.pkg.dev/p/heektime/%s@sha256:%064x", service, n)
}

// images returns the nth images of services.
func images(n int, services ...string) map[string]string {
	all := map[string]string{}
	for _, s := range services {
		all[s] = image(s, n)
	}
	return all
}

func noWait(ctx context.Context) error { return ctx.Err() }

// releaser returns a Releaser, and what it prints.
func (c *cloud) releaser() (*release.Releaser, *bytes.Buffer) {
	c.t.Helper()
	out := &bytes.Buffer{}
	r, err := release.New(release.Config{
		Services: c.services, Revisions: c.revs, Project: c.project, Table: deployment.Table(), Out: out,
		Check: (&release.HealthCheck{Table: deployment.Table(), Client: c.front.Client(), Wait: noWait}).Check,
		Now:   func() time.Time { c.now = c.now.Add(time.Minute); return c.now },
		Wait:  noWait,
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return r, out
}

// release releases the nth images of services.
func (c *cloud) release(n int, services ...string) error {
	r, out := c.releaser()
	err := r.Release(c.t.Context(), services, images(n, services...))
	c.t.Logf("release %d of %v: %v\n%s", n, services, err, out)
	return err
}

func (c *cloud) mustRelease(n int, services ...string) {
	c.t.Helper()
	if err := c.release(n, services...); err != nil {
		c.t.Fatal(err)
	}
}

func (c *cloud) rollback(services ...string) error {
	r, out := c.releaser()
	err := r.Rollback(c.t.Context(), services)
	c.t.Logf("rollback of %v: %v\n%s", services, err, out)
	return err
}

// wantServing checks which image serves.
func (c *cloud) wantServing(service, want string) {
	c.t.Helper()
	if got := c.image(service, ""); got != want {
		c.t.Errorf("%s serves %s, want %s", service, got, want)
	}
}

func wantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("error %v, want one with %q", err, part)
		}
	}
}
