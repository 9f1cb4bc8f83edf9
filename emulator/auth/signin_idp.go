package auth

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"

	"heek.kr/heektime/emulator/auth/token"
	"heek.kr/heektime/emulator/internal/account"
)

// idpUser is what the ID token of an identity provider says. The token may be bare JSON, which is handy in tests:
// {"sub": "123", "email": "a@example.com", "email_verified": true}.
type idpUser struct {
	Sub           string `json:"sub"`
	Email         string `json:"email"`
	EmailVerified bool   `json:"email_verified"`
	Name          string `json:"name"`
	Picture       string `json:"picture"`
	ScreenName    string `json:"screen_name"`
}

type idpAnswer struct {
	Kind             string   `json:"kind"`
	ProviderID       string   `json:"providerId"`
	FederatedID      string   `json:"federatedId"`
	RawUserInfo      string   `json:"rawUserInfo"`
	LocalID          string   `json:"localId,omitempty"`
	Email            string   `json:"email,omitempty"`
	EmailVerified    bool     `json:"emailVerified"`
	DisplayName      string   `json:"displayName,omitempty"`
	FullName         string   `json:"fullName,omitempty"`
	PhotoURL         string   `json:"photoUrl,omitempty"`
	ScreenName       string   `json:"screenName,omitempty"`
	OAuthIDToken     string   `json:"oauthIdToken,omitempty"`
	OAuthAccessToken string   `json:"oauthAccessToken,omitempty"`
	IsNewUser        bool     `json:"isNewUser,omitempty"`
	NeedConfirmation bool     `json:"needConfirmation,omitempty"`
	VerifiedProvider []string `json:"verifiedProvider,omitempty"`
	ErrorMessage     string   `json:"errorMessage,omitempty"`
	tokens
}

// signInWithIdp signs in with a credential of an identity provider, which nobody checks here, as in the official emulator.
func (s *Server) signInWithIdp(c *call) (any, error) {
	var req struct {
		clientFields
		RequestURI          string  `json:"requestUri"`
		PostBody            string  `json:"postBody"`
		IDToken             string  `json:"idToken"`
		ReturnIDPCredential bool    `json:"returnIdpCredential"`
		ReturnRefreshToken  ignored `json:"returnRefreshToken"`
		AutoCreate          ignored `json:"autoCreate"`
		SessionID           ignored `json:"sessionId"`
		PendingIDToken      string  `json:"pendingIdToken"`
		PendingToken        string  `json:"pendingToken"`
	}
	if err := c.decode(&req); err != nil {
		return nil, err
	}
	if req.PendingIDToken != "" || req.PendingToken != "" {
		return nil, notEmulated("pending tokens")
	}
	credential, err := idpCredential(req.RequestURI, req.PostBody)
	if err != nil {
		return nil, err
	}
	who, answer, err := readCredential(credential)
	if err != nil {
		return nil, err
	}
	err = s.store.Update(c.project, func(tx *account.Tx) error {
		u, err := c.idpAccount(tx, who, &answer, req.IDToken)
		if err != nil || answer.NeedConfirmation {
			return err
		}
		saved, err := tx.Put(u.Link(account.Provider{
			ProviderID: answer.ProviderID, RawID: who.Sub, FederatedID: who.Sub, Email: answer.Email,
			DisplayName: who.Name, PhotoURL: who.Picture, ScreenName: who.ScreenName,
		}))
		if err != nil {
			return err
		}
		answer.LocalID = saved.LocalID
		if saved.Email == answer.Email {
			answer.EmailVerified = saved.EmailVerified
		}
		answer.tokens, err = c.issue(tx, saved, newSignIn(answer.ProviderID))
		return err
	})
	if e := asErrorMessage(err); e != "" && req.ReturnIDPCredential {
		answer.ErrorMessage = e
		return answer, nil
	}
	return answer, err
}

// asErrorMessage is the code of an error that is of the kind which clients want beside the credential.
func asErrorMessage(err error) string {
	if err == nil {
		return ""
	}
	switch e := asAPI(err); e.message {
	case "EMAIL_EXISTS", "FEDERATED_USER_ID_ALREADY_LINKED":
		return e.message
	}
	return ""
}

// idpCredential joins the parameters that a provider sent back, wherever they stand.
func idpCredential(requestURI, postBody string) (url.Values, error) {
	if requestURI == "" {
		return nil, refused("MISSING_REQUEST_URI")
	}
	u, err := url.Parse(requestURI)
	if err != nil || u.Scheme == "" {
		return nil, refused("INVALID_REQUEST_URI")
	}
	all := u.Query()
	for _, text := range []string{postBody, u.Fragment} {
		values, err := url.ParseQuery(text)
		if err != nil {
			return nil, refused("INVALID_IDP_RESPONSE : " + err.Error())
		}
		for name := range values {
			all.Set(name, values.Get(name))
		}
	}
	return all, nil
}

func readCredential(credential url.Values) (idpUser, idpAnswer, error) {
	var who idpUser
	provider, raw := strings.ToLower(credential.Get("providerId")), credential.Get("id_token")
	switch {
	case provider == "":
		return who, idpAnswer{}, refused("INVALID_CREDENTIAL_OR_PROVIDER_ID : The request names no providerId.")
	case strings.HasPrefix(provider, "saml."):
		return who, idpAnswer{}, notEmulated("SAML")
	case raw == "":
		raw = credential.Get("access_token")
	}
	info := json.RawMessage(raw)
	if !strings.HasPrefix(raw, "{") {
		if _, err := token.Decode(raw, &info); err != nil {
			return who, idpAnswer{}, refused("INVALID_IDP_RESPONSE : The emulator needs an id_token that is a JWT or JSON: " + err.Error())
		}
	}
	if err := json.Unmarshal(info, &who); err != nil {
		return who, idpAnswer{}, refused("INVALID_IDP_RESPONSE : The id_token can't be read: " + err.Error())
	}
	if who.Sub == "" {
		return who, idpAnswer{}, refused("INVALID_IDP_RESPONSE : The id_token has no \"sub\", which is the user's id.")
	}
	federated := who.Sub
	if provider == "google.com" {
		federated = "https://accounts.google.com/" + who.Sub
	}
	access := credential.Get("access_token")
	if access == "" {
		access = fmt.Sprintf("no-token-of-%s", provider) // SDKs make a credential of it
	}
	return who, idpAnswer{
		Kind: "identitytoolkit#VerifyAssertionResponse", ProviderID: provider, FederatedID: federated, RawUserInfo: string(info),
		Email: account.NormalEmail(who.Email), EmailVerified: who.EmailVerified, DisplayName: who.Name, FullName: who.Name,
		PhotoURL: who.Picture, ScreenName: who.ScreenName, OAuthIDToken: credential.Get("id_token"), OAuthAccessToken: access,
	}, nil
}

// idpAccount finds or makes the account of a provider's user: the one it is linked to; else the one with the same address,
// if the provider vouches for that; else a new one.
func (c *call) idpAccount(tx *account.Tx, who idpUser, answer *idpAnswer, idToken string) (account.User, error) {
	oneForEmail := !tx.Settings().AllowDuplicateEmails && answer.Email != ""
	linked, isLinked := tx.ByProvider(answer.ProviderID, who.Sub)
	if idToken != "" {
		if isLinked {
			return account.User{}, refused("FEDERATED_USER_ID_ALREADY_LINKED")
		}
		var owner *account.User
		if oneForEmail {
			owner, _ = tx.ByEmail(answer.Email)
		}
		u, _, err := c.signInUser(tx, owner, idToken, "EMAIL_EXISTS")
		if oneForEmail && u.Email == "" {
			u.Email = answer.Email
		}
		if u.Email == answer.Email && who.EmailVerified {
			u.EmailVerified = true
		}
		return u, err
	}
	owner := linked
	if !isLinked && oneForEmail {
		owner, _ = tx.ByEmail(answer.Email)
	}
	u, isNew, err := c.signInUser(tx, owner, "", "")
	switch {
	case err != nil || isLinked:
		return u, err
	case isNew:
		answer.IsNewUser = true
		u.DisplayName, u.PhotoURL, u.ScreenName = who.Name, who.Picture, who.ScreenName
		if oneForEmail {
			u.Email, u.EmailVerified = answer.Email, who.EmailVerified
		}
	case !who.EmailVerified:
		answer.NeedConfirmation, answer.LocalID = true, u.LocalID
		for _, p := range u.Providers {
			if p.ProviderID != account.ProviderPassword && p.ProviderID != account.ProviderPhone {
				answer.VerifiedProvider = append(answer.VerifiedProvider, p.ProviderID)
			}
		}
	default:
		u = takenOver(u, who)
	}
	return u, nil
}

// takenOver gives an account to who has its address by a provider's word. What anybody may have put into it before, who
// never proved to have the address, goes.
func takenOver(u account.User, who idpUser) account.User {
	if !u.EmailVerified {
		u.Hash, u.PhoneNumber, u.Providers = nil, "", nil
		revoke(&u, time.Now().Unix())
	}
	u.EmailVerified, u.DisplayName, u.PhotoURL, u.ScreenName = true, who.Name, who.Picture, who.ScreenName
	return u
}
