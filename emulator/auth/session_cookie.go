package auth

import (
	"encoding/json"
	"fmt"
	"time"

	"heek.kr/heektime/emulator/auth/token"
	"heek.kr/heektime/emulator/internal/account"
)

// createSessionCookie returns a session cookie: an ID token with a longer lifetime.
func (s *Server) createSessionCookie(c *call) (any, error) {
	const minSeconds, maxSeconds = 5 * 60, 14 * 24 * 60 * 60
	var req struct {
		IDToken       string          `json:"idToken"`
		ValidDuration account.Seconds `json:"validDuration"`
	}
	if err := c.decode(&req); err != nil {
		return nil, err
	}
	if req.IDToken == "" {
		return nil, toolkitError("MISSING_ID_TOKEN")
	}
	if req.ValidDuration == 0 {
		req.ValidDuration = maxSeconds
	}
	if req.ValidDuration < minSeconds || req.ValidDuration > maxSeconds {
		return nil, toolkitError("INVALID_DURATION")
	}
	var err error
	s.store.View(c.project, func(tx *account.Tx) { _, _, err = c.readIDToken(tx, req.IDToken) })
	if err != nil {
		return nil, err
	}
	all := claims{}
	if _, err := token.Decode(req.IDToken, &all); err != nil {
		return nil, fmt.Errorf("decoding an ID token: %w", err)
	}
	now := time.Now().Unix()
	for name, value := range map[string]any{
		"iss": "https://session.firebase.google.com/" + c.project, "iat": now, "exp": now + int64(req.ValidDuration),
	} {
		if all[name], err = json.Marshal(value); err != nil {
			return nil, err
		}
	}
	cookie, err := token.Encode(all)
	return map[string]string{"sessionCookie": cookie}, err
}
