// Package token signs and verifies the tokens of old apps: JSON Web Tokens with HMAC-SHA-256, which
// only this server reads. An access token lives for minutes and authorizes calls; a refresh token
// lives for a year and obtains new access tokens. Neither is accepted in place of the other.
package token

import (
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// Purpose is the use that a token is valid for.
type Purpose string

const (
	// Access tokens authorize calls.
	Access Purpose = "access"
	// Refresh tokens obtain access tokens.
	Refresh Purpose = "refresh"
)

// lifetimes of tokens. Access tokens are short-lived because they are verified without a lookup;
// callers that must detect revoked sessions compare [Session.Since].
var lifetimes = map[Purpose]time.Duration{Access: 10 * time.Minute, Refresh: 365 * 24 * time.Hour}

// leeway is the tolerated difference between the clocks of two instances.
const leeway = 5 * time.Second

// MaxBytes is the maximum length of a token. A uid has at most 128 characters.
const MaxBytes = 2048

// MinKeyBytes is the minimum length of a key: that of HMAC-SHA-256's output.
const MinKeyBytes = 32

var (
	// ErrExpired reports a genuine token that has expired.
	ErrExpired = errors.New("token expired")
	// ErrInvalid reports any other token that is not valid for its purpose.
	ErrInvalid = errors.New("token invalid")
)

// Session is the session that a token belongs to.
type Session struct {
	// UID of the account.
	UID string
	// Since is the account's tokensValidAfterTime at sign-in, in milliseconds since 1970, or 0 for
	// an account that is not in Authentication. Authentication raises it when the password changes
	// or an operator revokes the account's tokens. A session is revoked if its Since differs from
	// the account's current value; no clocks are compared.
	Since int64
	// IssuedAt is when the old server issued the token, in seconds since 1970, or 0 for a token of this
	// server. The old server's tokens do not have Since, and are revoked if they are older than the
	// account's tokensValidAfterTime.
	IssuedAt int64
}

// claims are our private claims.
type claims struct {
	Purpose Purpose `json:"use"`
	Since   int64   `json:"since"`
}

// Signer signs and verifies tokens. It is safe for concurrent use.
type Signer struct {
	project string
	signer  jose.Signer
	keys    [][]byte
	now     func() time.Time
}

// New returns a signer for a project. It signs tokens with key and, during a key rotation, also
// accepts those signed with oldKey, which may be "". Both keys are Base64 of at least [MinKeyBytes]
// bytes.
func New(project, key, oldKey string, now func() time.Time) (*Signer, error) {
	if project == "" || now == nil {
		return nil, errors.New("a token signer needs a project and a clock")
	}
	s := &Signer{project: project, now: now}
	for i, text := range []string{key, oldKey} {
		if i == 1 && text == "" {
			continue
		}
		raw, err := base64.StdEncoding.DecodeString(text)
		if err != nil || len(raw) < MinKeyBytes {
			return nil, fmt.Errorf("token key is not Base64 of at least %d bytes; generate one with: openssl rand -base64 32", MinKeyBytes)
		}
		s.keys = append(s.keys, raw)
	}
	var err error
	s.signer, err = jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: s.keys[0]}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return nil, fmt.Errorf("create the token signer: %w", err)
	}
	return s, nil
}

// Sign returns a token of a session for a purpose.
func (s *Signer) Sign(session Session, purpose Purpose) (string, error) {
	now := s.now()
	text, err := jwt.Signed(s.signer).Claims(jwt.Claims{
		Subject: session.UID, Audience: jwt.Audience{s.audience(purpose)},
		IssuedAt: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(lifetimes[purpose])),
	}).Claims(claims{Purpose: purpose, Since: session.Since}).Serialize()
	if err != nil {
		return "", fmt.Errorf("sign a token: %w", err)
	}
	return text, nil
}

// audience includes the project: if two projects share a key by mistake, neither accepts the
// other's tokens.
func (s *Signer) audience(purpose Purpose) string { return s.project + "/apis/v2/" + string(purpose) }

// Check verifies a token for a purpose and returns its session, which may have been revoked. The
// error is [ErrExpired] or [ErrInvalid].
func (s *Signer) Check(text string, purpose Purpose) (Session, error) {
	if len(text) > MaxBytes {
		return Session{}, ErrInvalid
	}
	parsed, err := jwt.ParseSigned(text, []jose.SignatureAlgorithm{jose.HS256})
	if err != nil {
		return Session{}, ErrInvalid
	}
	for _, key := range s.keys {
		var registered jwt.Claims
		var own claims
		if parsed.Claims(key, &registered, &own) != nil {
			continue
		}
		if registered.Subject == "" || registered.Expiry == nil || own.Purpose != purpose {
			return Session{}, ErrInvalid
		}
		switch err := registered.ValidateWithLeeway(jwt.Expected{AnyAudience: jwt.Audience{s.audience(purpose)}, Time: s.now()}, leeway); {
		case errors.Is(err, jwt.ErrExpired):
			return Session{}, ErrExpired
		case err != nil:
			return Session{}, ErrInvalid
		}
		return Session{UID: registered.Subject, Since: own.Since}, nil
	}
	return Session{}, ErrInvalid
}
