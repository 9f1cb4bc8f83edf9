package main

import (
	"encoding/json"
	"flag"
	"io"
	"log"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"

	"heek.kr/heektime/cmd/heektime/internal/image"
	"heek.kr/heektime/internal/deployment"
)

// writeImage writes an empty image of a service, as of a commit.
func writeImage(t *testing.T, folder, service, revision string) {
	t.Helper()
	labels := map[string]string{"org.opencontainers.image.title": service, "org.opencontainers.image.revision": revision}
	one, err := mutate.Config(empty.Image, v1.Config{Labels: labels})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := layout.Write(filepath.Join(folder, service), mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: one})); err != nil {
		t.Fatal(err)
	}
}

// The output of heektime image push is the input of a release: one commit, and a digest for each service.
func TestPushPrintsDigests(t *testing.T) {
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	folder := t.TempDir()
	pusher := &image.Pusher{From: folder, Repository: strings.TrimPrefix(server.URL, "http://") + "/heektime"}
	services := []image.Program{{Name: "auth"}, {Name: "courses"}}
	for _, s := range services {
		writeImage(t, folder, s.Name, "c0ffee")
	}
	var out strings.Builder
	if err := pushEach(t.Context(), pusher, services, &out); err != nil {
		t.Fatal(err)
	}
	var got pushedImages
	if err := json.Unmarshal([]byte(out.String()), &got); err != nil {
		t.Fatal(err)
	}
	if got.Revision != "c0ffee" || len(got.Images) != 2 {
		t.Errorf("printed %s", out.String())
	}
	for service, reference := range got.Images {
		if !strings.HasPrefix(reference, pusher.Repository+"/"+service+"@sha256:") {
			t.Errorf("image of %s: %s", service, reference)
		}
	}

	writeImage(t, folder, "courses", "decaf")
	out.Reset()
	err := pushEach(t.Context(), pusher, services, &out)
	if err == nil || !strings.Contains(err.Error(), "decaf") || out.Len() > 0 {
		t.Errorf("images of two commits: %v, printed %q", err, out.String())
	}
}

func TestImageArguments(t *testing.T) {
	parsed := func(args ...string) (int, error) {
		services, err := parsePrograms(flag.NewFlagSet("image build", flag.ContinueOnError), args)
		return len(services), err
	}
	if n, err := parsed("--all"); err != nil || n != len(deployment.Table().Services) {
		t.Errorf("--all: %d services, %v", n, err)
	}
	for _, name := range []string{"courses", "localcloud", "firestore"} {
		if n, err := parsed(name); err != nil || n != 1 {
			t.Errorf("%s: %d programs, %v", name, n, err)
		}
	}
	for _, args := range [][]string{{}, {"nosuch"}, {"courses", "auth"}, {"--all", "courses"}, {"--all=false"}} {
		if _, err := parsed(args...); err == nil {
			t.Errorf("%q is accepted", args)
		}
	}
	for _, args := range [][]string{
		{}, {"pull"}, {"push", "--all"}, {"push", "--all", "--google"}, {"push", "--all", "--google", "--project", "p", "--registry", "r"},
	} {
		if err := imageCommand(t.Context(), args); err == nil {
			t.Errorf("image %q is accepted", args)
		}
	}
}
