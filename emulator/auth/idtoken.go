package auth

import (
	"encoding/json"
	"fmt"
	"time"

	"heek.kr/heektime/emulator/auth/token"
	"heek.kr/heektime/emulator/internal/account"
)

// lifetimeSeconds is the lifetime of an ID token.
const lifetimeSeconds = 3600

// claims are the claims of a token by name.
type claims = map[string]json.RawMessage

// idToken is the part of an ID token that this package reads.
type idToken struct {
	Issuer   string        `json:"iss"`
	Audience string        `json:"aud"`
	UserID   string        `json:"user_id"`
	AuthTime int64         `json:"auth_time"`
	Firebase firebaseClaim `json:"firebase"`
}

type firebaseClaim struct {
	Identities     map[string][]string `json:"identities"`
	SignInProvider string              `json:"sign_in_provider"`
	Tenant         string              `json:"tenant,omitempty"`
}

// signIn is how and when the user of a session signed in.
type signIn struct {
	Provider string `json:"provider"`
	AuthTime int64  `json:"authTime"`         // seconds since 1970, system time
	Claims   claims `json:"claims,omitempty"` // of the custom token
}

func newSignIn(provider string) signIn {
	return signIn{Provider: provider, AuthTime: time.Now().Unix()}
}

// tokens are the fields that every sign-in response has.
type tokens struct {
	IDToken      string `json:"idToken,omitempty"`
	RefreshToken string `json:"refreshToken,omitempty"`
	ExpiresIn    string `json:"expiresIn,omitempty"` // seconds
}

// issue creates an ID token and a refresh token, and updates the account's LastRefreshAt. It counts the user as
// active: whoever signs in or continues a session in a month is (https://cloud.google.com/identity-platform/pricing).
func (c *call) issue(tx *account.Tx, u *account.User, session signIn) (tokens, error) {
	refreshed := *u
	refreshed.LastRefreshAt = tx.Now().UTC().Truncate(time.Millisecond)
	u, err := tx.Put(refreshed)
	if err != nil {
		return tokens{}, err
	}
	now := time.Now().Unix()
	if since := int64(u.ValidSince); since <= now+1 { // see endSessions
		session.AuthTime, now = max(session.AuthTime, since), max(now, since)
	}
	all := userClaims(u, session)
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
	c.meter.ActiveUser(u.LocalID)
	return tokens{IDToken: id, RefreshToken: refresh, ExpiresIn: fmt.Sprint(lifetimeSeconds)}, nil
}

func issuer(project string) string { return "https://securetoken.google.com/" + project }

// readIDToken returns the user of an ID token and how they signed in. It accepts expired tokens;
// see the package comment.
func (c *call) readIDToken(tx *account.Tx, raw string) (*account.User, signIn, error) {
	var t idToken
	algorithm, err := token.Decode(raw, &t)
	switch {
	case err != nil:
		return nil, signIn{}, toolkitError("INVALID_ID_TOKEN : " + err.Error())
	case algorithm != token.None:
		return nil, signIn{}, toolkitError("INVALID_ID_TOKEN : The token is signed, so it does not come from this emulator.")
	case t.Firebase.Tenant != "":
		return nil, signIn{}, errNoTenants
	case t.Audience != c.project || t.Issuer != issuer(c.project):
		return nil, signIn{}, toolkitError(fmt.Sprintf("INVALID_ID_TOKEN : The token is for project %q; this call is for %q.", t.Audience, c.project))
	}
	u, ok := tx.User(t.UserID)
	switch {
	case !ok:
		return nil, signIn{}, toolkitError("USER_NOT_FOUND")
	case t.AuthTime < int64(u.ValidSince):
		return nil, signIn{}, toolkitError("TOKEN_EXPIRED")
	case u.Disabled:
		return nil, signIn{}, toolkitError("USER_DISABLED")
	}
	return u, signIn{Provider: t.Firebase.SignInProvider, AuthTime: t.AuthTime}, nil
}

// endSessions ends all sessions of a user, as Google does after a change of the password or the email
// address: https://firebase.google.com/docs/auth/admin/manage-sessions. A session that began in the current
// second ends as well, so ID tokens are valid only since the next one. New tokens get that time as theirs,
// so Admin SDKs, which compare auth_time (or, in Go, iat) with validSince, do not take them for revoked.
//
// The session that made the change continues with new tokens, whose auth_time is validSince, as in
// production: https://github.com/firebase/firebase-tools/issues/5990.
func endSessions(u *account.User) { revokeTokens(u, time.Now().Unix()+1) }

// revokeTokens invalidates all refresh tokens of a user, and the ID tokens of sessions that began before since.
func revokeTokens(u *account.User, since int64) {
	u.ValidSince = account.Seconds(since)
	u.Sessions = account.RandomID(8)
}
