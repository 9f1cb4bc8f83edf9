package auth

import (
	"heek.kr/heektime/emulator/internal/account"
)

type idpResponse struct {
	Kind             string   `json:"kind"`
	ProviderID       string   `json:"providerId"`
	FederatedID      string   `json:"federatedId"`
	RawUserInfo      string   `json:"rawUserInfo"`
	LocalID          string   `json:"localId,omitempty"`
	Email            string   `json:"email,omitempty"`
	EmailVerified    bool     `json:"emailVerified"`
	DisplayName      string   `json:"displayName,omitempty"`
	FullName         string   `json:"fullName,omitempty"`
	FirstName        string   `json:"firstName,omitempty"`
	LastName         string   `json:"lastName,omitempty"`
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

// signInWithIdp signs in with a credential of an identity provider. It does not verify the
// credential, as the official emulator does not.
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
	user, resp, err := readCredential(credential)
	if err != nil {
		return nil, err
	}
	err = s.store.Update(c.project, func(tx *account.Tx) error {
		u, err := c.idpAccount(tx, user, &resp, req.IDToken)
		if err != nil || resp.NeedConfirmation {
			return err
		}
		saved, err := tx.Put(u.Link(account.Provider{
			ProviderID: resp.ProviderID, RawID: user.Sub, FederatedID: user.Sub, Email: resp.Email,
			DisplayName: user.Name, PhotoURL: user.Picture, ScreenName: user.ScreenName,
		}))
		if err != nil {
			return err
		}
		resp.LocalID = saved.LocalID
		if saved.Email == resp.Email {
			resp.EmailVerified = saved.EmailVerified
		}
		resp.tokens, err = c.issue(tx, saved, newSignIn(resp.ProviderID))
		return err
	})
	if e := credentialErrorCode(err); e != "" && req.ReturnIDPCredential {
		resp.ErrorMessage = e
		return resp, nil
	}
	return resp, err
}

// credentialErrorCode returns the code of an error that clients expect together with the
// credential, or "".
func credentialErrorCode(err error) string {
	if err == nil {
		return ""
	}
	switch e := asAPIError(err); e.message {
	case "EMAIL_EXISTS", "FEDERATED_USER_ID_ALREADY_LINKED":
		return e.message
	}
	return ""
}

// idpAccount returns the account of a provider's user: the account linked to it, else the account
// with the same email address if the provider verified the address, else a new account.
func (c *call) idpAccount(tx *account.Tx, user idpUser, resp *idpResponse, idToken string) (account.User, error) {
	oneForEmail := !tx.Settings().AllowDuplicateEmails && resp.Email != ""
	linked, isLinked := tx.ByProvider(resp.ProviderID, user.Sub)
	if idToken != "" {
		if isLinked {
			return account.User{}, toolkitError("FEDERATED_USER_ID_ALREADY_LINKED")
		}
		var owner *account.User
		if oneForEmail {
			owner, _ = tx.ByEmail(resp.Email)
		}
		u, _, err := c.signInUser(tx, owner, idToken, "EMAIL_EXISTS")
		if oneForEmail && u.Email == "" {
			u.Email = resp.Email
		}
		if u.Email == resp.Email && bool(user.EmailVerified) {
			u.EmailVerified = true
		}
		return u, err
	}
	owner := linked
	if !isLinked && oneForEmail {
		owner, _ = tx.ByEmail(resp.Email)
	}
	u, isNew, err := c.signInUser(tx, owner, "", "")
	switch {
	case err != nil || isLinked:
		return u, err
	case isNew:
		resp.IsNewUser = true
		u.DisplayName, u.PhotoURL, u.ScreenName = user.Name, user.Picture, user.ScreenName
		if oneForEmail {
			u.Email, u.EmailVerified = resp.Email, bool(user.EmailVerified)
		}
	case !bool(user.EmailVerified):
		resp.NeedConfirmation, resp.LocalID = true, u.LocalID
		for _, p := range u.Providers {
			if p.ProviderID != account.ProviderPassword && p.ProviderID != account.ProviderPhone {
				resp.VerifiedProvider = append(resp.VerifiedProvider, p.ProviderID)
			}
		}
	default:
		u = takeOver(u, user)
	}
	return u, nil
}

// takeOver gives an account to a provider's user with the same verified email address. If the
// account's address was not verified before, someone else may have created it, so their credentials
// are removed.
func takeOver(u account.User, user idpUser) account.User {
	if !u.EmailVerified {
		u.Hash, u.PhoneNumber, u.Providers = nil, "", nil
		endSessions(&u)
	}
	u.EmailVerified, u.DisplayName, u.PhotoURL, u.ScreenName = true, user.Name, user.Picture, user.ScreenName
	return u
}
