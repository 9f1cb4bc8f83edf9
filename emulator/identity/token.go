package identity

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// Issuer is the "iss" of every ID token, as in Google's own.
const Issuer = "https://accounts.google.com"

// tokenLifetime is how long an ID token is valid.
const tokenLifetime = time.Hour

// signer holds the key of this process. All clouds in it share one, because making it takes a tenth of
// a second.
type signer struct {
	jws     jose.Signer
	private *rsa.PrivateKey
	public  jose.JSONWebKey
}

// processSigner makes the key when it is first needed, so a cloud without tokens starts faster.
var processSigner = sync.OnceValues(func() (signer, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return signer{}, fmt.Errorf("make the signing key: %w", err)
	}
	public := jose.JSONWebKey{Key: key.Public(), Algorithm: string(jose.RS256), Use: "sig"}
	print, err := public.Thumbprint(crypto.SHA256)
	if err != nil {
		return signer{}, fmt.Errorf("name the signing key: %w", err)
	}
	// Forty hex digits, like the ids of Google's keys.
	public.KeyID = fmt.Sprintf("%x", print[:20])
	jws, err := jose.NewSigner(
		jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: key, KeyID: public.KeyID}},
		(&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return signer{}, fmt.Errorf("prepare the signing key: %w", err)
	}
	return signer{jws: jws, private: key, public: public}, nil
})

// claims are those of an ID token that Google signs for a service account. Times are seconds since 1970.
// https://cloud.google.com/docs/authentication/token-types#id
type claims struct {
	Issuer          string `json:"iss"`
	Audience        string `json:"aud"`
	Subject         string `json:"sub"`
	AuthorizedParty string `json:"azp"`
	Email           string `json:"email"`
	EmailVerified   bool   `json:"email_verified"`
	IssuedAt        int64  `json:"iat"`
	Expiry          int64  `json:"exp"`
}

// sign returns an ID token of the service account for one audience.
func sign(email, audience string, now time.Time) (string, error) {
	s, err := processSigner()
	if err != nil {
		return "", err
	}
	id := accountID(email)
	token, err := jwt.Signed(s.jws).Claims(claims{
		Issuer:          Issuer,
		Audience:        audience,
		Subject:         id,
		AuthorizedParty: id,
		Email:           email,
		EmailVerified:   true,
		IssuedAt:        now.Unix(),
		Expiry:          now.Add(tokenLifetime).Unix(),
	}).Serialize()
	if err != nil {
		return "", fmt.Errorf("sign an ID token for %s: %w", email, err)
	}
	return token, nil
}

// accountID returns the number of 21 digits that Google calls an account's unique ID. It is derived
// from the email, so an account keeps its ID across restarts.
func accountID(email string) string {
	return "1" + digits("account:"+email, 20)
}

// projectNumber returns the project's number of 12 digits, derived like [accountID].
func projectNumber(project string) string {
	return "1" + digits("project:"+project, 11)
}

// digits derives n decimal digits from text, at most 38.
func digits(text string, n int) string {
	sum := sha256.Sum256([]byte(text))
	high, low := binary.BigEndian.Uint64(sum[:]), binary.BigEndian.Uint64(sum[8:])
	return fmt.Sprintf("%019d%019d", high%1e19, low%1e19)[:n]
}

// accessToken returns a random string that looks like one of Google's OAuth access tokens.
func accessToken() string {
	var random [96]byte
	rand.Read(random[:]) // never fails: https://pkg.go.dev/crypto/rand#Read
	return "ya29.c." + base64.RawURLEncoding.EncodeToString(random[:])
}
