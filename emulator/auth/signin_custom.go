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

// customAudience is the audience of custom tokens.
const customAudience = "https://identitytoolkit.googleapis.com/google.identity.identitytoolkit.v1.IdentityToolkit"

// customToken is the content of a custom token.
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

// signInWithCustomToken signs in the user of a custom token and creates the account if it is
// missing. Signatures are not verified, as in the official emulator, because there is no key.
func (s *Server) signInWithCustomToken(c *call) (any, error) {
	var req struct {
		clientFields
		Token string `json:"token"`
	}
	if err := c.decode(&req); err != nil {
		return nil, err
	}
	if req.Token == "" {
		return nil, toolkitError("MISSING_CUSTOM_TOKEN")
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
		if session.Claims, err = parseClaims(custom.Claims); err != nil {
			return nil, err
		}
	}
	resp := signInResponse{Kind: "identitytoolkit#VerifyCustomTokenResponse", IsNewUser: new(bool)}
	err = s.store.Update(c.project, func(tx *account.Tx) error {
		u := account.User{LocalID: localID, CreatedAt: account.Milliseconds(tx.Now().UnixMilli())}
		old, ok := tx.User(localID)
		if ok {
			u = *old
		}
		if u.Disabled {
			return toolkitError("USER_DISABLED")
		}
		*resp.IsNewUser = !ok
		u.CustomAuth, u.LastLoginAt = true, account.Milliseconds(tx.Now().UnixMilli())
		saved, err := tx.Put(u)
		if err != nil {
			return err
		}
		resp.tokens, err = c.issue(tx, saved, session)
		return err
	})
	return resp, err
}

func (s *Server) readCustomToken(c *call, raw string) (customToken, error) {
	var t customToken
	if strings.HasPrefix(raw, "{") { // plain JSON claims are accepted, as by the official emulator
		if err := json.Unmarshal([]byte(raw), &t); err != nil {
			return t, toolkitError("INVALID_CUSTOM_TOKEN : Invalid assertion format. " + err.Error())
		}
		return t, nil
	}
	algorithm, err := token.Decode(raw, &t)
	if err != nil {
		return t, toolkitError("INVALID_CUSTOM_TOKEN : Invalid assertion format. " + err.Error())
	}
	switch algorithm {
	case token.None:
	case "RS256":
		s.log.WarnContext(c.Context(), "accepting a signed custom token without verifying it; never do this outside an emulator")
	default:
		return t, toolkitError(fmt.Sprintf("INVALID_CUSTOM_TOKEN : The algorithm must be RS256 or none, not %q.", algorithm))
	}
	return t, t.check(time.Now())
}

// check validates the token against the system time, because SDKs create tokens with it.
func (t customToken) check(now time.Time) error {
	const leewaySeconds = 300
	switch {
	case t.Audience != customAudience:
		return toolkitError(fmt.Sprintf("INVALID_CUSTOM_TOKEN : The audience is %q, so this is not a custom token.", t.Audience))
	case t.Tenant != "":
		return errNoTenants
	case t.Expires == 0 || t.IssuedAt == 0:
		return toolkitError("INVALID_CUSTOM_TOKEN : The token needs the claims iat and exp.")
	case t.Expires <= now.Unix():
		return toolkitError("INVALID_CUSTOM_TOKEN : The token has expired.")
	case t.IssuedAt > now.Unix()+leewaySeconds:
		return toolkitError("INVALID_CUSTOM_TOKEN : The token was issued in the future.")
	case t.Expires-t.IssuedAt > lifetimeSeconds:
		return toolkitError("INVALID_CUSTOM_TOKEN : The token expires more than an hour after it was issued.")
	}
	return nil
}

func (t customToken) localID() (string, error) {
	id, err := stringClaim(t.UID)
	if id == "" && err == nil {
		id, err = stringClaim(t.UserID)
	}
	if err != nil {
		return "", toolkitError("INVALID_CUSTOM_TOKEN : uid " + err.Error())
	}
	if id == "" {
		return "", toolkitError("MISSING_IDENTIFIER")
	}
	return id, checkLocalID(id)
}

// stringClaim converts numbers and booleans to strings, as production does with uids.
func stringClaim(v any) (string, error) {
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
	return "", errors.New("is not a string")
}
