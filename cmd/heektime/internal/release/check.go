package release

import (
	"context"
	"errors"
	"net/http"

	"heek.kr/heektime/cmd/heektime/internal/doctor"
	"heek.kr/heektime/internal/deployment/spec"
)

// HealthCheck checks a revision through its URL as "heektime doctor --url" does. GET /health is the one
// request that every service serves without doing anything: it responds once the service has read its
// settings and listens.
type HealthCheck struct {
	// Table is the deployment that the services are part of.
	Table *spec.Deployment
	// Client makes the requests; nil uses one of package doctor.
	Client *http.Client
	// Token returns an identity token with which a service that is not public can be called. If it is nil,
	// as in the local cloud, only the start of its revision has shown that such a service is healthy.
	Token func(ctx context.Context, s *spec.Service, audience string) (string, error)
	// Wait waits between two attempts; nil means two seconds.
	Wait func(ctx context.Context) error
}

// Check is a [Config.Check]. It repeats requests: a new tag takes a few seconds to be known everywhere.
func (h *HealthCheck) Check(ctx context.Context, s *spec.Service, uri, audience string) error {
	findings := doctor.CheckURL(ctx, doctor.URLOptions{
		URL: uri, Service: s.Name, Audience: audience, Table: h.Table, Client: h.Client, Token: h.Token, Wait: h.Wait,
	})
	var all []error
	for _, f := range findings {
		all = append(all, errors.New(f.What))
	}
	return errors.Join(all...)
}
