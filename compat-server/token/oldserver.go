package token

import (
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// OldServerClaims names what the old server's tokens contain. Empty fields have the defaults.
type OldServerClaims struct {
	// Subject is the claim with the user's ID: "sub".
	Subject string
	// Purpose is the claim with what a token is for: "type". AccessValue and RefreshValue are its
	// values: "access" and "refresh".
	Purpose                   string
	AccessValue, RefreshValue string
}

// OldServer signs and verifies tokens as the old server does: JSON Web Tokens with HMAC-SHA-256 and
// claims for the user, the purpose, the issue and the expiry. While data moves, sessions of the old
// server stay valid on the new side, and calls that still go to the old server carry tokens that it
// accepts. It is safe for concurrent use.
type OldServer struct {
	claims OldServerClaims
	signer jose.Signer
	key    []byte
	now    func() time.Time
}

// hmacBlock is the block size of HMAC-SHA-256. Shorter keys are equal to keys filled up with zeros.
//
// Source: https://www.rfc-editor.org/rfc/rfc2104#section-2
const hmacBlock = 64

// NewOldServer returns a signer with the old server's key, as it is in that server's configuration.
func NewOldServer(key string, claims OldServerClaims, now func() time.Time) (*OldServer, error) {
	if key == "" || now == nil {
		return nil, errors.New("tokens of the old server need its key and a clock")
	}
	for _, field := range []struct {
		value    *string
		fallback string
	}{
		{&claims.Subject, "sub"}, {&claims.Purpose, "type"}, {&claims.AccessValue, "access"}, {&claims.RefreshValue, "refresh"},
	} {
		if *field.value == "" {
			*field.value = field.fallback
		}
	}
	switch {
	case claims.Subject == claims.Purpose, claims.Subject == claimIssued, claims.Subject == claimExpiry,
		claims.Purpose == claimIssued, claims.Purpose == claimExpiry:
		return nil, errors.New("two claims of the old server's tokens have the same name")
	case claims.AccessValue == claims.RefreshValue:
		return nil, errors.New("access and refresh tokens of the old server have the same purpose")
	}
	o := &OldServer{claims: claims, key: []byte(key), now: now}
	for len(o.key) < hmacBlock { // the library rejects shorter keys than the hash, but the key is given
		o.key = append(o.key, 0)
	}
	var err error
	o.signer, err = jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: o.key}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return nil, fmt.Errorf("create the signer of old tokens: %w", err)
	}
	return o, nil
}

// Claims that every token of the old server has under these names.
const claimIssued, claimExpiry = "iat", "exp"

func (o *OldServer) value(purpose Purpose) string {
	if purpose == Refresh {
		return o.claims.RefreshValue
	}
	return o.claims.AccessValue
}

// Check verifies a token for a purpose and returns its session, see [Session.IssuedAt]. The error is
// [ErrExpired] or [ErrInvalid].
func (o *OldServer) Check(text string, purpose Purpose) (Session, error) {
	if len(text) > MaxBytes {
		return Session{}, ErrInvalid
	}
	parsed, err := jwt.ParseSigned(text, []jose.SignatureAlgorithm{jose.HS256})
	if err != nil {
		return Session{}, ErrInvalid
	}
	var registered jwt.Claims
	var own map[string]any
	if parsed.Claims(o.key, &registered, &own) != nil {
		return Session{}, ErrInvalid
	}
	uid, _ := own[o.claims.Subject].(string)
	if uid == "" || own[o.claims.Purpose] != o.value(purpose) || registered.Expiry == nil || registered.IssuedAt == nil {
		return Session{}, ErrInvalid
	}
	session := Session{UID: uid, IssuedAt: registered.IssuedAt.Time().Unix()}
	switch {
	case session.IssuedAt <= 0:
		return Session{}, ErrInvalid
	case o.now().After(registered.Expiry.Time().Add(leeway)):
		return session, ErrExpired
	}
	// A time of issue in the future is no reason to reject a token: the old server's clock may be ahead.
	return session, nil
}

// passedLifetime is the lifetime of a token that only accompanies a call to the old server, and
// passedAge how old it already is, so that a clock of the old server that is behind accepts it.
const passedLifetime, passedAge = 5 * time.Minute, time.Minute

// SignPassed returns an access token of a user for a call that this server passes to the old server. It
// never reaches a client.
func (o *OldServer) SignPassed(uid string) (string, error) {
	return o.sign(uid, Access, o.now().Add(-passedAge), o.now().Add(passedLifetime))
}

// Sign returns a token of a user for a purpose, which both servers accept.
func (o *OldServer) Sign(uid string, purpose Purpose) (string, error) {
	return o.sign(uid, purpose, o.now(), o.now().Add(lifetimes[purpose]))
}

func (o *OldServer) sign(uid string, purpose Purpose, issued, expiry time.Time) (string, error) {
	text, err := jwt.Signed(o.signer).Claims(map[string]any{
		o.claims.Subject: uid, o.claims.Purpose: o.value(purpose), claimIssued: issued.Unix(), claimExpiry: expiry.Unix(),
		"jti": rand.Text(), // some libraries require one
	}).Serialize()
	if err != nil {
		return "", fmt.Errorf("sign a token of the old server: %w", err)
	}
	return text, nil
}
