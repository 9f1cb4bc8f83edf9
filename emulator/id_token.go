package emulator

import (
	"fmt"
	"maps"

	"heek.kr/heektime/emulator/auth/token"
)

// IDToken is an ID token of a user, as Authentication gives one who signs in; security rules judge its claims.
func (c *Cloud) IDToken(uid string, claims map[string]any) (string, error) {
	all := map[string]any{
		"iss": "https://securetoken.google.com/" + c.Project, "aud": c.Project, "sub": uid, "user_id": uid,
		"iat": 0, "exp": 3600, "auth_time": 0,
		"firebase": map[string]any{"sign_in_provider": "custom", "identities": map[string]any{}},
	}
	maps.Copy(all, claims)
	raw, err := token.Encode(all)
	if err != nil {
		return "", fmt.Errorf("sign %s in: %w", uid, err)
	}
	return raw, nil
}
