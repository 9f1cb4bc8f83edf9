package main

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"

	"google.golang.org/api/option"
)

// deleteAtGoogle returns heektime user delete --now for a real project, with credentials that look
// valid, and a channel that reports the host of each request for another machine.
func deleteAtGoogle(t *testing.T, args ...string) (*exec.Cmd, <-chan string) {
	t.Helper()
	hosts := make(chan string, 100)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case hosts <- r.Host:
		default:
		}
		w.WriteHeader(http.StatusForbidden)
	}))
	t.Cleanup(proxy.Close)
	credentials := write(t, "credentials.json", `{"type": "authorized_user", "client_id": "c", "client_secret": "s", "refresh_token": "r"}`)
	cmd := heektime(t, append([]string{"user", "delete", "--now", "someone", "--project", "heektime-v3"}, args...)...)
	cmd.Env = append(cmd.Env, "HTTPS_PROXY="+proxy.URL, "https_proxy="+proxy.URL, "NO_PROXY=", "no_proxy=",
		"GOOGLE_APPLICATION_CREDENTIALS="+credentials)
	return cmd, hosts
}

// TestGoogleOnlyIfAskedFor checks that a project's name alone never makes a command call Google.
func TestGoogleOnlyIfAskedFor(t *testing.T) {
	cmd, hosts := deleteAtGoogle(t, "--config", ports(t))
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "heektime dev") || !strings.Contains(string(out), "--google --project heektime-v3") {
		t.Errorf("%v\n%s", err, out)
	}
	if len(hosts) > 0 {
		t.Errorf("called %s", <-hosts)
	}
}

func TestGoogleIfAskedFor(t *testing.T) {
	cmd, hosts := deleteAtGoogle(t, "--google")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case host := <-hosts:
		if name, _, err := net.SplitHostPort(host); err != nil || !strings.HasSuffix(name, ".googleapis.com") {
			t.Errorf("called %s", host)
		}
		cmd.Process.Kill()
		<-ended
	case err := <-ended:
		t.Errorf("ended without calling Google: %v", err)
	}
	if want := "Google Cloud, project heektime-v3, database (default)\n"; !strings.HasPrefix(stderr.String(), want) {
		t.Errorf("standard error is\n%s\nwant first %s", stderr.String(), want)
	}
}

// TestGoogleErrors checks the requests that could reach the wrong cloud.
func TestGoogleErrors(t *testing.T) {
	for _, c := range []struct {
		name     string
		variable string
		args     []string
		want     string
	}{
		{"no project", "", []string{"status", "--google"}, "--project"},
		{"invalid database", "", []string{"status", "--google", "--project", "heektime-v3", "--database", "a/b"}, `database "a/b"`},
		{"emulator's variable", "FIREBASE_AUTH_EMULATOR_HOST=127.0.0.1:9099", []string{"status", "--google", "--project", "heektime-v3"}, "FIREBASE_AUTH_EMULATOR_HOST"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cmd := heektime(t, c.args...)
			cmd.Env = append(cmd.Env, c.variable)
			out, err := cmd.CombinedOutput()
			if err == nil || !strings.Contains(string(out), c.want) {
				t.Errorf("%v, want %s\n%s", err, c.want, out)
			}
		})
	}
}

// The number is part of services' URLs: with it, heektime refresh --google needs no settings.
func TestProjectNumber(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v3/projects/heektime-1" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		io.WriteString(w, `{"name": "projects/123456789012", "projectId": "heektime-1"}`)
	}))
	defer server.Close()
	opts := []option.ClientOption{option.WithEndpoint(server.URL + "/"), option.WithHTTPClient(server.Client())}
	if got, err := projectNumber(t.Context(), "heektime-1", opts...); err != nil || got != "123456789012" {
		t.Errorf("number %q, %v", got, err)
	}
	if _, err := projectNumber(t.Context(), "another", opts...); err == nil || !strings.Contains(err.Error(), "number of project another") {
		t.Errorf("without permission: %v", err)
	}
}
