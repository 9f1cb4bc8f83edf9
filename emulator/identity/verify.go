package identity

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// VerifyIDToken returns the service account of an ID token that this process has signed for one of the
// audiences. It checks signature, issuer and times as Google's front ends do.
func (i *Identity) VerifyIDToken(raw string, audiences ...string) (email string, err error) {
	token, err := jwt.ParseSigned(raw, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return "", fmt.Errorf("parse the ID token: %w", err)
	}
	s, err := processSigner()
	if err != nil {
		return "", err
	}
	var c claims
	if err := token.Claims(s.public.Key, &c); err != nil {
		return "", fmt.Errorf("verify the ID token: %w", err)
	}
	switch now := i.cfg.Clock.Now().Unix(); {
	case c.Issuer != Issuer:
		return "", fmt.Errorf("the issuer of the ID token is %q", c.Issuer)
	case !slices.Contains(audiences, c.Audience):
		return "", fmt.Errorf("the ID token is for %q, not for %q", c.Audience, audiences)
	case now >= c.Expiry:
		return "", errors.New("the ID token has expired")
	}
	return c.Email, nil
}

// SignBlob signs bytes as the method signBlob of IAM's Service Account Credentials API does. Custom
// tokens of Firebase Authentication are signed so. All accounts share the key of this process.
func (i *Identity) SignBlob(blob []byte) (signature []byte, keyID string, err error) {
	s, err := processSigner()
	if err != nil {
		return nil, "", err
	}
	sum := sha256.Sum256(blob)
	signature, err = rsa.SignPKCS1v15(nil, s.private, crypto.SHA256, sum[:])
	if err != nil {
		return nil, "", fmt.Errorf("sign: %w", err)
	}
	return signature, s.public.KeyID, nil
}
