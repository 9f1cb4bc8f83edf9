package doctor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/api/googleapi"
	"google.golang.org/api/option"
	htransport "google.golang.org/api/transport/http"

	"heek.kr/heektime/internal/deployment/spec"
)

// reader reads sources into a state.
type reader struct {
	*Options
	state *State
}

// newReader opens the credentials.
func newReader(ctx context.Context, o *Options) (*reader, error) {
	if o.Authorized == nil && o.Local {
		// the token that the local Authentication takes for an administrator's
		o.Authorized = &http.Client{Transport: bearer{anonymousClient().Transport, "owner"}}
	}
	if o.Authorized == nil {
		// A person's credentials have no project of their own: some APIs require one to count quota against.
		client, _, err := htransport.NewClient(ctx, option.WithScopes("https://www.googleapis.com/auth/cloud-platform"), option.WithQuotaProject(o.Project))
		if err != nil {
			return nil, fmt.Errorf("find credentials: %w; run gcloud auth application-default login", err)
		}
		o.Authorized = client
	}
	return &reader{o, &State{
		Enabled: map[string]bool{}, Keys: map[string][]string{}, Policies: map[spec.Resource]Policy{},
		Visits: map[visitKey]*Visit{}, GoVersions: map[string]string{}, Signatures: map[string]error{}, unread: map[sourceID]error{},
	}}, nil
}

// anonymousClient sends no credentials and follows no redirects.
func anonymousClient() *http.Client {
	return &http.Client{
		Transport:     &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true, TLSHandshakeTimeout: 10 * time.Second},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// options are those of a client of an API.
func (r *reader) options(api, path string) []option.ClientOption {
	opts := []option.ClientOption{option.WithHTTPClient(r.Authorized)}
	if base := r.Endpoints[api]; base != "" {
		opts = append(opts, option.WithEndpoint(base+path))
	}
	return opts
}

// parent is projects/P, location projects/P/locations/REGION.
func (r *reader) parent() string   { return "projects/" + r.Project }
func (r *reader) location() string { return r.Table.Location(r.Project) }

// database is the Firestore database's name.
func (r *reader) database() string { return r.parent() + "/databases/" + r.Database }

// policy stores a policy that was read. A resource that does not exist has none: another check
// reports it.
func (r *reader) policy(kind spec.ResourceKind, id string, policy any, err error) error {
	if isNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the policy of %s %s: %w", kind, id, err)
	}
	p, err := policyOf(policy)
	if err != nil {
		return err
	}
	r.state.mu.Lock()
	defer r.state.mu.Unlock()
	r.state.Policies[spec.Resource{Kind: kind, ID: id}] = p
	return nil
}

// isNotFound reports whether a resource does not exist.
func isNotFound(err error) bool {
	var response *googleapi.Error
	return errors.As(err, &response) && response.Code == http.StatusNotFound
}

// each calls read for each item, several at a time.
func each[T any](ctx context.Context, items []T, read func(ctx context.Context, item T) error) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(8)
	for _, item := range items {
		g.Go(func() error { return read(ctx, item) })
	}
	return g.Wait() // the errors say what was being read
}

// byID indexes resources by the last segment of their name.
func byID[T any](items []T, name func(T) string) map[string]T {
	all := map[string]T{}
	for _, item := range items {
		all[path.Base(name(item))] = item
	}
	return all
}
