package doctor

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"heek.kr/heektime/internal/deployment"
	"heek.kr/heektime/internal/deployment/spec"
)

func TestServiceOfHost(t *testing.T) {
	table := deployment.Table()
	for host, want := range map[string]string{
		"auth-123456789012.asia-northeast3.run.app":            "auth",
		"v12---auth-123456789012.asia-northeast3.run.app":      "auth",
		"v12---compat-server-abcdefghij-du.a.run.app":          "compat-server",
		"courses-abcdefghij-du.a.run.app":                      "courses",
		"miner-abcdefghij-du.a.run.app":                        "",
		"authentic-abcdefghij-du.a.run.app":                    "",
		"auth-123456789012.asia-northeast3.run.app.example.kr": "",
		"heektime.kr": "",
	} {
		if got := serviceOfHost(host, table); got != want {
			t.Errorf("%s: %q, want %q", host, got, want)
		}
	}
}

// script responds to each request with the next of its responses, and then with the last.
type script struct {
	responses []int
	requests  int
	valid     string // the only good token
	body      string
}

func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	status := s.responses[min(s.requests, len(s.responses)-1)]
	s.requests++
	if s.valid != "" && r.Header.Get("Authorization") == "Bearer "+s.valid {
		status = http.StatusOK
	}
	if status == 0 {
		return nil, errors.New("connection refused")
	}
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(s.body)), Request: r}, nil
}

// TestCheckURL is long because of its table.
func TestCheckURL(t *testing.T) {
	const (
		public  = "https://v12---auth-123456789012.asia-northeast3.run.app"
		private = "https://v12---cleanup-123456789012.asia-northeast3.run.app/"
	)
	token := func(_ context.Context, _ *spec.Service, audience string) (string, error) {
		if want := "https://cleanup-123456789012.asia-northeast3.run.app"; audience != want {
			t.Errorf("a token for %s, want %s", audience, want)
		}
		return "good", nil
	}
	for name, c := range map[string]struct {
		url       string
		responses []int
		valid     string
		body      string
		token     func(context.Context, *spec.Service, string) (string, error)
		want      string
		requests  int
	}{
		"healthy":                    {url: public, responses: []int{200}, requests: 1},
		"healthy after a while":      {url: public, responses: []int{404, 0, 503, 200}, requests: 4},
		"never healthy":              {url: public, responses: []int{500}, want: "responds 500", requests: 5},
		"never known":                {url: public, responses: []int{404}, want: "responds 404", requests: 5},
		"unreachable":                {url: public, responses: []int{0}, want: "does not respond", requests: 5},
		"public but closed":          {url: public, responses: []int{403}, want: "responds 403", requests: 1},
		"closed":                     {url: private, responses: []int{403, 401}, requests: 2},
		"open":                       {url: private, responses: []int{200}, want: "without a token", requests: 2},
		"open for forged tokens":     {url: private, responses: []int{403, 200}, want: "with a token that nobody signed", requests: 2},
		"closed and healthy":         {url: private, responses: []int{403}, valid: "good", token: token, requests: 3},
		"closed for its callers too": {url: private, responses: []int{403}, token: token, want: "responds 403", requests: 3},
		"no token": {url: private, responses: []int{403}, want: "no identity token", requests: 2,
			token: func(context.Context, *spec.Service, string) (string, error) {
				return "", errors.New("not signed in")
			}},
		"another program":          {url: public, responses: []int{200}, body: "Hello", want: "is another program", requests: 1},
		"another program, private": {url: private, responses: []int{403}, valid: "good", token: token, body: "Hello", want: "is another program", requests: 3},
		"unknown":                  {url: "https://miner-abcdefghij-du.a.run.app", responses: []int{200}, want: "is not a service of the table"},
		"not a URL":                {url: "auth", responses: []int{200}, want: "is not the URL"},
		"local":                    {url: "http://127.0.0.1:8081", responses: []int{200}, requests: 1},
		"not the site":             {url: "https://heektime.kr", responses: []int{404}, want: "responds 404", requests: 5 + 9},
	} {
		t.Run(name, func(t *testing.T) {
			s := &script{responses: c.responses, valid: c.valid, body: cmp.Or(c.body, healthyBody)}
			o := URLOptions{
				URL: c.url, Table: deployment.Table(), Client: &http.Client{Transport: s}, Token: c.token, Attempts: 5,
				Wait: func(context.Context) error { return nil }, Now: testNow,
			}
			if name == "local" {
				o.Service = "cleanup"
			}
			files, err := ReadFiles(root + "firebase.json")
			if err != nil {
				t.Fatal(err)
			}
			o.Files = files
			var found []string
			for _, f := range CheckURL(t.Context(), o) {
				found = append(found, f.What)
				if f.Why == "" || f.Remedy == "" || f.Severity != Error {
					t.Errorf("finding is not complete: %+v", f)
				}
			}
			if all := strings.Join(found, "; "); (c.want == "") != (all == "") || !strings.Contains(all, c.want) {
				t.Errorf("found %q, want %q", all, c.want)
			}
			if s.requests != c.requests {
				t.Errorf("%d requests, want %d", s.requests, c.requests)
			}
		})
	}
}

func TestCheckURLOfSite(t *testing.T) {
	s := newStandIn(t)
	files := s.options(t).Files
	o := URLOptions{URL: "https://" + siteHost, Table: s.table, Files: files, Client: &http.Client{Transport: s.strangers}, Now: testNow}
	if f := CheckURL(t.Context(), o); len(f) > 0 {
		t.Errorf("a healthy site has findings: %+v", f)
	}
	local := o
	local.URL = "http://" + siteHost
	if f := CheckURL(t.Context(), local); len(f) > 0 {
		t.Errorf("a local site has findings: %+v", f)
	}
	s.strangers.expires = testNow().Add(time.Hour)
	if f := CheckURL(t.Context(), o); len(f) != 1 || !strings.Contains(f[0].What, "certificate") {
		t.Errorf("a certificate that ends in an hour: %+v", f)
	}
	o.URL = "https://auth-123456789012.asia-northeast3.run.app"
	if f := CheckURL(t.Context(), o); len(f) != 1 || !strings.Contains(f[0].What, "certificate") {
		t.Errorf("a service's certificate that ends in an hour: %+v", f)
	}
}
