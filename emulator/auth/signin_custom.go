package auth

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"heek.kr/heektime/emulator/auth/token"
	"heek.kr/heektime/emulator/internal/account"
)

// customAudience is whom custom tokens are for.
const customAudience = "https://identitytoolkit.googleapis.com/google.identity.identitytoolkit.v1.IdentityToolkit"

// customToken is what a server says about a user that it knows.
// Source: https://firebase.google.com/docs/auth/admin/create-custom-tokens
type customToken struct {
	Audience string          `json:"aud"`
	UID      any             `json:"uid"`
	UserID   any             `json:"user_id"` // the older name
	Tenant   string          `json:"tenant_id"`
	IssuedAt int64           `json:"iat"`
	Expires  int64           `json:"exp"`
	Claims   json.RawMessage `json:"claims"`
}

// signInWithCustomToken signs in whom a server vouches for, and makes the account at the first time. The signature of a
// signed token is not verified, as in the official emulator: there is no key here to do it with.
func (s *Server) signInWithCustomToken(c *call) (any, error) {
	var req struct {
		clientFields
		Token string `json:"token"`
	}
	if err := c.decode(&req); err != nil {
		return nil, err
	}
	if req.Token == "" {
		return nil, refused("MISSING_CUSTOM_TOKEN")
	}
	custom, err := s.readCustomToken(c, req.Token)
	if err != nil {
		return nil, err
	}
	localID, err := custom.localID()
	if err != nil {
		return nil, err
	}
	session := newSignIn(account.ProviderCustom)
	if len(custom.Claims) > 0 {
		if session.Claims, err = checkClaims(custom.Claims); err != nil {
			return nil, err
		}
	}
	answer := signInAnswer{Kind: "identitytoolkit#VerifyCustomTokenResponse", IsNewUser: new(bool)}
	err = s.store.Update(c.project, func(tx *account.Tx) error {
		u := account.User{LocalID: localID, CreatedAt: account.Milliseconds(tx.Now().UnixMilli())}
		old, ok := tx.User(localID)
		if ok {
			u = *old
		}
		if u.Disabled {
			return refused("USER_DISABLED")
		}
		*answer.IsNewUser = !ok
		u.CustomAuth, u.LastLoginAt = true, account.Milliseconds(tx.Now().UnixMilli())
		saved, err := tx.Put(u)
		if err != nil {
			return err
		}
		answer.tokens, err = c.issue(tx, saved, session)
		return err
	})
	return answer, err
}

func (s *Server) readCustomToken(c *call, raw string) (customToken, error) {
	var t customToken
	if strings.HasPrefix(raw, "{") { // the official emulator takes bare claims, for tests by hand
		if err := json.Unmarshal([]byte(raw), &t); err != nil {
			return t, refused("INVALID_CUSTOM_TOKEN : Invalid assertion format. " + err.Error())
		}
		return t, nil
	}
	algorithm, err := token.Decode(raw, &t)
	if err != nil {
		return t, refused("INVALID_CUSTOM_TOKEN : Invalid assertion format. " + err.Error())
	}
	switch algorithm {
	case token.None:
	case "RS256":
		s.log.WarnContext(c.Context(), "a signed custom token is taken unverified; never do this outside an emulator")
	default:
		return t, refused(fmt.Sprintf("INVALID_CUSTOM_TOKEN : The algorithm is %q, not RS256 or none.", algorithm))
	}
	return t, t.check(time.Now())
}

// check compares with the machine's time, which is where the token's times come from.
func (t customToken) check(now time.Time) error {
	const leewaySeconds = 300
	switch {
	case t.Audience != customAudience:
		return refused(fmt.Sprintf("INVALID_CUSTOM_TOKEN : The audience is %q; an ID token or another's token is no custom token.", t.Audience))
	case t.Tenant != "":
		return errNoTenants
	case t.Expires == 0 || t.IssuedAt == 0:
		return refused("INVALID_CUSTOM_TOKEN : The token must say when it was issued (iat) and when it expires (exp).")
	case t.Expires <= now.Unix():
		return refused("INVALID_CUSTOM_TOKEN : The token has expired.")
	case t.IssuedAt > now.Unix()+leewaySeconds:
		return refused("INVALID_CUSTOM_TOKEN : The token was issued in the future.")
	case t.Expires-t.IssuedAt > lifetimeSeconds:
		return refused("INVALID_CUSTOM_TOKEN : The token expires more than an hour after it was issued.")
	}
	return nil
}

func (t customToken) localID() (string, error) {
	id, err := text(t.UID)
	if id == "" && err == nil {
		id, err = text(t.UserID)
	}
	if err != nil {
		return "", refused("INVALID_CUSTOM_TOKEN : uid " + err.Error())
	}
	if id == "" {
		return "", refused("MISSING_IDENTIFIER")
	}
	return id, checkLocalID(id)
}

// text takes numbers and booleans for strings, as the real API does with uids.
func text(v any) (string, error) {
	switch v := v.(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	case bool, float64:
		var b bytes.Buffer
		json.NewEncoder(&b).Encode(v)
		return strings.TrimSpace(b.String()), nil
	}
	return "", errors.New("is no string")
}
