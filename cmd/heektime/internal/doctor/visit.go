package doctor

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// healthPath is served by every service. (Google's front end keeps paths that end in z.)
const healthPath = "/health"

// serviceURL is a service's base URL, "" if it cannot be known.
func (r *reader) serviceURL(name string) string { return serviceURL(r.Options, r.state, name) }

func serviceURL(o *Options, state *State, name string) string {
	if url := o.URLs[name]; url != "" || o.Local || state.Project == nil {
		return url
	}
	return o.Table.RunURL(name, state.number())
}

// number is the project's number.
func (s *State) number() string { return strings.TrimPrefix(s.Project.Name, "projects/") }

// readVisits requests what a stranger could request. A failed request is a result, not an error.
func readVisits(ctx context.Context, r *reader) error {
	urls := map[visitKey]string{}
	for _, s := range r.Table.Services {
		base := r.serviceURL(s.Name)
		if base == "" {
			continue
		}
		for _, forged := range []bool{false, true} {
			urls[visitKey{s.Name, healthPath, forged}] = base + healthPath
		}
	}
	if !r.Local {
		for _, path := range append([]string{"/"}, r.Files.rewrites()...) {
			urls[visitKey{Path: path}] = r.SiteURL + path
		}
	}
	return each(ctx, slices.Collect(maps.Keys(urls)), func(ctx context.Context, key visitKey) error {
		token := ""
		if key.Forged {
			token = forgedToken(strings.TrimSuffix(urls[key], healthPath))
		}
		v := visit(ctx, r.Anonymous, urls[key], token)
		r.state.mu.Lock()
		defer r.state.mu.Unlock()
		r.state.Visits[key] = v
		return nil
	})
}

// visit requests a URL, with a token unless it is empty.
func visit(ctx context.Context, client *http.Client, url, token string) *Visit {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return &Visit{Err: err}
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := client.Do(request)
	if err != nil {
		return &Visit{Err: err}
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<16))
	if err != nil {
		return &Visit{Err: err}
	}
	v := &Visit{Status: response.StatusCode, Body: body, ContentType: response.Header.Get("Content-Type"), Header: map[string]string{}}
	for name := range response.Header {
		v.Header[name] = response.Header.Get(name)
	}
	if response.TLS != nil && len(response.TLS.PeerCertificates) > 0 {
		v.Expires = response.TLS.PeerCertificates[0].NotAfter
	}
	return v
}

// forgedToken returns an identity token that nobody signed, for any caller of a service. Only a service
// that believes unsigned tokens accepts it.
func forgedToken(audience string) string {
	part := func(claims map[string]any) string {
		data, _ := json.Marshal(claims) // strings and numbers always encode
		return base64.RawURLEncoding.EncodeToString(data)
	}
	return part(map[string]any{"alg": "none", "typ": "JWT"}) + "." + part(map[string]any{
		"iss": "https://accounts.google.com", "aud": audience, "sub": "1", "email": "doctor@example.com", "email_verified": true,
		"exp": time.Now().Add(time.Hour).Unix(),
	}) + "."
}

// readGoReleases reads which releases of Go are supported: the newest of the two newest versions.
//
// Source: https://go.dev/dl/?mode=json, described at https://pkg.go.dev/golang.org/x/website/internal/dl
func readGoReleases(ctx context.Context, r *reader) error {
	base := r.Endpoints[goReleasesHost]
	if base == "" {
		base = "https://" + goReleasesHost
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/dl/?mode=json", nil)
	if err != nil {
		return fmt.Errorf("list Go's releases: %w", err)
	}
	response, err := r.Anonymous.Do(request)
	if err != nil {
		return fmt.Errorf("list Go's releases: %w", err)
	}
	defer response.Body.Close()
	var releases []struct {
		Version string `json:"version"`
		Stable  bool   `json:"stable"`
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("list Go's releases: %s", response.Status)
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, 1<<20)).Decode(&releases); err != nil {
		return fmt.Errorf("decode Go's releases: %w", err)
	}
	for _, release := range releases {
		if release.Stable {
			r.state.GoReleases = append(r.state.GoReleases, release.Version)
		}
	}
	if len(r.state.GoReleases) == 0 {
		return fmt.Errorf("list Go's releases: %s lists none", base)
	}
	return nil
}
