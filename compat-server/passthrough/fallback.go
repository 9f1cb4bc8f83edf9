package passthrough

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"heek.kr/heektime/compat-server/token"
)

// codeWrong is the old server's code for a wrong username or password, on which old apps depend.
const codeWrong = "AL001"

// maxSmallBody is the largest body of a sign-in or a refresh, and of an error response.
const maxSmallBody = 16 << 10

// isWrongPassword reports whether a response says that a username or password is wrong. The response
// can still be read.
func isWrongPassword(r *http.Response) (bool, error) {
	text, err := io.ReadAll(io.LimitReader(r.Body, maxSmallBody))
	if err != nil {
		return false, err
	}
	r.Body = joined(text, r.Body)
	var problem struct{ Code string }
	return json.Unmarshal(text, &problem) == nil && problem.Code == codeWrong, nil
}

// joined returns what has been read of a body, followed by the rest.
func joined(text []byte, rest io.ReadCloser) io.ReadCloser {
	return struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(text), rest), rest}
}

// hasOwnRefreshToken reports whether a call refreshes a token of this server, which the old server does
// not accept.
func (p *Proxy) hasOwnRefreshToken(c *call) bool {
	var fields struct {
		Token string `json:"refresh_token"`
	}
	if c.in.Method != http.MethodPost || len(c.body) > maxSmallBody || json.Unmarshal(c.body, &fields) != nil {
		return false
	}
	_, err := p.Tokens.Check(fields.Token, token.Refresh)
	return err == nil || errors.Is(err, token.ErrExpired)
}

type oldTokensKey struct{}

// serveForOldSide serves a call on the new side whose tokens must be valid on the old side.
func (p *Proxy) serveForOldSide(w http.ResponseWriter, c *call) {
	r := c.request()
	p.Here.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), oldTokensKey{}, true)))
}

// Sign signs a token of a session on the new side. While the user's account is on the old side, the token
// is one of the old server, which both sides accept. Users who were born on the new side live there and
// always get tokens of this server.
func (p *Proxy) Sign(ctx context.Context, s token.Session, purpose token.Purpose) (string, error) {
	if forOldSide, _ := ctx.Value(oldTokensKey{}).(bool); forOldSide && !bornOnNewSide(s.UID) {
		return p.OldTokens.Sign(s.UID, purpose)
	}
	return p.Tokens.Sign(s, purpose)
}
