// Package token makes and checks the tokens that old apps hold: JSON Web Tokens with HMAC-SHA-256, which nobody but this
// server reads. An access token lives for minutes and comes with every call; a refresh token lives for a year and gets new
// access tokens. One is never taken for the other.
package token

import (
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// Purpose is what a token is for.
type Purpose string

const (
	// Access tokens come with calls.
	Access Purpose = "access"
	// Refresh tokens get access tokens.
	Refresh Purpose = "refresh"
)

// lifetimes of tokens. An access token is short because it is good without asking anybody: what it opens is bounded by
// [Session.Since] where that matters.
var lifetimes = map[Purpose]time.Duration{Access: 10 * time.Minute, Refresh: 365 * 24 * time.Hour}

// leeway is how far the clocks of two instances may be apart.
const leeway = 5 * time.Second

// MaxBytes is the longest token. A uid has at most 128 characters.
const MaxBytes = 2048

// MinKeyBytes is the shortest key: as long as what HMAC-SHA-256 makes of it.
const MinKeyBytes = 32

var (
	// ErrExpired is a token of ours that is too old.
	ErrExpired = errors.New("token expired")
	// ErrInvalid is everything else that is no token of ours for this purpose.
	ErrInvalid = errors.New("token invalid")
)

// Session is what a token says.
type Session struct {
	// UID of the account.
	UID string
	// Since is Authentication's tokensValidAfterTime of the account when its owner signed in, in milliseconds since 1970; 0 for
	// an account that Authentication did not have. Authentication raises it when a password changes or an operator revokes the
	// account's tokens. So a session is revoked when its Since is not the account's any more, whatever the clocks say.
	Since int64
}

// claims are ours, besides the registered ones.
type claims struct {
	Purpose Purpose `json:"use"`
	Since   int64   `json:"since"`
}

// Signer makes and checks tokens. It is safe for concurrent use.
type Signer struct {
	project string
	signer  jose.Signer
	keys    [][]byte
	now     func() time.Time
}

// New makes a signer for a project. Tokens are signed with key; those of old, a key from before a change, are taken as well,
// "" when there is none. Both are Base64, of at least [MinKeyBytes] bytes.
func New(project, key, old string, now func() time.Time) (*Signer, error) {
	if project == "" || now == nil {
		return nil, errors.New("a signer of tokens needs a project and a clock")
	}
	s := &Signer{project: project, now: now}
	for i, text := range []string{key, old} {
		if i == 1 && text == "" {
			continue
		}
		raw, err := base64.StdEncoding.DecodeString(text)
		if err != nil || len(raw) < MinKeyBytes {
			return nil, fmt.Errorf("a key of tokens is not Base64 of at least %d bytes; make one with: openssl rand -base64 32", MinKeyBytes)
		}
		s.keys = append(s.keys, raw)
	}
	var err error
	s.signer, err = jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: s.keys[0]}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return nil, fmt.Errorf("make the signer of tokens: %w", err)
	}
	return s, nil
}

// Sign makes a token.
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

// audience names the project, too: a key that two of them share by mistake opens none with the other's tokens.
func (s *Signer) audience(purpose Purpose) string { return s.project + "/apis/v2/" + string(purpose) }

// Check reads a token that was made for the purpose. The error is [ErrExpired] or [ErrInvalid]. It asks nobody whether the
// session was revoked.
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
