package cleanup_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/internal/cleanup"
	"heek.kr/heektime/internal/environment"
)

// Open builds the whole service as main does, and finds the local cloud through the environment.
func TestOpen(t *testing.T) {
	cloud := emulatortest.Start(t)
	const scheduler = "heektime-scheduler@demo-test.iam.gserviceaccount.com"
	variables := cloud.Environment()
	for name, value := range variables {
		t.Setenv(name, value)
	}
	variables["LECTURES_BUCKET"], variables["OIDC_AUDIENCE"], variables["ALLOWED_CALLERS"] = cloud.Project, "https://cleanup.test", scheduler
	service, err := cleanup.Open(t.Context(), environment.Map(variables), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(service.Handler)
	defer srv.Close()
	for _, c := range []struct {
		method, path, account, audience string
		status                          int
		body                            string
	}{
		{"POST", "/purge", scheduler, "https://cleanup.test", 200, `"looked":0`},
		{"POST", "/sweep", scheduler, "https://cleanup.test", 200, `"whole":true`},
		{"POST", "/purge", "stranger@demo-test.iam.gserviceaccount.com", "https://cleanup.test", 403, ""},
		{"POST", "/sweep", scheduler, "https://other.test", 401, ""},
		{"GET", "/purge", scheduler, "https://cleanup.test", 405, ""},
		{"POST", "/", scheduler, "https://cleanup.test", 404, ""},
	} {
		token, err := cloud.Identity.IDToken(t.Context(), c.account, c.audience)
		if err != nil {
			t.Fatal(err)
		}
		r, err := http.NewRequestWithContext(t.Context(), c.method, srv.URL+c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+token)
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(response.Body)
		response.Body.Close()
		if response.StatusCode != c.status || !strings.Contains(string(body), c.body) {
			t.Errorf("%s %s as %s for %s: %d %s", c.method, c.path, c.account, c.audience, response.StatusCode, body)
		}
	}
	if err := service.Close(); err != nil {
		t.Error(err)
	}
}

// The error names each variable that is missing or malformed.
func TestOpenNamesBadVariables(t *testing.T) {
	good := map[string]string{"GOOGLE_CLOUD_PROJECT": "demo-test", "LECTURES_BUCKET": "b", "OIDC_AUDIENCE": "a", "ALLOWED_CALLERS": "c"}
	for name, value := range map[string]string{
		"GOOGLE_CLOUD_PROJECT": "", "LECTURES_BUCKET": "", "OIDC_AUDIENCE": "", "ALLOWED_CALLERS": "", "SWEEP_OPERATIONS": "many",
	} {
		variables := map[string]string{name: value}
		for k, v := range good {
			if k != name {
				variables[k] = v
			}
		}
		if _, err := cleanup.Open(t.Context(), environment.Map(variables), slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s=%q: %v", name, value, err)
		}
	}
}
