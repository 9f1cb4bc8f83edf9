package oidcauth

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"

	"cloud.google.com/go/compute/metadata"
)

// TokenSource returns the identity token with which this service calls another. The token comes from
// the metadata server (GCE_METADATA_HOST, or Google's) and is for the service's own account.
// TokenSource implements grpc's credentials.PerRPCCredentials and is safe for concurrent use.
type TokenSource struct {
	audience string
	insecure bool
	client   *metadata.Client
	now      func() time.Time

	mu      sync.Mutex
	token   string
	expires time.Time
}

// NewTokenSource returns a source of tokens for audience. insecure sends them over connections without
// TLS too, for the local cloud. now returns the time; nil means [time.Now].
func NewTokenSource(audience string, insecure bool, now func() time.Time) (*TokenSource, error) {
	if audience == "" {
		return nil, errors.New("token source needs an audience")
	}
	if now == nil {
		now = time.Now
	}
	return &TokenSource{audience: audience, insecure: insecure, client: metadata.NewClient(nil), now: now}, nil
}

// Token returns a token that is valid for at least another minute.
func (s *TokenSource) Token(ctx context.Context) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.expires.Sub(s.now()) > time.Minute {
		return s.token, nil
	}
	query := url.Values{"audience": {s.audience}, "format": {"full"}}
	token, err := s.client.GetWithContext(ctx, "instance/service-accounts/default/identity?"+query.Encode())
	if err != nil {
		return "", fmt.Errorf("identity token for %s from the metadata server: %w", s.audience, err)
	}
	expires, err := expiry(token)
	if err != nil {
		return "", fmt.Errorf("identity token for %s: %w", s.audience, err)
	}
	s.token, s.expires = token, expires
	return token, nil
}

// expiry returns when a token expires. It leaves checking the signature to the receiver.
func expiry(token string) (time.Time, error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return time.Time{}, errors.New("the metadata server did not return a JWT")
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return time.Time{}, fmt.Errorf("decode JWT: %w", err)
	}
	var claims struct {
		Expires int64 `json:"exp"`
	}
	if err := json.Unmarshal(payload, &claims); err != nil {
		return time.Time{}, fmt.Errorf("decode JWT: %w", err)
	}
	return time.Unix(claims.Expires, 0), nil
}

// GetRequestMetadata adds the token to a gRPC call.
func (s *TokenSource) GetRequestMetadata(ctx context.Context, _ ...string) (map[string]string, error) {
	token, err := s.Token(ctx)
	if err != nil {
		return nil, err
	}
	return map[string]string{"authorization": "Bearer " + token}, nil
}

// RequireTransportSecurity forbids sending the token without TLS, except in the local cloud.
func (s *TokenSource) RequireTransportSecurity() bool { return !s.insecure }
