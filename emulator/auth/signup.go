package auth

import (
	"time"

	"heek.kr/heektime/emulator/internal/account"
)

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
	IDToken       string  `json:"idToken"` // of the account that gets the password
	MFAInfo       []any   `json:"mfaInfo"`
}

type signUpAnswer struct {
	Kind        string `json:"kind"`
	LocalID     string `json:"localId"`
	Email       string `json:"email,omitempty"`
	DisplayName string `json:"displayName,omitempty"`
	tokens
}

// signUp makes an account: with a password, anonymous, or as a server wants it. With an ID token it gives a password to an
// account that has none.
func (s *Server) signUp(c *call) (any, error) {
	var req signUpRequest
	if err := c.decode(&req); err != nil {
		return nil, err
	}
	provider, err := req.check(c.admin)
	if err != nil {
		return nil, err
	}
	u := account.User{LocalID: req.LocalID, DisplayName: req.DisplayName}
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
	answer := signUpAnswer{Kind: "identitytoolkit#SignupNewUserResponse"}
	err = s.store.Update(c.project, func(tx *account.Tx) error {
		saved, err := c.saveNew(tx, u, req.IDToken)
		if err != nil {
			return err
		}
		answer.LocalID, answer.Email, answer.DisplayName = saved.LocalID, saved.Email, saved.DisplayName
		if provider != "" {
			answer.tokens, err = c.issue(tx, saved, newSignIn(provider))
		}
		return err
	})
	return answer, err
}

// check says by which provider the new user is signed in: none when a server asks.
func (r signUpRequest) check(admin bool) (provider string, err error) {
	switch {
	case len(r.MFAInfo) > 0:
		return "", refused("OPERATION_NOT_ALLOWED : This emulator has no second factors.")
	case r.LocalID != "" && (!admin || r.IDToken != ""):
		return "", refused("UNEXPECTED_PARAMETER : User ID")
	}
	if !admin {
		provider = account.ProviderAnonymous
		if r.IDToken != "" || r.Password != "" || r.Email != nil {
			provider = account.ProviderPassword
			if r.Email == nil {
				return "", refused("MISSING_EMAIL")
			}
		}
	}
	if r.Email != nil && (*r.Email != "" || provider != "") {
		if err := checkEmail(*r.Email); err != nil {
			return "", err
		}
	}
	if provider == account.ProviderPassword && r.Password == "" {
		return "", refused("MISSING_PASSWORD")
	}
	if admin && r.PhoneNumber != "" {
		if err := checkPhone(r.PhoneNumber); err != nil {
			return "", err
		}
	}
	return provider, checkLocalID(r.LocalID)
}

// saveNew creates u, or gives what it has to the account that an ID token belongs to.
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
		revoke(&linked, int64(u.ValidSince))
	}
	if u.DisplayName != "" {
		linked.DisplayName = u.DisplayName
	}
	linked.LastLoginAt = account.Milliseconds(now)
	return tx.Put(linked)
}
