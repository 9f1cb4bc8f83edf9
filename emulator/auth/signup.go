package auth

import (
	"time"

	"heek.kr/heektime/emulator/internal/account"
)

// signUpRequest is a new account, or credentials to link to an existing one.
type signUpRequest struct {
	clientFields
	LocalID       string  `json:"localId"`
	Email         *string `json:"email"`
	Password      string  `json:"password"`
	DisplayName   string  `json:"displayName"`
	PhotoURL      string  `json:"photoUrl"`
	PhoneNumber   string  `json:"phoneNumber"`
	EmailVerified bool    `json:"emailVerified"`
	Disabled      bool    `json:"disabled"`
	IDToken       string  `json:"idToken"` // of the account to link the password to
	MFAInfo       []any   `json:"mfaInfo"`
}

type signUpResponse struct {
	Kind        string `json:"kind"`
	LocalID     string `json:"localId"`
	Email       string `json:"email,omitempty"`
	DisplayName string `json:"displayName,omitempty"`
	tokens
}

// signUp creates an account: with a password, anonymous, or for a server. With an ID token, it
// links a password to the token's account.
func (s *Server) signUp(c *call) (any, error) {
	var req signUpRequest
	if err := c.decode(&req); err != nil {
		return nil, err
	}
	provider, err := req.check(c.admin)
	if err != nil {
		return nil, err
	}
	u := account.User{LocalID: req.LocalID}
	if provider != account.ProviderAnonymous {
		u.DisplayName = req.DisplayName
	}
	if req.Email != nil {
		u.Email = *req.Email
	}
	if c.admin {
		u.PhotoURL, u.PhoneNumber, u.EmailVerified, u.Disabled = req.PhotoURL, req.PhoneNumber, req.EmailVerified, req.Disabled
	}
	if req.Password != "" {
		if u.Hash, err = newHash(req.Password); err != nil {
			return nil, err
		}
	}
	resp := signUpResponse{Kind: "identitytoolkit#SignupNewUserResponse"}
	err = s.store.Update(c.project, func(tx *account.Tx) error {
		saved, err := c.saveNew(tx, u, req.IDToken)
		if err != nil {
			return err
		}
		resp.LocalID, resp.Email, resp.DisplayName = saved.LocalID, saved.Email, saved.DisplayName
		if provider != "" {
			resp.tokens, err = c.issue(tx, saved, newSignIn(provider))
		}
		return err
	})
	return resp, err
}

// check validates the request. It returns the provider with which the new user is signed in, or ""
// for a server's request, which does not sign in.
func (r signUpRequest) check(admin bool) (provider string, err error) {
	switch {
	case len(r.MFAInfo) > 0:
		return "", toolkitError("OPERATION_NOT_ALLOWED : This emulator has no second factors.")
	case r.LocalID != "" && (!admin || r.IDToken != ""):
		return "", toolkitError("UNEXPECTED_PARAMETER : User ID")
	}
	if !admin {
		provider = account.ProviderAnonymous
		if r.IDToken != "" || r.Password != "" || r.Email != nil {
			provider = account.ProviderPassword
			if r.Email == nil || *r.Email == "" {
				return "", toolkitError("MISSING_EMAIL")
			}
		}
	}
	if r.Email != nil && (*r.Email != "" || provider != "") {
		if err := checkEmail(*r.Email); err != nil {
			return "", err
		}
	}
	if provider == account.ProviderPassword && r.Password == "" {
		return "", toolkitError("MISSING_PASSWORD")
	}
	if admin && r.PhoneNumber != "" {
		if err := checkPhone(r.PhoneNumber); err != nil {
			return "", err
		}
	}
	return provider, checkLocalID(r.LocalID)
}

// saveNew creates u or, with an ID token, links its credentials to the token's account.
func (c *call) saveNew(tx *account.Tx, u account.User, idToken string) (*account.User, error) {
	now := tx.Now().UnixMilli()
	if u.Hash != nil {
		u.PasswordUpdated = now
		u.ValidSince = account.Seconds(time.Now().Unix())
	}
	if idToken == "" {
		if !c.admin {
			u.LastLoginAt = account.Milliseconds(now)
		}
		return tx.Create(u)
	}
	old, _, err := c.readIDToken(tx, idToken)
	if err != nil {
		return nil, err
	}
	linked := *old
	if u.Email != "" {
		linked.Email, linked.EmailVerified = u.Email, u.EmailVerified
	}
	if u.Hash != nil {
		linked.Hash, linked.PasswordUpdated = u.Hash, u.PasswordUpdated
		endSessions(&linked)
	}
	if u.DisplayName != "" {
		linked.DisplayName = u.DisplayName
	}
	linked.LastLoginAt = account.Milliseconds(now)
	return tx.Put(linked)
}
