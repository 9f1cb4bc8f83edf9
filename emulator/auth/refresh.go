package auth

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"heek.kr/heektime/emulator/internal/account"
)

// refreshToken is a session in itself, so that none has to be kept. It is readable and no secret.
type refreshToken struct {
	Note     string `json:"emulator"`
	Project  string `json:"project"`
	LocalID  string `json:"localId"`
	Sessions string `json:"sessions"` // must be the account's
	signIn
}

const refreshNote = "no secret; do not change"

func newRefreshToken(project string, u *account.User, session signIn) (string, error) {
	text, err := json.Marshal(refreshToken{refreshNote, project, u.LocalID, u.Sessions, session})
	if err != nil {
		return "", fmt.Errorf("encode a refresh token: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(text), nil
}

// refresh gives new tokens for a refresh token. It is the only call whose body is usually a form.
// Source: https://firebase.google.com/docs/reference/rest/auth#section-refresh-token
func (s *Server) refresh(c *call) (any, error) {
	grant, raw, err := c.grant()
	switch {
	case err != nil:
		return nil, err
	case grant == "":
		return nil, refused("MISSING_GRANT_TYPE")
	case grant != "refresh_token":
		return nil, refused("INVALID_GRANT_TYPE")
	case raw == "":
		return nil, refused("MISSING_REFRESH_TOKEN")
	}
	var t refreshToken
	text, err := base64.RawURLEncoding.DecodeString(raw)
	if err != nil || json.Unmarshal(text, &t) != nil || t.Note != refreshNote {
		return nil, refused("INVALID_REFRESH_TOKEN")
	}
	c.project = t.Project
	var answer tokens
	err = s.store.Update(t.Project, func(tx *account.Tx) error {
		u, ok := tx.User(t.LocalID)
		switch {
		case !ok:
			return refused("USER_NOT_FOUND")
		case u.Disabled:
			return refused("USER_DISABLED")
		case u.Sessions != t.Sessions:
			return refused("TOKEN_EXPIRED")
		}
		answer, err = c.issue(tx, u, t.signIn)
		return err
	})
	if err != nil {
		return nil, err
	}
	return map[string]string{
		"id_token": answer.IDToken, "access_token": answer.IDToken, "refresh_token": answer.RefreshToken,
		"expires_in": answer.ExpiresIn, "token_type": "Bearer", "user_id": t.LocalID, "project_id": projectNumber,
	}, nil
}

// projectNumber is what the real API says here instead of the project's id.
const projectNumber = "12345"

// grant reads a form, or JSON as the iOS SDK sends it.
func (c *call) grant() (grant, token string, err error) {
	body, err := readBody(c.w, c.Request)
	if err != nil {
		return "", "", err
	}
	if text := strings.TrimSpace(string(body)); !strings.HasPrefix(text, "{") {
		form, err := url.ParseQuery(text)
		if err != nil {
			return "", "", invalidArgument("The form can't be read: " + err.Error())
		}
		return first(form, "grant_type", "grantType"), first(form, "refresh_token", "refreshToken"), nil
	}
	if c.body, err = object(body); err != nil {
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

func first(form url.Values, names ...string) string {
	for _, name := range names {
		if value := form.Get(name); value != "" {
			return value
		}
	}
	return ""
}
