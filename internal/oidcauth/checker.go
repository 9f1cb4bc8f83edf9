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
	// Now returns the time at which tokens must be valid; nil means [time.Now].
	Now func() time.Time
	// Service is the name of the Cloud Run service, empty outside of Cloud Run; see [Checker].
	Service string
}

// FromEnvironment reads the config from OIDC_AUDIENCE, ALLOWED_CALLERS, K_SERVICE, which Cloud Run sets,
// and OIDC_CERTS_URL, which the local cloud sets.
func FromEnvironment(env *environment.Variables) Config {
	return Config{
		Audience: env.Required("OIDC_AUDIENCE", "the audience of callers' tokens, the service's own base URL"),
		Allowed:  env.RequiredList("ALLOWED_CALLERS", "the e-mail addresses of the service accounts that may call, separated by commas"),
		CertsURL: env.Optional("OIDC_CERTS_URL", certsURL),
		Service:  env.Optional("K_SERVICE", ""),
	}
}

// removedSignature replaces the signature in tokens that Cloud Run has checked.
//
// Source: https://cloud.google.com/run/docs/troubleshooting#signature-removed
const removedSignature = ".SIGNATURE_REMOVED_BY_GOOGLE"

// Checker authenticates callers. It fetches the issuer's keys when it first needs them, and again
// when a token names an unknown key. It is safe for concurrent use.
//
// Where Cloud Run authenticates callers with IAM, it removes the signature from their tokens, so that
// nobody can reuse them. Anyone can forge such a token and send it to a public service. So a Checker
// believes a token without a signature only while IAM rejects calls without one, which it finds out
// itself when it gets such a token, and again every minute. It still checks audience, expiry and caller.
type Checker struct {
	verifier *oidc.IDTokenVerifier
	unsigned *oidc.IDTokenVerifier // for tokens without a signature
	front    *frontEnd
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
	return &Checker{
		verifier: oidc.NewVerifier(issuer, keys, &oidc.Config{ClientID: cfg.Audience, Now: cfg.Now}),
		unsigned: oidc.NewVerifier(issuer, keys, &oidc.Config{ClientID: cfg.Audience, InsecureSkipSignatureCheck: true, Now: cfg.Now}),
		front:    newFrontEnd(cfg.Audience, cfg.Service),
		allowed:  cfg.Allowed,
	}, nil
}

// Check authenticates the caller of a request by its Authorization header, "Bearer <token>", and returns
// their e-mail address. The error wraps [ErrUnauthenticated] or [ErrForbidden].
func (c *Checker) Check(ctx context.Context, header http.Header) (email string, err error) {
	raw, err := bearer(header)
	if err != nil {
		c.front.doubt()
		return "", fmt.Errorf("%w: %w", ErrUnauthenticated, err)
	}
	verifier, removed := c.verifier, strings.HasSuffix(raw, removedSignature)
	if removed {
		verifier = c.unsigned
	}
	token, err := verifier.Verify(ctx, raw)
	if err != nil {
		c.front.doubt()
		return "", fmt.Errorf("%w: %w", ErrUnauthenticated, err)
	}
	var claims struct {
		Email    string `json:"email"`
		Verified bool   `json:"email_verified"`
	}
	if err := token.Claims(&claims); err != nil {
		return "", fmt.Errorf("%w: %w", ErrUnauthenticated, err)
	}
	if removed {
		if err := c.checkedByIAM(ctx, header); err != nil {
			return "", fmt.Errorf("%w: token without a signature: %w", ErrUnauthenticated, err)
		}
	}
	if !claims.Verified || !slices.Contains(c.allowed, claims.Email) {
		return claims.Email, fmt.Errorf("%w: %q", ErrForbidden, claims.Email)
	}
	return claims.Email, nil
}

// checkedByIAM returns nil if Cloud Run has checked the token in Authorization. It has not if the caller
// also sends X-Serverless-Authorization: then Cloud Run checks that one only, and passes on the other as
// the caller has written it.
//
// Source: https://cloud.google.com/run/docs/authenticating/service-to-service
func (c *Checker) checkedByIAM(ctx context.Context, header http.Header) error {
	if header.Values("X-Serverless-Authorization") != nil {
		return errors.New("the token in X-Serverless-Authorization is what Cloud Run has checked")
	}
	return c.front.check(ctx)
}

// bearer returns the token of a request, which must have exactly one: with two, Cloud Run might have
// checked the other.
func bearer(header http.Header) (string, error) {
	values := header.Values("Authorization")
	if len(values) > 1 {
		return "", errors.New("more than one Authorization header")
	}
	if len(values) == 1 {
		if raw, ok := strings.CutPrefix(values[0], "Bearer "); ok {
			return raw, nil
		}
	}
	return "", errors.New("no bearer token")
}
