package auth

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"heek.kr/heektime/emulator/internal/account"
)

// refreshToken contains the whole session, so that the server need not store sessions. It is not
// encrypted.
type refreshToken struct {
	Note     string `json:"emulator"`
	Project  string `json:"project"`
	LocalID  string `json:"localId"`
	Sessions string `json:"sessions"` // must equal the account's
	signIn
}

// refreshNote marks refresh tokens of this emulator. Changing it invalidates existing sessions.
const refreshNote = "no secret; do not change"

func newRefreshToken(project string, u *account.User, session signIn) (string, error) {
	text, err := json.Marshal(refreshToken{refreshNote, project, u.LocalID, u.Sessions, session})
	if err != nil {
		return "", fmt.Errorf("encoding a refresh token: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(text), nil
}

// refresh returns new tokens for a refresh token. It is the only call whose body is usually a form.
// Source: https://firebase.google.com/docs/reference/rest/auth#section-refresh-token
func (s *Server) refresh(c *call) (any, error) {
	grant, raw, err := c.readGrant()
	switch {
	case err != nil:
		return nil, err
	case grant == "":
		return nil, toolkitError("MISSING_GRANT_TYPE")
	case grant != "refresh_token":
		return nil, toolkitError("INVALID_GRANT_TYPE")
	case raw == "":
		return nil, toolkitError("MISSING_REFRESH_TOKEN")
	}
	var t refreshToken
	text, err := base64.RawURLEncoding.DecodeString(raw)
	if err != nil || json.Unmarshal(text, &t) != nil || t.Note != refreshNote {
		return nil, toolkitError("INVALID_REFRESH_TOKEN")
	}
	c.project = t.Project
	var resp tokens
	err = s.store.Update(t.Project, func(tx *account.Tx) error {
		u, ok := tx.User(t.LocalID)
		switch {
		case !ok:
			return toolkitError("USER_NOT_FOUND")
		case u.Disabled:
			return toolkitError("USER_DISABLED")
		case u.Sessions != t.Sessions:
			return toolkitError("TOKEN_EXPIRED")
		}
		resp, err = c.issue(tx, u, t.signIn)
		return err
	})
	if err != nil {
		return nil, err
	}
	return map[string]string{
		"id_token": resp.IDToken, "access_token": resp.IDToken, "refresh_token": resp.RefreshToken,
		"expires_in": resp.ExpiresIn, "token_type": "Bearer", "user_id": t.LocalID, "project_id": projectNumber,
	}, nil
}

// projectNumber is returned where production returns the project's number.
const projectNumber = "12345"

// readGrant reads the grant type and refresh token from a form, or from JSON as the iOS SDK sends
// it.
func (c *call) readGrant() (grant, token string, err error) {
	body, err := readBody(c.w, c.Request)
	if err != nil {
		return "", "", err
	}
	if text := strings.TrimSpace(string(body)); !strings.HasPrefix(text, "{") {
		form, err := url.ParseQuery(text)
		if err != nil {
			return "", "", invalidArgument("The form is malformed: " + err.Error())
		}
		return firstValue(form, "grant_type", "grantType"), firstValue(form, "refresh_token", "refreshToken"), nil
	}
	if c.body, err = parseObject(body); err != nil {
		return "", "", err
	}
	var req struct {
		GrantType    string  `json:"grantType"`
		RefreshToken string  `json:"refreshToken"`
		Scope        ignored `json:"scope"`
		Code         ignored `json:"code"`
	}
	err = c.decode(&req)
	return req.GrantType, req.RefreshToken, err
}

func firstValue(form url.Values, names ...string) string {
	for _, name := range names {
		if value := form.Get(name); value != "" {
			return value
		}
	}
	return ""
}
