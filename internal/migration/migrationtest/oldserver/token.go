package oldserver

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// The types of tokens.
const (
	Access  = "access"
	Refresh = "refresh"
)

// typeClaim is the old server's own claim, next to the registered sub, iat and exp.
type typeClaim struct {
	Type string `json:"type"`
}

// Token returns a token as the old server issues it at a time.
func (s *Server) Token(user, kind string, at time.Time) (string, error) {
	lifetime := s.config.AccessLifetime
	if kind == Refresh {
		lifetime = s.config.RefreshLifetime
	}
	return jwt.Signed(s.signer).Claims(jwt.Claims{
		Subject: user, IssuedAt: jwt.NewNumericDate(at), Expiry: jwt.NewNumericDate(at.Add(lifetime)),
	}).Claims(typeClaim{kind}).Serialize()
}

var (
	errExpired = errors.New("token expired")
	errInvalid = errors.New("token invalid")
)

// check returns the user of a token.
func (s *Server) check(text, kind string) (user string, err error) {
	parsed, err := jwt.ParseSigned(text, []jose.SignatureAlgorithm{jose.HS256})
	if err != nil {
		return "", errInvalid
	}
	var registered jwt.Claims
	var own typeClaim
	if err := parsed.Claims([]byte(s.config.Key), &registered, &own); err != nil || own.Type != kind || registered.Expiry == nil {
		return "", errInvalid
	}
	if !time.Now().Before(registered.Expiry.Time()) {
		return "", errExpired
	}
	return registered.Subject, nil
}

// authenticate returns the user of a request, "" if it has no token. "Bearer null" is what old clients send
// when nobody is signed in.
func (s *Server) authenticate(r *http.Request, required bool) (user string, err error) {
	text := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	if strings.HasPrefix(r.URL.Path, "/apis/v2/auth/") || text == "" || text == "null" {
		if required {
			return "", errNoToken
		}
		return "", nil
	}
	switch user, err = s.check(text, Access); {
	case errors.Is(err, errExpired):
		return "", errTokenExpired
	case err != nil:
		return "", errBadToken
	}
	return user, nil
}
