package identity_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/compute/metadata"
	"github.com/coreos/go-oidc/v3/oidc"
	"google.golang.org/api/idtoken"

	"heek.kr/heektime/emulator/clock"
	"heek.kr/heektime/emulator/identity"
)

const (
	project  = "demo-heektime"
	account  = "refresh@demo-heektime.iam.gserviceaccount.com"
	audience = "https://refresh-abc.a.run.app"
)

// start serves an identity on a port of its own and points Google's libraries to it.
func start(t *testing.T) (*identity.Identity, *clock.Clock, string) {
	t.Helper()
	c := clock.New()
	id, err := identity.New(identity.Config{Clock: c, Project: project, ServiceAccount: account})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(id.Handler())
	t.Cleanup(server.Close)
	t.Setenv("GCE_METADATA_HOST", strings.TrimPrefix(server.URL, "http://"))
	// The libraries would prefer the developer's own credentials.
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", "")
	t.Setenv("HOME", t.TempDir())
	t.Setenv("APPDATA", t.TempDir())
	return id, c, server.URL
}

func verifier(url string, now func() time.Time) *oidc.IDTokenVerifier {
	keys := oidc.NewRemoteKeySet(context.Background(), url+identity.CertsPath)
	return oidc.NewVerifier(identity.Issuer, keys, &oidc.Config{ClientID: audience, Now: now})
}

func TestIDTokenIsVerifiedByKeySet(t *testing.T) {
	id, c, url := start(t)
	token, err := id.IDToken(t.Context(), account, audience)
	if err != nil {
		t.Fatal(err)
	}
	verified, err := verifier(url, c.Now).Verify(t.Context(), token)
	if err != nil {
		t.Fatalf("the token does not verify: %v", err)
	}
	var got struct {
		Email    string `json:"email"`
		Verified bool   `json:"email_verified"`
		Azp      string `json:"azp"`
		Aud      string `json:"aud"` // a string, not a list
	}
	if err := verified.Claims(&got); err != nil {
		t.Fatal(err)
	}
	if got.Email != account || !got.Verified || got.Aud != audience {
		t.Errorf("claims %+v, want the e-mail %s, verified, for %s", got, account, audience)
	}
	if len(verified.Subject) != 21 || got.Azp != verified.Subject {
		t.Errorf("sub %q, azp %q; want the same 21 digits", verified.Subject, got.Azp)
	}
	if life := verified.Expiry.Sub(verified.IssuedAt); life != time.Hour {
		t.Errorf("the token lives for %v, want 1h", life)
	}
}

// A token is issued again while half of its lifetime is left, and never when the clock is elsewhere.
func TestIDTokenIsReused(t *testing.T) {
	id, c, url := start(t)
	issue := func(account, audience string) string {
		t.Helper()
		token, err := id.IDToken(t.Context(), account, audience)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	first := issue(account, audience)
	c.Advance(29 * time.Minute)
	if issue(account, audience) != first {
		t.Error("after 29 minutes, the token is another one")
	}
	if issue(account, "https://other.a.run.app") == first || issue("cleanup@demo-heektime.iam.gserviceaccount.com", audience) == first {
		t.Error("another audience or account has the same token")
	}
	c.Advance(2 * time.Minute)
	second := issue(account, audience)
	if second == first {
		t.Error("after 31 minutes, the token is still the same")
	}
	c.Advance(29 * time.Minute)
	if _, err := verifier(url, c.Now).Verify(t.Context(), second); err != nil {
		t.Errorf("the second token, 29 minutes old: %v", err)
	}
}

func TestVerifierRefuses(t *testing.T) {
	id, c, url := start(t)
	good, err := id.IDToken(t.Context(), account, audience)
	if err != nil {
		t.Fatal(err)
	}
	other, err := id.IDToken(t.Context(), account, "https://other.a.run.app")
	if err != nil {
		t.Fatal(err)
	}
	head, rest, _ := strings.Cut(good, ".")
	payload, signature, _ := strings.Cut(rest, ".")
	forged := head + "." + payload[:len(payload)-4] + "AAAA." + signature
	for name, token := range map[string]string{"another audience": other, "changed payload": forged} {
		if _, err := verifier(url, c.Now).Verify(t.Context(), token); err == nil {
			t.Errorf("%s: the token verifies", name)
		}
	}
	c.Advance(61 * time.Minute)
	if _, err := verifier(url, c.Now).Verify(t.Context(), good); err == nil {
		t.Error("the token verifies after 61 minutes")
	}
	fresh, err := id.IDToken(t.Context(), account, audience)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := verifier(url, c.Now).Verify(t.Context(), fresh); err != nil {
		t.Errorf("a token made after the clock advanced does not verify: %v", err)
	}
}

func TestIDTokenRefusesBadInput(t *testing.T) {
	id, _, _ := start(t)
	for _, bad := range []struct{ account, audience string }{{"", audience}, {"nobody", audience}, {"a/b@c", audience}, {account, ""}} {
		if token, err := id.IDToken(t.Context(), bad.account, bad.audience); err == nil {
			t.Errorf("account %q, audience %q: got token %q", bad.account, bad.audience, token)
		}
	}
}

func TestGoogleLibrariesGetTokensFromMetadata(t *testing.T) {
	_, c, url := start(t)
	source, err := idtoken.NewTokenSource(t.Context(), audience)
	if err != nil {
		t.Fatal(err)
	}
	token, err := source.Token()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := verifier(url, c.Now).Verify(t.Context(), token.AccessToken); err != nil {
		t.Errorf("the library's token does not verify: %v", err)
	}
}

func TestMetadata(t *testing.T) {
	start(t)
	client := metadata.NewClient(http.DefaultClient)
	for path, want := range map[string]string{
		"project/project-id":                                      project,
		"instance/service-accounts/":                              "default/\n" + account + "/\n",
		"instance/service-accounts/default/email":                 account,
		"instance/service-accounts/" + account + "/email":         account,
		"instance/service-accounts/default/aliases":               "default\n",
		"universe/universe-domain":                                "googleapis.com",
		"instance/service-accounts/default/?recursive=true":       `{"aliases":["default"],"email":"` + account + `","scopes":["https://www.googleapis.com/auth/cloud-platform","https://www.googleapis.com/auth/userinfo.email"]}`,
		"instance/service-accounts/" + account + "/?recursive=no": "aliases\nemail\nidentity\nscopes\ntoken\n",
	} {
		if got, err := client.GetWithContext(t.Context(), path); err != nil || got != want {
			t.Errorf("%s: got %q, %v; want %q", path, got, err, want)
		}
	}
	number, err := client.NumericProjectIDWithContext(t.Context())
	if err != nil || len(number) != 12 {
		t.Errorf("numeric project id %q, %v; want 12 digits", number, err)
	}
	if region, err := client.GetWithContext(t.Context(), "instance/region"); err != nil || region != "projects/"+number+"/regions/"+identity.DefaultRegion {
		t.Errorf("region %q, %v", region, err)
	}
	if zone, err := client.ZoneWithContext(t.Context()); err != nil || zone != identity.DefaultRegion+"-1" {
		t.Errorf("zone %q, %v", zone, err)
	}
	if got, err := client.ScopesWithContext(t.Context(), ""); err != nil || len(got) != 2 {
		t.Errorf("scopes %q, %v; want two", got, err)
	}
	if got, err := client.InstanceIDWithContext(t.Context()); err != nil || got == "" {
		t.Errorf("instance id %q, %v", got, err)
	}
	for _, path := range []string{"instance/service-accounts/other@x.example/email", "instance/attributes/", "nothing"} {
		got, err := client.GetWithContext(t.Context(), path)
		if _, missing := err.(metadata.NotDefinedError); !missing {
			t.Errorf("%s: got %q, %v; want that it is not defined", path, got, err)
		}
	}
}

func TestMetadataAsksForFlavor(t *testing.T) {
	_, _, url := start(t)
	tests := []struct {
		name, path string
		header     http.Header
		want       int
	}{
		{"root needs no header", "/", nil, http.StatusOK},
		{"no header", "/computeMetadata/v1/project/project-id", nil, http.StatusForbidden},
		{"no header, token", "/computeMetadata/v1/instance/service-accounts/default/token", nil, http.StatusForbidden},
		{"forwarded", "/computeMetadata/v1/project/project-id", http.Header{"Metadata-Flavor": {"Google"}, "X-Forwarded-For": {"1.2.3.4"}}, http.StatusForbidden},
		{"with header", "/computeMetadata/v1/", http.Header{"Metadata-Flavor": {"Google"}}, http.StatusOK},
		{"the probe of Google's library for Node", "/computeMetadata/v1/instance", http.Header{"Metadata-Flavor": {"Google"}}, http.StatusOK},
		{"access token", "/computeMetadata/v1/instance/service-accounts/default/token", http.Header{"Metadata-Flavor": {"Google"}}, http.StatusOK},
		{"no audience", "/computeMetadata/v1/instance/service-accounts/default/identity", http.Header{"Metadata-Flavor": {"Google"}}, http.StatusBadRequest},
	}
	for _, test := range tests {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+test.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header = test.header
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(response.Body)
		response.Body.Close()
		if response.StatusCode != test.want {
			t.Errorf("%s: status %d, want %d; body %q", test.name, response.StatusCode, test.want, body)
		}
		if response.StatusCode == http.StatusOK && response.Header.Get("Metadata-Flavor") != "Google" {
			t.Errorf("%s: the response lacks Metadata-Flavor: Google", test.name)
		}
	}
}

func TestEveryServiceHasItsOwnAccount(t *testing.T) {
	id, _, _ := start(t)
	const other = "courses@demo-heektime.iam.gserviceaccount.com"
	courses, err := id.As(other)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(courses.Handler())
	defer server.Close()
	t.Setenv("GCE_METADATA_HOST", strings.TrimPrefix(server.URL, "http://"))
	if got, err := metadata.NewClient(http.DefaultClient).EmailWithContext(t.Context(), ""); err != nil || got != other {
		t.Errorf("default account %q, %v; want %q", got, err, other)
	}
}

func TestNewNamesWhatIsMissing(t *testing.T) {
	full := identity.Config{Clock: clock.New(), Project: project, ServiceAccount: account}
	for name, remove := range map[string]func(*identity.Config){
		"Clock":          func(c *identity.Config) { c.Clock = nil },
		"Project":        func(c *identity.Config) { c.Project = "" },
		"ServiceAccount": func(c *identity.Config) { c.ServiceAccount = "" },
	} {
		cfg := full
		remove(&cfg)
		if _, err := identity.New(cfg); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("without %s: error %v, want one that names it", name, err)
		}
	}
}
