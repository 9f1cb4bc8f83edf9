package auth

import (
	"slices"

	"heek.kr/heektime/emulator/internal/account"
)

// createAuthURI returns the sign-in methods of an email address, unless email privacy is on.
// Starting a sign-in at a provider is not emulated.
func (s *Server) createAuthURI(c *call) (any, error) {
	var req struct {
		clientFields
		Identifier       string  `json:"identifier"`
		ContinueURI      string  `json:"continueUri"`
		ProviderID       string  `json:"providerId"`
		SessionID        string  `json:"sessionId"`
		AppID            ignored `json:"appId"`
		AuthFlowType     ignored `json:"authFlowType"`
		Context          ignored `json:"context"`
		CustomParameter  ignored `json:"customParameter"`
		HostedDomain     ignored `json:"hostedDomain"`
		OAuthConsumerKey ignored `json:"oauthConsumerKey"`
		OAuthScope       ignored `json:"oauthScope"`
		OpenIDRealm      ignored `json:"openidRealm"`
		OTAApp           ignored `json:"otaApp"`
	}
	if err := c.decode(&req); err != nil {
		return nil, err
	}
	switch {
	case req.ProviderID != "":
		return nil, notEmulated("the sign-in pages of identity providers")
	case req.Identifier == "":
		return nil, toolkitError("MISSING_IDENTIFIER")
	case req.ContinueURI == "":
		return nil, toolkitError("MISSING_CONTINUE_URI")
	case checkEmail(req.Identifier) != nil:
		return nil, toolkitError("INVALID_IDENTIFIER")
	case !isAbsolute(req.ContinueURI):
		return nil, toolkitError("INVALID_CONTINUE_URI")
	}
	resp := struct {
		Kind         string   `json:"kind"`
		SessionID    string   `json:"sessionId"`
		Registered   *bool    `json:"registered,omitempty"`
		AllProviders []string `json:"allProviders,omitempty"`
		Methods      []string `json:"signinMethods,omitempty"`
	}{Kind: "identitytoolkit#CreateAuthUriResponse", SessionID: req.SessionID}
	if resp.SessionID == "" {
		resp.SessionID = account.RandomID(27)
	}
	s.store.View(c.project, func(tx *account.Tx) {
		if tx.Settings().EmailPrivacy {
			return
		}
		u, ok := tx.ByEmail(req.Identifier)
		if !ok {
			u, ok = tx.ByProviderEmail(req.Identifier)
		}
		resp.Registered = &ok
		if ok {
			resp.AllProviders, resp.Methods = methods(u, tx.Settings().AllowDuplicateEmails)
		}
	})
	return resp, nil
}

// methods returns a user's providers and sign-in methods. With accounts that share an address, only a password and links
// tell which account it is.
func methods(u *account.User, shared bool) (providers, signIns []string) {
	for _, p := range u.Providers {
		if p.ProviderID == account.ProviderPhone || shared && p.ProviderID != account.ProviderPassword {
			continue
		}
		switch p.ProviderID {
		case account.ProviderPassword:
			if u.Hash != nil {
				signIns = append(signIns, account.ProviderPassword)
			}
			if u.EmailLinkSignIn {
				signIns = append(signIns, "emailLink")
			}
		default:
			signIns = append(signIns, p.ProviderID)
		}
		if !slices.Contains(providers, p.ProviderID) {
			providers = append(providers, p.ProviderID)
		}
	}
	return providers, signIns
}
