package auth

import "heek.kr/heektime/emulator/internal/account"

type kind struct {
	Kind string `json:"kind"`
}

// delete removes the account that a server names, or a client's own.
func (s *Server) delete(c *call) (any, error) {
	var req struct {
		DelegatedProjectNumber ignored `json:"delegatedProjectNumber"`
		LocalID                string  `json:"localId"`
		IDToken                string  `json:"idToken"`
	}
	if err := c.decode(&req); err != nil {
		return nil, err
	}
	return kind{"identitytoolkit#DeleteAccountResponse"}, s.store.Update(c.project, func(tx *account.Tx) error {
		switch {
		case c.admin && req.LocalID == "":
			return refused("MISSING_LOCAL_ID")
		case c.admin:
			if _, ok := tx.User(req.LocalID); !ok {
				return refused("USER_NOT_FOUND")
			}
			tx.Delete(req.LocalID)
		case req.IDToken == "":
			return refused("MISSING_ID_TOKEN")
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

// maxBatch is how many accounts one call may name.
const maxBatch = 1000

type batchError struct {
	Index   int    `json:"index"`
	LocalID string `json:"localId,omitempty"`
	Message string `json:"message"`
}

// batchDelete removes many accounts. Those that are not there count as removed; without force those that are not disabled
// stay.
func (s *Server) batchDelete(c *call) (any, error) {
	var req struct {
		LocalIDs []string `json:"localIds"`
		Force    bool     `json:"force"`
	}
	if err := c.decode(&req); err != nil {
		return nil, err
	}
	if len(req.LocalIDs) == 0 || len(req.LocalIDs) > maxBatch {
		return nil, refused("LOCAL_ID_LIST_EXCEEDS_LIMIT")
	}
	var errs []batchError
	err := s.store.Update(c.project, func(tx *account.Tx) error {
		for i, id := range req.LocalIDs {
			if u, ok := tx.User(id); ok && !u.Disabled && !req.Force {
				errs = append(errs, batchError{i, id, "NOT_DISABLED : Disable the account before batch deletion."})
			} else {
				tx.Delete(id)
			}
		}
		return nil
	})
	return map[string][]batchError{"errors": errs}, err
}
