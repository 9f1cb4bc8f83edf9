package auth

import (
	"heek.kr/heektime/emulator/internal/account"
)

type kindResponse struct {
	Kind string `json:"kind"`
}

// delete deletes the account that a server names, or a client's own.
func (s *Server) delete(c *call) (any, error) {
	var req struct {
		DelegatedProjectNumber ignored `json:"delegatedProjectNumber"`
		LocalID                string  `json:"localId"`
		IDToken                string  `json:"idToken"`
	}
	if err := c.decode(&req); err != nil {
		return nil, err
	}
	return kindResponse{"identitytoolkit#DeleteAccountResponse"}, s.store.Update(c.project, func(tx *account.Tx) error {
		switch {
		case c.admin && req.LocalID == "":
			return toolkitError("MISSING_LOCAL_ID")
		case c.admin:
			if _, ok := tx.User(req.LocalID); !ok {
				return toolkitError("USER_NOT_FOUND")
			}
			tx.Delete(req.LocalID)
		case req.IDToken == "":
			return toolkitError("MISSING_ID_TOKEN")
		default:
			u, _, err := c.readIDToken(tx, req.IDToken)
			if err != nil {
				return err
			}
			tx.Delete(u.LocalID)
		}
		return nil
	})
}
