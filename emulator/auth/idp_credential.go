package auth

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"heek.kr/heektime/emulator/auth/token"
	"heek.kr/heektime/emulator/internal/account"
)

// idpUser is the content of an identity provider's ID token. Tests may send plain JSON instead of a
// token: {"sub": "123", "email": "a@example.com", "email_verified": true}.
type idpUser struct {
	Sub           string  `json:"sub"`
	Email         string  `json:"email"`
	EmailVerified boolean `json:"email_verified"`
	Name          string  `json:"name"`
	FirstName     string  `json:"given_name"`
	LastName      string  `json:"family_name"`
	Picture       string  `json:"picture"`
	ScreenName    string  `json:"screen_name"`
}

// boolean is true or false, or the text "true" or "false", as in Apple's tokens.
// Source: https://developer.apple.com/documentation/signinwithapple/authenticating-users-with-sign-in-with-apple
type boolean bool

// UnmarshalJSON implements [json.Unmarshaler].
func (b *boolean) UnmarshalJSON(text []byte) error {
	var s string
	if json.Unmarshal(text, &s) == nil && string(text) != "null" {
		parsed, err := strconv.ParseBool(s)
		*b = boolean(parsed)
		return err
	}
	return json.Unmarshal(text, (*bool)(b))
}

// idpCredential merges the parameters that a provider returned in the query, the body and the
// fragment.
func idpCredential(requestURI, postBody string) (url.Values, error) {
	if requestURI == "" {
		return nil, toolkitError("MISSING_REQUEST_URI")
	}
	u, err := url.Parse(requestURI)
	if err != nil || u.Scheme == "" {
		return nil, toolkitError("INVALID_REQUEST_URI")
	}
	all := u.Query()
	for _, text := range []string{postBody, u.Fragment} {
		values, err := url.ParseQuery(text)
		if err != nil {
			return nil, toolkitError("INVALID_IDP_RESPONSE : " + err.Error())
		}
		for name := range values {
			all.Set(name, values.Get(name))
		}
	}
	return all, nil
}

// readCredential returns the user in a credential, and a response with the fields from the
// credential.
func readCredential(credential url.Values) (idpUser, idpResponse, error) {
	var user idpUser
	provider, raw := strings.ToLower(credential.Get("providerId")), credential.Get("id_token")
	switch {
	case provider == "":
		return user, idpResponse{}, toolkitError("INVALID_CREDENTIAL_OR_PROVIDER_ID : The request has no providerId.")
	case strings.HasPrefix(provider, "saml."):
		return user, idpResponse{}, notEmulated("SAML")
	case raw == "":
		raw = credential.Get("access_token")
	}
	info := json.RawMessage(raw)
	if !strings.HasPrefix(raw, "{") {
		_, err := token.Decode(raw, &info)
		switch {
		case err != nil && raw != "" && credential.Get("id_token") == "":
			return user, idpResponse{}, notEmulated("access tokens of " + provider + ", which only the provider can read; send an id_token that is a JWT or JSON")
		case err != nil:
			return user, idpResponse{}, toolkitError("INVALID_IDP_RESPONSE : The emulator needs an id_token that is a JWT or JSON: " + err.Error())
		}
	}
	if err := json.Unmarshal(info, &user); err != nil {
		return user, idpResponse{}, toolkitError("INVALID_IDP_RESPONSE : The id_token is invalid: " + err.Error())
	}
	if user.Sub == "" {
		return user, idpResponse{}, toolkitError("INVALID_IDP_RESPONSE : The id_token has no \"sub\", which is the user's id.")
	}
	federated := user.Sub
	if provider == "google.com" {
		federated = "https://accounts.google.com/" + user.Sub
		var err error
		if info, err = user.googleInfo(); err != nil {
			return user, idpResponse{}, err
		}
	}
	access := credential.Get("access_token")
	if access == "" {
		access = fmt.Sprintf("no-token-of-%s", provider) // SDKs create a credential from it
	}
	return user, idpResponse{
		Kind: "identitytoolkit#VerifyAssertionResponse", ProviderID: provider, FederatedID: federated, RawUserInfo: string(info),
		Email: account.NormalizeEmail(user.Email), EmailVerified: bool(user.EmailVerified), DisplayName: user.Name, FullName: user.Name,
		FirstName: user.FirstName, LastName: user.LastName,
		PhotoURL: user.Picture, ScreenName: user.ScreenName, OAuthIDToken: credential.Get("id_token"), OAuthAccessToken: access,
	}, nil
}

// googleInfo returns the user in the format of Google's userinfo API, version 1, which the SDKs' additional user info
// has: https://www.googleapis.com/oauth2/v1/userinfo.
func (u idpUser) googleInfo() (json.RawMessage, error) {
	scopes := "openid https://www.googleapis.com/auth/userinfo.profile"
	if u.Email != "" {
		scopes += " https://www.googleapis.com/auth/userinfo.email"
	}
	return json.Marshal(struct {
		Scopes        string `json:"granted_scopes"`
		ID            string `json:"id"`
		Name          string `json:"name,omitempty"`
		FirstName     string `json:"given_name,omitempty"`
		LastName      string `json:"family_name,omitempty"`
		EmailVerified bool   `json:"verified_email"`
		Locale        string `json:"locale"`
		Email         string `json:"email,omitempty"`
		Picture       string `json:"picture,omitempty"`
	}{scopes, u.Sub, u.Name, u.FirstName, u.LastName, bool(u.EmailVerified), "en", account.NormalizeEmail(u.Email), u.Picture})
}
