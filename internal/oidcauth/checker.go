// Package oidcauth authenticates callers of a service by Google's OpenID Connect tokens, which
// Cloud Scheduler, Cloud Tasks, Eventarc and other Cloud Run services send.
//
// The check is the same everywhere and cannot be disabled. The local cloud signs tokens of the
// same form; only the URL of the public keys differs.
package oidcauth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"heek.kr/heektime/internal/environment"
)

// Google's issuer and the URL of its public keys.
//
// Source: https://accounts.google.com/.well-known/openid-configuration
const (
	issuer   = "https://accounts.google.com"
	certsURL = "https://www.googleapis.com/oauth2/v3/certs"
)

var (
	// ErrUnauthenticated rejects a call without a token, or with a token that is forged, expired or
	// made for another audience.
	ErrUnauthenticated = errors.New("caller is not authenticated")
	// ErrForbidden rejects a call with a valid token of an account that is not allowed to call.
	ErrForbidden = errors.New("caller may not call this service")
)

// Config says which callers are allowed.
type Config struct {
	// Audience of valid tokens: the service's own base URL.
	Audience string
	// Allowed are the e-mail addresses of the service accounts that may call.
	Allowed []string
	// CertsURL is the URL of the issuer's public keys. If empty, it is Google's.
	CertsURL string
	// CheckedByIAM means that Cloud Run authenticates callers before they reach the service. Cloud Run
	// then removes the signature from their tokens, so that nobody can reuse them. The service still
	// checks audience, expiry and caller.
	//
	// Never set it for a public service: anyone could forge such a token.
	//
	// Source: https://cloud.google.com/run/docs/troubleshooting#signature-removed
	CheckedByIAM bool
}

// FromEnvironment reads the config from OIDC_AUDIENCE, ALLOWED_CALLERS, CALLERS_CHECKED_BY_IAM and,
// in the local cloud, OIDC_CERTS_URL.
func FromEnvironment(env *environment.Variables) Config {
	return Config{
		Audience: env.Required("OIDC_AUDIENCE", "the audience of callers' tokens, the service's own base URL"),
		Allowed:  env.RequiredList("ALLOWED_CALLERS", "the e-mail addresses of the service accounts that may call, separated by commas"),
		CertsURL: env.Optional("OIDC_CERTS_URL", certsURL),

		CheckedByIAM: env.Optional("CALLERS_CHECKED_BY_IAM", "") == "true",
	}
}

// removedSignature replaces the signature in tokens that Cloud Run has checked.
const removedSignature = ".SIGNATURE_REMOVED_BY_GOOGLE"

// Checker authenticates callers. It fetches the issuer's keys when it first needs them, and again
// when a token names an unknown key. It is safe for concurrent use.
type Checker struct {
	verifier *oidc.IDTokenVerifier
	unsigned *oidc.IDTokenVerifier // for tokens without a signature; nil unless Cloud Run checks them
	allowed  []string
}

// keysTimeout bounds the request for the issuer's keys.
const keysTimeout = 10 * time.Second

// NewChecker returns a checker. It rejects a config that would allow any caller.
func NewChecker(cfg Config) (*Checker, error) {
	if cfg.Audience == "" {
		return nil, errors.New("caller check needs an audience")
	}
	if len(cfg.Allowed) == 0 {
		return nil, errors.New("caller check needs at least one allowed service account")
	}
	if cfg.CertsURL == "" {
		cfg.CertsURL = certsURL
	}
	// The keys outlive every request, so they are not fetched in the context of one.
	ctx := oidc.ClientContext(context.Background(), &http.Client{Timeout: keysTimeout})
	keys := oidc.NewRemoteKeySet(ctx, cfg.CertsURL)
	c := &Checker{verifier: oidc.NewVerifier(issuer, keys, &oidc.Config{ClientID: cfg.Audience}), allowed: cfg.Allowed}
	if cfg.CheckedByIAM {
		c.unsigned = oidc.NewVerifier(issuer, keys, &oidc.Config{ClientID: cfg.Audience, InsecureSkipSignatureCheck: true})
	}
	return c, nil
}

// Check authenticates a caller by the Authorization header, "Bearer <token>", and returns their e-mail
// address. The error wraps [ErrUnauthenticated] or [ErrForbidden].
func (c *Checker) Check(ctx context.Context, authorization string) (email string, err error) {
	raw, ok := strings.CutPrefix(authorization, "Bearer ")
	if !ok {
		return "", fmt.Errorf("%w: no bearer token", ErrUnauthenticated)
	}
	verifier := c.verifier
	if c.unsigned != nil && strings.HasSuffix(raw, removedSignature) {
		verifier = c.unsigned
	}
	token, err := verifier.Verify(ctx, raw)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrUnauthenticated, err)
	}
	var claims struct {
		Email    string `json:"email"`
		Verified bool   `json:"email_verified"`
	}
	if err := token.Claims(&claims); err != nil {
		return "", fmt.Errorf("%w: %w", ErrUnauthenticated, err)
	}
	if !claims.Verified || !slices.Contains(c.allowed, claims.Email) {
		return claims.Email, fmt.Errorf("%w: %q", ErrForbidden, claims.Email)
	}
	return claims.Email, nil
}
