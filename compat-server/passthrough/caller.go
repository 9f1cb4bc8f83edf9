package passthrough

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"heek.kr/heektime/compat-server/token"
	"heek.kr/heektime/internal/migration/state"
)

// issuer is the server that issued a token.
type issuer int

const (
	nobody issuer = iota // no token, or one that neither server has issued
	thisServer
	oldServer
)

// caller is the sender of a call, by its access token.
type caller struct {
	issuer  issuer
	session token.Session
	expired bool
	// forged means that there is a token, but neither server has issued it.
	forged bool
}

// BearerToken returns the token of an Authorization header, or "" if there is none. Old apps send
// "Bearer null" when the user is signed out.
func BearerToken(header string) string {
	scheme, text, _ := strings.Cut(header, " ")
	if text = strings.TrimSpace(text); !strings.EqualFold(scheme, "Bearer") || text == "null" {
		return ""
	}
	return text
}

// caller returns the sender of a call.
func (p *Proxy) caller(c *call) caller {
	text := BearerToken(c.in.Header.Get("Authorization"))
	if text == "" {
		return caller{}
	}
	session, err := p.Tokens.Check(text, token.Access)
	if err == nil || errors.Is(err, token.ErrExpired) {
		return caller{issuer: thisServer, session: session, expired: err != nil}
	}
	session, err = p.OldTokens.Check(text, token.Access)
	if err == nil || errors.Is(err, token.ErrExpired) {
		return caller{issuer: oldServer, session: session, expired: err != nil}
	}
	return caller{forged: true}
}

// authorization returns the Authorization header for the old server. keep means that the client's own
// header passes untouched, which is the rule. There are two exceptions:
//
//   - The old server does not accept this server's tokens. Clients have them while accounts are on the
//     new side, and keep them when accounts move back.
//   - While accounts are on the new side, the old server does not know whether a session has been
//     revoked.
//
// In both, the session is checked here and the call gets a token of the old server. A user who was born
// on the new side does not exist there: what such a user calls there is public, and gets no token.
func (p *Proxy) authorization(ctx context.Context, c *call, d decision) (header string, keep bool, err error) {
	who := p.caller(c)
	if len(c.routes) > 0 && c.routes[0].ignoresToken {
		return "", who.issuer != thisServer, nil
	}
	accountsMoved := d.view.Of(state.Accounts).Reads() == state.New
	known := len(c.routes) > 0
	switch {
	case who.issuer == nobody && !(who.forged && accountsMoved && known),
		who.issuer == oldServer && !accountsMoved,
		who.issuer == oldServer && who.expired && !known:
		return "", true, nil
	case who.forged:
		return "", false, token.ErrInvalid
	case who.expired:
		return "", false, token.ErrExpired
	}
	if err := p.Sessions.Check(ctx, who.session); err != nil {
		return "", false, err
	}
	if bornOnNewSide(who.session.UID) {
		return "", false, nil
	}
	text, err := p.OldTokens.SignPassed(who.session.UID)
	return "Bearer " + text, false, err
}

// setAuthorization sets or deletes the header.
func setAuthorization(h http.Header, value string) {
	if value == "" {
		h.Del("Authorization")
		return
	}
	h.Set("Authorization", value)
}
