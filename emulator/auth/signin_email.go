package auth

import "heek.kr/heektime/emulator/internal/account"

// signInWithEmailLink signs in with an emailed link. It creates the account if it is missing.
func (s *Server) signInWithEmailLink(c *call) (any, error) {
	var req struct {
		clientFields
		Email   string `json:"email"`
		OOBCode string `json:"oobCode"`
		IDToken string `json:"idToken"`
	}
	if err := c.decode(&req); err != nil {
		return nil, err
	}
	switch {
	case req.Email == "":
		return nil, toolkitError("MISSING_EMAIL")
	case req.OOBCode == "":
		return nil, toolkitError("MISSING_OOB_CODE")
	}
	resp := signInResponse{Kind: "identitytoolkit#EmailLinkSigninResponse", IsNewUser: new(bool)}
	err := s.store.Update(c.project, func(tx *account.Tx) error {
		code, err := findCode(tx, req.OOBCode)
		switch {
		case err != nil:
			return err
		case code.Kind != emailSignIn:
			return toolkitError("INVALID_OOB_CODE")
		case code.Email != account.NormalizeEmail(req.Email):
			return toolkitError("INVALID_EMAIL : The email provided does not match the sign-in email address.")
		}
		tx.DeleteCode(req.OOBCode)
		owner, _ := tx.ByEmail(code.Email)
		u, isNew, err := c.signInUser(tx, owner, req.IDToken, "EMAIL_EXISTS")
		if err != nil {
			return err
		}
		if !isNew && u.Email != code.Email {
			endSessions(&u) // of an account that gets the address with its link
		}
		u.Email, u.EmailVerified, u.EmailLinkSignIn = code.Email, true, true
		saved, err := tx.Put(u)
		if err != nil {
			return err
		}
		resp.LocalID, resp.Email, *resp.IsNewUser = saved.LocalID, saved.Email, isNew
		resp.tokens, err = c.issue(tx, saved, newSignIn(account.ProviderPassword))
		return err
	})
	return resp, err
}
