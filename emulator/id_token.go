package emulator

import (
	"fmt"
	"maps"

	"heek.kr/heektime/emulator/auth/token"
)

// IDToken returns an ID token of a user, as Authentication issues on sign-in. claims, such as
// {"email_verified": true}, are added to it or replace its own; security rules see them as
// request.auth.token. The user does not need an account.
func (c *Cloud) IDToken(uid string, claims map[string]any) (string, error) {
	all := map[string]any{
		"iss": "https://securetoken.google.com/" + c.Project, "aud": c.Project, "sub": uid, "user_id": uid,
		"iat": 0, "exp": 3600, "auth_time": 0,
		"firebase": map[string]any{"sign_in_provider": "custom", "identities": map[string]any{}},
	}
	maps.Copy(all, claims)
	raw, err := token.Encode(all)
	if err != nil {
		return "", fmt.Errorf("issue an ID token for %s: %w", uid, err)
	}
	return raw, nil
}
