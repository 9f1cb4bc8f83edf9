// Package identity says who the callers of the local cloud are.
//
// In Google's cloud a request from Cloud Tasks or Cloud Scheduler, or from one Cloud Run service to another, carries an
// OpenID Connect ID token that Google signed for a service account. This package signs tokens of the same shape with a
// key of its own, publishes that key where a verifier can be pointed to, and answers as the metadata server from which
// Google's libraries get tokens when they run in the cloud (they look for it at GCE_METADATA_HOST).
//
// A service checks tokens locally exactly as in production: only the address of the key set is another. Nothing here
// is a secret: the key lives as long as the process, and everybody who reaches the port can have a token.
package identity

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"heek.kr/heektime/emulator/clock"
)

// DefaultRegion is where the local cloud says it runs when [Config] names no region: Seoul.
const DefaultRegion = "asia-northeast3"

// Config is what an [Identity] needs to know.
type Config struct {
	Clock          *clock.Clock // required: when tokens are issued
	Project        string       // required: project id, such as "demo-heektime"
	ServiceAccount string       // required: e-mail of the account that the metadata server calls "default"
	Region         string       // Google region, [DefaultRegion] when empty
}

// Identity signs tokens for service accounts and serves the key set and the metadata server.
// It is safe for concurrent use.
type Identity struct {
	cfg Config
}

// New returns an Identity. It does not make the signing key yet: that costs a tenth of a second and is done when the
// first token is asked for.
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

// As returns the same cloud as a service with another service account sees it: only the account that the metadata
// server calls "default" differs. It fails when email is no e-mail address.
func (i *Identity) As(email string) (*Identity, error) {
	cfg := i.cfg
	cfg.ServiceAccount = email
	return New(cfg)
}

// IDToken returns a signed ID token (a JWT of about 800 bytes, valid for an hour by the cloud's clock) which says that
// its bearer is the service account with the given e-mail and that it is meant for audience, usually the URL of the
// service that is called.
func (i *Identity) IDToken(_ context.Context, serviceAccountEmail, audience string) (string, error) {
	if err := checkEmail(serviceAccountEmail); err != nil {
		return "", fmt.Errorf("signing an ID token: service account: %w", err)
	}
	if audience == "" {
		return "", fmt.Errorf("signing an ID token for %s: the audience is empty", serviceAccountEmail)
	}
	return sign(serviceAccountEmail, audience, i.cfg.Clock.Now())
}

// checkEmail refuses what can't be a service account's e-mail. It also keeps "/" out, since e-mails are path segments
// of the metadata server.
func checkEmail(email string) error {
	name, host, found := strings.Cut(email, "@")
	if !found || name == "" || host == "" || strings.ContainsAny(email, "/ \t\r\n") {
		return fmt.Errorf("%q is no e-mail address", email)
	}
	return nil
}
