package auth

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"heek.kr/heektime/emulator/auth/token"
	"heek.kr/heektime/emulator/internal/account"
)

// lifetimeSeconds is how long an ID token is good for.
const lifetimeSeconds = 3600

// claims are names and JSON values.
type claims = map[string]json.RawMessage

// idToken is what this package reads in an ID token.
type idToken struct {
	Issuer   string        `json:"iss"`
	Audience string        `json:"aud"`
	UserID   string        `json:"user_id"`
	IssuedAt int64         `json:"iat"`
	AuthTime int64         `json:"auth_time"`
	Firebase firebaseClaim `json:"firebase"`
}

type firebaseClaim struct {
	Identities     map[string][]string `json:"identities"`
	SignInProvider string              `json:"sign_in_provider"`
	Tenant         string              `json:"tenant,omitempty"`
}

// signIn is one session: how and when its user signed in.
type signIn struct {
	Provider string `json:"provider"`
	AuthTime int64  `json:"authTime"`         // seconds since 1970, by the machine's clock
	Claims   claims `json:"claims,omitempty"` // a custom token's
}

func newSignIn(provider string) signIn {
	return signIn{Provider: provider, AuthTime: time.Now().Unix()}
}

// tokens are the answer to every sign-in.
type tokens struct {
	IDToken      string `json:"idToken,omitempty"`
	RefreshToken string `json:"refreshToken,omitempty"`
	ExpiresIn    string `json:"expiresIn,omitempty"` // seconds
}

// issue makes an ID token and a refresh token, and notes in the account that it did.
func (c *call) issue(tx *account.Tx, u *account.User, session signIn) (tokens, error) {
	noted := *u
	noted.LastRefreshAt = tx.Now().UTC().Truncate(time.Millisecond)
	u, err := tx.Put(noted)
	if err != nil {
		return tokens{}, err
	}
	all := userClaims(u, session)
	now := time.Now().Unix()
	for name, value := range map[string]any{
		"iss": issuer(c.project), "aud": c.project, "sub": u.LocalID, "iat": now, "exp": now + lifetimeSeconds,
	} {
		all[name] = value
	}
	id, err := token.Encode(all)
	if err != nil {
		return tokens{}, err
	}
	refresh, err := newRefreshToken(c.project, u, session)
	if err != nil {
		return tokens{}, err
	}
	return tokens{IDToken: id, RefreshToken: refresh, ExpiresIn: fmt.Sprint(lifetimeSeconds)}, nil
}

// userClaims are the claims about a user: names that anybody may use first, so that reserved ones win.
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
		json.Unmarshal([]byte(u.CustomAttributes), &custom) // was checked when it was set
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

// identities are the user's ids by provider.
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

func issuer(project string) string { return "https://securetoken.google.com/" + project }

// readIDToken finds the user of an ID token, and the session that it belongs to. Its age is no reason to refuse it: see the
// package comment.
func (c *call) readIDToken(tx *account.Tx, raw string) (*account.User, signIn, error) {
	var t idToken
	algorithm, err := token.Decode(raw, &t)
	switch {
	case err != nil:
		return nil, signIn{}, refused("INVALID_ID_TOKEN : " + err.Error())
	case algorithm != token.None:
		return nil, signIn{}, refused("INVALID_ID_TOKEN : The token is signed: it comes from another place than this emulator.")
	case t.Firebase.Tenant != "":
		return nil, signIn{}, errNoTenants
	case t.Audience != c.project || t.Issuer != issuer(c.project):
		return nil, signIn{}, refused(fmt.Sprintf("INVALID_ID_TOKEN : The token is for project %q; this call is for %q.", t.Audience, c.project))
	}
	u, ok := tx.User(t.UserID)
	switch {
	case !ok:
		return nil, signIn{}, refused("USER_NOT_FOUND")
	case t.IssuedAt < int64(u.ValidSince):
		return nil, signIn{}, refused("TOKEN_EXPIRED")
	case u.Disabled:
		return nil, signIn{}, refused("USER_DISABLED")
	}
	return u, signIn{Provider: t.Firebase.SignInProvider, AuthTime: t.AuthTime}, nil
}

// reservedClaims can't be custom claims.
// Source: https://firebase.google.com/docs/auth/admin/create-custom-tokens
const reservedClaims = " acr amr at_hash aud auth_time azp c_hash cnf exp firebase iat iss jti nbf nonce sub "

// checkClaims says whether JSON is an object that may be custom claims.
func checkClaims(text []byte) (claims, error) {
	var all claims
	if err := json.Unmarshal(text, &all); err != nil || all == nil {
		return nil, refused("INVALID_CLAIMS")
	}
	for name := range all {
		if strings.Contains(reservedClaims, " "+name+" ") {
			return nil, refused("FORBIDDEN_CLAIM : " + name)
		}
	}
	return all, nil
}

// maxClaimsBytes bounds the claims that are kept with an account.
const maxClaimsBytes = 1000

func checkCustomAttributes(text string) error {
	if len(text) > maxClaimsBytes {
		return refused("CLAIMS_TOO_LARGE")
	}
	_, err := checkClaims([]byte(text))
	return err
}

// revoke makes every token invalid that the user has: refresh tokens at once, ID tokens that were issued before since.
func revoke(u *account.User, since int64) {
	u.ValidSince = account.Seconds(since)
	u.Sessions = account.RandomID(8)
}
