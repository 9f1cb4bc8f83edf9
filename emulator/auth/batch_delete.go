package auth

import (
	"heek.kr/heektime/emulator/internal/account"
)

// maxBatch is the maximum number of accounts in a batch request.
const maxBatch = 1000

type batchError struct {
	Index   int    `json:"index"`
	LocalID string `json:"localId,omitempty"`
	Message string `json:"message"`
}

// batchDelete deletes accounts. Missing accounts count as deleted. Without force, accounts that are
// not disabled are kept.
func (s *Server) batchDelete(c *call) (any, error) {
	var req struct {
		LocalIDs []string `json:"localIds"`
		Force    bool     `json:"force"`
	}
	if err := c.decode(&req); err != nil {
		return nil, err
	}
	if len(req.LocalIDs) == 0 || len(req.LocalIDs) > maxBatch {
		return nil, toolkitError("LOCAL_ID_LIST_EXCEEDS_LIMIT")
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
	return struct {
		Errors []batchError `json:"errors,omitempty"`
	}{errs}, err
}
