package local

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"

	"heek.kr/heektime/emulator/billing"
	"heek.kr/heektime/emulator/iam"
	"heek.kr/heektime/internal/deployment"
	"heek.kr/heektime/internal/deployment/spec"
	"heek.kr/heektime/internal/environment"
	"heek.kr/heektime/internal/server"
)

// policy returns the roles of the table's service accounts.
func policy(d *spec.Deployment, cfg Config) (*iam.Policy, error) {
	p := iam.NewPolicy(cfg.Project)
	grants := cfg.Grants
	if grants == nil {
		grants = d.Grants()
	}
	for _, g := range grants {
		b := Binding(d, p, cfg, g)
		if err := p.Grant(b.Account, b.Role, b.Resource); err != nil {
			return nil, fmt.Errorf("roles of %s: %w", g.Account, err)
		}
	}
	return p, nil
}

// Binding returns the binding of a local cloud that a grant of the table stands for.
func Binding(d *spec.Deployment, p *iam.Policy, cfg Config, g spec.AccountGrant) iam.Binding {
	b := iam.Binding{Account: spec.Email(cfg.Project, g.Account), Role: g.Role}
	switch g.On.Kind {
	case spec.OnProject:
		b.Resource = p.Project()
	case spec.OnBucket:
		b.Resource = p.Bucket(d.BucketName(g.On.ID, spec.Place{
			Project: cfg.Project, Buckets: map[string]string{deployment.ListsBucket: cfg.Bucket},
		}))
	case spec.OnQueue:
		b.Resource = p.Queue(d.Region, g.On.ID)
	case spec.OnService:
		b.Resource = p.Service(d.Region, g.On.ID)
	case spec.OnAccount:
		b.Resource = p.ServiceAccount(spec.Email(cfg.Project, g.On.ID))
	case spec.OnSecret:
		b.Resource = p.Secret(g.On.ID)
	}
	return b
}

// openAs opens a service whose clients call the local cloud as the service's own account. They read the
// process's environment when they open, so services open one after the other. Google's library for the
// metadata server reads it later: all services share that of [metadataAccount].
func (b *Backend) openAs(ctx context.Context, cfg Config, name string, env map[string]string, open server.Open, log *slog.Logger) (_ *server.Service, err error) {
	s, ok := b.deployment.Service(name)
	if !ok {
		return nil, errors.New("the deployment table does not have it")
	}
	account := spec.Email(cfg.Project, s.Account)
	if err := b.checkSecrets(s, account); err != nil {
		return nil, err
	}
	own, err := b.Cloud.EnvironmentAs(account)
	if err != nil {
		return nil, err
	}
	setAll(own)
	defer setAll(b.Cloud.Environment())
	return open(ctx, environment.Map(env), log)
}

// checkSecrets does what Cloud Run does before it starts an instance: the service's account reads the
// secrets in its variables.
//
// Source: https://cloud.google.com/run/docs/configuring/services/secrets
func (b *Backend) checkSecrets(s *spec.Service, account string) error {
	for _, v := range s.Environment {
		if v.Value.Kind != spec.KindSecret {
			continue
		}
		need := iam.Need{Permission: "secretmanager.versions.access", Resource: b.Cloud.IAM.Secret(v.Value.Text)}
		if err := b.Cloud.IAM.Check(account, need); err != nil {
			return fmt.Errorf("variable %s: %w", v.Name, err)
		}
		b.Cloud.Meter.Add(billing.SecretAccesses, billing.Cause{Service: s.Name, Action: "start", Collection: v.Value.Text}, 1)
	}
	return nil
}

// front returns what is in front of a service: the cloud's guard against foreign web pages, and for a
// service that is not public the check of callers by Cloud Run. address is where the service listens.
func (b *Backend) front(name, address string) func(http.Handler) http.Handler {
	s, ok := b.deployment.Service(name)
	return func(next http.Handler) http.Handler {
		if ok && !s.Public {
			next = b.Cloud.Invokers(b.Cloud.IAM.Service(b.deployment.Region, name), next, b.URLs[name])
		}
		return b.Cloud.Guard(next, address)
	}
}

// setAll sets environment variables of this process.
func setAll(variables map[string]string) {
	for name, value := range variables {
		os.Setenv(name, value)
	}
}
