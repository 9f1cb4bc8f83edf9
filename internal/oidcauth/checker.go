// Package oidcauth checks who calls a service: Google's OpenID Connect tokens, as Cloud Scheduler, Cloud Tasks and other
// Cloud Run services send them.
//
// The check is the same everywhere and cannot be switched off; the embedded cloud signs tokens of the same shape, and only
// the place of the public keys differs.
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
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/internal/environment"
)

// Google's issuer and the keys it signs with; https://accounts.google.com/.well-known/openid-configuration names them.
const (
	issuer   = "https://accounts.google.com"
	certsURL = "https://www.googleapis.com/oauth2/v3/certs"
)

var (
	// ErrUnauthenticated is a call without a token, or with one that is forged, expired or meant for somebody else.
	ErrUnauthenticated = errors.New("caller is not authenticated")
	// ErrForbidden is a call with a good token of an account that may not call.
	ErrForbidden = errors.New("caller may not call this service")
)

// Config says who may call.
type Config struct {
	// Audience that tokens must be made for: this service's name for itself.
	Audience string
	// Allowed are the service accounts, by e-mail address, that may call.
	Allowed []string
	// CertsURL is where the issuer's public keys are; Google's when empty.
	CertsURL string
	// CheckedByIAM says that Cloud Run asks for authentication in front of this service. It has then checked the token, and
	// passes it on without its signature, so that nobody can use it again. Audience, time and caller are checked all the same.
	// It must not be set for a service that everybody may call: there, who writes such a token himself would be let in.
	//
	// Source: https://cloud.google.com/run/docs/troubleshooting#signature-removed
	CheckedByIAM bool
}

// FromEnvironment reads OIDC_AUDIENCE, ALLOWED_CALLERS (comma-separated) and, for the embedded cloud, OIDC_CERTS_URL.
// CALLERS_CHECKED_BY_IAM=true is for a service that Cloud Run lets nobody call without authentication; see [Config].
func FromEnvironment(env *environment.Variables) Config {
	return Config{
		Audience: env.Required("OIDC_AUDIENCE", "the audience that callers' tokens are made for, this service's URL"),
		Allowed:  env.RequiredList("ALLOWED_CALLERS", "the e-mail addresses of the service accounts that may call, separated by commas"),
		CertsURL: env.Optional("OIDC_CERTS_URL", certsURL),

		CheckedByIAM: env.Optional("CALLERS_CHECKED_BY_IAM", "") == "true",
	}
}

// removedSignature stands where Cloud Run took a signature away.
const removedSignature = ".SIGNATURE_REMOVED_BY_GOOGLE"

// Checker checks callers. It fetches the issuer's keys when it first needs them, and again when a token names a key that
// it does not know. It is safe for concurrent use.
type Checker struct {
	verifier *oidc.IDTokenVerifier
	unsigned *oidc.IDTokenVerifier // of tokens that Cloud Run has checked; nil when it does not
	allowed  []string
}

// NewChecker refuses a configuration that would let anybody in.
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
	// The keys outlive every request, so they are fetched outside any request's context.
	ctx := oidc.ClientContext(context.Background(), &http.Client{Timeout: 10 * time.Second})
	keys := oidc.NewRemoteKeySet(ctx, cfg.CertsURL)
	c := &Checker{verifier: oidc.NewVerifier(issuer, keys, &oidc.Config{ClientID: cfg.Audience}), allowed: cfg.Allowed}
	if cfg.CheckedByIAM {
		c.unsigned = oidc.NewVerifier(issuer, keys, &oidc.Config{ClientID: cfg.Audience, InsecureSkipSignatureCheck: true})
	}
	return c, nil
}

// Check says who sent the header "Bearer <token>". The error wraps ErrUnauthenticated or ErrForbidden.
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

// Require lets only allowed callers through to next and answers 401 or 403 to everybody else. denied is told of them.
func (c *Checker) Require(next http.Handler, denied func(*http.Request, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := c.Check(r.Context(), r.Header.Get("Authorization"))
		switch {
		case err == nil:
			next.ServeHTTP(w, r)
			return
		case errors.Is(err, ErrForbidden):
			http.Error(w, ErrForbidden.Error(), http.StatusForbidden)
		default:
			w.Header().Set("WWW-Authenticate", "Bearer")
			http.Error(w, ErrUnauthenticated.Error(), http.StatusUnauthorized)
		}
		denied(r, err)
	})
}

// StreamInterceptor is [Checker.Require] for a gRPC server's streaming methods.
func (c *Checker) StreamInterceptor(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, next grpc.StreamHandler) error {
	var authorization string
	if md, _ := metadata.FromIncomingContext(stream.Context()); len(md.Get("authorization")) > 0 {
		authorization = md.Get("authorization")[0]
	}
	_, err := c.Check(stream.Context(), authorization)
	switch {
	case errors.Is(err, ErrForbidden):
		return status.Error(codes.PermissionDenied, err.Error())
	case err != nil:
		return status.Error(codes.Unauthenticated, err.Error())
	}
	return next(srv, stream)
}
