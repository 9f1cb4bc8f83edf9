package auth

import "heek.kr/heektime/emulator/internal/account"

// signInWithEmailLink signs in, or registers, who got a link by mail.
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
		return nil, refused("MISSING_EMAIL")
	case req.OOBCode == "":
		return nil, refused("MISSING_OOB_CODE")
	}
	answer := signInAnswer{Kind: "identitytoolkit#EmailLinkSigninResponse", IsNewUser: new(bool)}
	err := s.store.Update(c.project, func(tx *account.Tx) error {
		code, err := findCode(tx, req.OOBCode)
		switch {
		case err != nil:
			return err
		case code.Kind != emailSignIn:
			return refused("INVALID_OOB_CODE")
		case code.Email != account.NormalEmail(req.Email):
			return refused("INVALID_EMAIL : The email provided does not match the sign-in email address.")
		}
		tx.UseCode(req.OOBCode)
		owner, _ := tx.ByEmail(code.Email)
		u, isNew, err := c.signInUser(tx, owner, req.IDToken, "EMAIL_EXISTS")
		if err != nil {
			return err
		}
		u.Email, u.EmailVerified, u.EmailLinkSignIn = code.Email, true, true
		saved, err := tx.Put(u)
		if err != nil {
			return err
		}
		answer.LocalID, answer.Email, *answer.IsNewUser = saved.LocalID, saved.Email, isNew
		answer.tokens, err = c.issue(tx, saved, newSignIn(account.ProviderPassword))
		return err
	})
	return answer, err
}
