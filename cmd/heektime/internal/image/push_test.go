package image

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"heek.kr/heektime/internal/deployment/spec"
)

// assembled writes an image with a made-up binary, which takes no time to build.
func assembled(t *testing.T, revision string) (folder string) {
	t.Helper()
	dir, folder := t.TempDir(), t.TempDir()
	binary := filepath.Join(dir, "binary")
	if err := os.WriteFile(binary, []byte("binary"), 0o600); err != nil {
		t.Fatal(err)
	}
	b := &Builder{Compiler: &Compiler{Root: dir}, Revision: revision}
	image, err := b.assemble(&Program{Name: "courses", Files: []spec.File{{Source: "binary", Path: "/data/file"}}}, binary)
	if err != nil {
		t.Fatal(err)
	}
	if err := write(image, filepath.Join(dir, "layout"), filepath.Join(folder, "courses")); err != nil {
		t.Fatal(err)
	}
	return folder
}

func TestPush(t *testing.T) {
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	repository := strings.TrimPrefix(server.URL, "http://") + "/project/heektime"
	folder := assembled(t, revision)
	pusher := &Pusher{From: folder, Repository: repository, Tags: []string{"v1.2.3", "latest"}}
	pushed, err := pusher.Push(t.Context(), "courses")
	if err != nil {
		t.Fatal(err)
	}
	local := read(t, filepath.Join(folder, "courses"))
	digest, err := local.Digest()
	if err != nil {
		t.Fatal(err)
	}
	if want := (Pushed{Service: "courses", Revision: revision, Reference: repository + "/courses@" + digest.String()}); *pushed != want {
		t.Errorf("got %+v, want %+v", *pushed, want)
	}
	for _, reference := range []string{pushed.Reference, repository + "/courses:" + revision, repository + "/courses:v1.2.3", repository + "/courses:latest"} {
		ref, err := name.ParseReference(reference)
		if err != nil {
			t.Fatal(err)
		}
		image, err := remote.Image(ref)
		if err != nil {
			t.Fatal(err)
		}
		if err := validate.Image(image); err != nil {
			t.Errorf("%s: %v", reference, err)
		}
		if got, err := image.Digest(); err != nil || got != digest {
			t.Errorf("%s is %v, %v, want %v", reference, got, err, digest)
		}
	}
	if again, err := pusher.Push(t.Context(), "courses"); err != nil || *again != *pushed {
		t.Errorf("pushing again: %+v, %v", again, err)
	}
}

func TestPushFails(t *testing.T) {
	for _, c := range []struct{ folder, service, want string }{
		{t.TempDir(), "courses", "heektime image build courses"},
		{assembled(t, revision+dirty), "courses", "uncommitted changes"},
		{assembled(t, ""), "courses", "uncommitted changes"},
		{assembled(t, revision), "courses", "127.0.0.1:1"}, // nothing listens there
	} {
		_, err := (&Pusher{From: c.folder, Repository: "127.0.0.1:1/heektime"}).Push(t.Context(), c.service)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want an error with %q", err, c.want)
		}
	}
	folder := assembled(t, revision)
	if err := os.Rename(filepath.Join(folder, "courses"), filepath.Join(folder, "auth")); err != nil {
		t.Fatal(err)
	}
	if _, err := (&Pusher{From: folder, Repository: "127.0.0.1:1/heektime"}).Push(t.Context(), "auth"); err == nil || !strings.Contains(err.Error(), `of "courses"`) {
		t.Errorf("pushing the image of another service: %v", err)
	}
}

// A registry that knows its users gets one from the environment.
func TestPushAsUser(t *testing.T) {
	images := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "ann" || password != "secret" {
			w.Header().Set("WWW-Authenticate", `Basic realm="registry"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		images.ServeHTTP(w, r)
	}))
	defer server.Close()
	env := map[string]string{}
	pusher := &Pusher{From: assembled(t, revision), Repository: strings.TrimPrefix(server.URL, "http://") + "/ann"}
	if _, err := pusher.Push(t.Context(), "courses"); err == nil {
		t.Error("nobody in particular pushes")
	}
	env["REGISTRY_USER"], env["REGISTRY_PASSWORD"] = "ann", "secret"
	pusher.Auth = EnvironmentAuth(func(name string) string { return env[name] })
	if _, err := pusher.Push(t.Context(), "courses"); err != nil {
		t.Error(err)
	}
	delete(env, "REGISTRY_PASSWORD")
	if auth := EnvironmentAuth(func(name string) string { return env[name] }); auth != nil {
		t.Error("a user without a password")
	}
}
