package auth

import (
	"encoding/json"
	"strings"

	"heek.kr/heektime/emulator/internal/account"
)

// userClaims returns the claims of a user's ID token. Standard claims override custom claims.
func userClaims(u *account.User, session signIn) map[string]any {
	all := map[string]any{}
	set := func(name, value string) {
		if value != "" {
			all[name] = value
		}
	}
	set("name", u.DisplayName)
	set("picture", u.PhotoURL)
	var custom claims
	if u.CustomAttributes != "" {
		json.Unmarshal([]byte(u.CustomAttributes), &custom) // validated when it was set
	}
	for _, from := range []claims{custom, session.Claims} {
		for name, value := range from {
			all[name] = value
		}
	}
	for _, reserved := range []string{"email", "email_verified", "phone_number", "provider_id"} {
		delete(all, reserved)
	}
	set("email", u.Email)
	if u.Email != "" {
		all["email_verified"] = u.EmailVerified
	}
	set("phone_number", u.PhoneNumber)
	if session.Provider == account.ProviderAnonymous {
		set("provider_id", session.Provider)
	}
	all["auth_time"] = session.AuthTime
	all["user_id"] = u.LocalID
	all["firebase"] = firebaseClaim{Identities: identities(u), SignInProvider: session.Provider}
	return all
}

// identities returns the user's ids by provider.
func identities(u *account.User) map[string][]string {
	ids := map[string][]string{}
	if u.Email != "" {
		ids["email"] = []string{u.Email}
	}
	for _, p := range u.Providers {
		if p.ProviderID != account.ProviderPassword && p.RawID != "" {
			ids[p.ProviderID] = append(ids[p.ProviderID], p.RawID)
		}
	}
	return ids
}

// reservedClaims are names that custom claims cannot have.
// Source: https://firebase.google.com/docs/auth/admin/create-custom-tokens
const reservedClaims = " acr amr at_hash aud auth_time azp c_hash cnf exp firebase iat iss jti nbf nonce sub "

// parseClaims parses and validates custom claims.
func parseClaims(text []byte) (claims, error) {
	var all claims
	if err := json.Unmarshal(text, &all); err != nil || all == nil {
		return nil, toolkitError("INVALID_CLAIMS")
	}
	for name := range all {
		if strings.Contains(reservedClaims, " "+name+" ") {
			return nil, toolkitError("FORBIDDEN_CLAIM : " + name)
		}
	}
	return all, nil
}

// maxClaimsBytes limits the custom claims of an account.
const maxClaimsBytes = 1000

// checkCustomAttributes validates the custom claims of an account.
func checkCustomAttributes(text string) error {
	if len(text) > maxClaimsBytes {
		return toolkitError("CLAIMS_TOO_LARGE")
	}
	_, err := parseClaims([]byte(text))
	return err
}
