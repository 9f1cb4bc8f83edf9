// Package identity issues the tokens by which services of the local cloud recognize their callers.
//
// In Google's cloud a request from Cloud Tasks or Cloud Scheduler, or from one Cloud Run service to another, carries an
// OpenID Connect ID token that Google signed for a service account. This package signs tokens of the
// same form with a key of its own, publishes the public key, and serves the metadata server from which
// Google's libraries get tokens in the cloud (they look for it at GCE_METADATA_HOST).
//
// A service verifies tokens exactly as in production; only the address of the keys differs. Nothing
// here is secret: the key lives as long as the process, and anyone who reaches the port gets a token.
package identity

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"heek.kr/heektime/emulator/clock"
)

// DefaultRegion is the region of a [Config] that names none: Seoul.
const DefaultRegion = "asia-northeast3"

// Config configures an [Identity].
type Config struct {
	Clock          *clock.Clock // required: for the times in tokens
	Project        string       // required: project id, such as "demo-heektime"
	ServiceAccount string       // required: email of the account that the metadata server calls "default"
	Region         string       // Google region, [DefaultRegion] when empty
}

// Identity signs tokens for service accounts and serves the key set and the metadata server.
// It is safe for concurrent use.
type Identity struct {
	cfg    Config
	issued issued
}

// New returns an Identity. The signing key is made for the first token: it takes a tenth of a second.
func New(cfg Config) (*Identity, error) {
	if cfg.Region == "" {
		cfg.Region = DefaultRegion
	}
	switch {
	case cfg.Clock == nil:
		return nil, errors.New("identity: Config.Clock is missing")
	case cfg.Project == "":
		return nil, errors.New("identity: Config.Project is missing")
	}
	if err := checkEmail(cfg.ServiceAccount); err != nil {
		return nil, fmt.Errorf("identity: Config.ServiceAccount: %w", err)
	}
	return &Identity{cfg: cfg}, nil
}

// As returns the same identity for a service that runs as another service account: only the account
// that the metadata server calls "default" differs. It fails if email is not an email address.
func (i *Identity) As(email string) (*Identity, error) {
	cfg := i.cfg
	cfg.ServiceAccount = email
	return New(cfg)
}

// IDToken returns a signed ID token of a service account for an audience, usually the URL of the
// service to call. It is a JWT of about 800 bytes, valid for at least half an hour by the cloud's clock: like Google's
// metadata server, it returns the same token again for a while.
func (i *Identity) IDToken(_ context.Context, serviceAccountEmail, audience string) (string, error) {
	if err := checkEmail(serviceAccountEmail); err != nil {
		return "", fmt.Errorf("sign an ID token: service account: %w", err)
	}
	if audience == "" {
		return "", fmt.Errorf("sign an ID token for %s: the audience is empty", serviceAccountEmail)
	}
	return i.issued.token(serviceAccountEmail, audience, i.cfg.Clock.Now())
}

// checkEmail returns an error if email cannot be a service account's. It rejects "/" because emails
// are path segments of the metadata server.
func checkEmail(email string) error {
	name, host, found := strings.Cut(email, "@")
	if !found || name == "" || host == "" || strings.ContainsAny(email, "/ \t\r\n") {
		return fmt.Errorf("%q is not an email address", email)
	}
	return nil
}
