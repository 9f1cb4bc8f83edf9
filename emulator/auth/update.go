package auth

import (
	"errors"
	"time"

	"heek.kr/heektime/emulator/internal/account"
	"heek.kr/heektime/emulator/internal/password"
)

type updateResponse struct {
	Kind          string             `json:"kind"`
	LocalID       string             `json:"localId"`
	Email         string             `json:"email,omitempty"`
	NewEmail      string             `json:"newEmail,omitempty"`
	EmailVerified bool               `json:"emailVerified"`
	DisplayName   string             `json:"displayName,omitempty"`
	PhotoURL      string             `json:"photoUrl,omitempty"`
	Providers     []account.Provider `json:"providerUserInfo,omitempty"`
	PasswordHash  string             `json:"passwordHash,omitempty"`
	tokens
}

// update changes the account that a server names, a client's own, or that of an OOB code.
func (s *Server) update(c *call) (any, error) {
	var req updateRequest
	if err := c.decode(&req); err != nil {
		return nil, err
	}
	if err := req.check(c.admin); err != nil {
		return nil, err
	}
	if req.OOBCode != "" {
		return s.applyCode(c, req.OOBCode)
	}
	var hash *password.Hash
	if req.Password != "" {
		var err error
		if hash, err = newHash(req.Password); err != nil {
			return nil, err
		}
	}
	var resp updateResponse
	err := s.store.Update(c.project, func(tx *account.Tx) (err error) {
		resp, err = s.applyUpdate(c, tx, req, hash)
		return err
	})
	if errors.Is(err, account.ErrProviderExists) {
		err = toolkitError("FEDERATED_USER_ID_ALREADY_LINKED")
	}
	return resp, err
}

// applyUpdate changes an account. The hash is that of a new password, or nil.
func (s *Server) applyUpdate(c *call, tx *account.Tx, req updateRequest, hash *password.Hash) (updateResponse, error) {
	old, session, err := req.target(c, tx)
	if err != nil {
		return updateResponse{}, err
	}
	u, revoked, err := req.apply(*old, hash, c.admin, tx.Now())
	if err != nil {
		return updateResponse{}, err
	}
	changed := u.Email != old.Email && u.Email != ""
	if changed && !c.admin && tx.Settings().EmailPrivacy {
		// https://cloud.google.com/identity-platform/docs/admin/email-enumeration-protection
		return updateResponse{}, toolkitError("OPERATION_NOT_ALLOWED : Please verify the new email before changing email.")
	}
	if changed && old.Email != "" && old.InitialEmail == "" {
		u.InitialEmail = old.Email
	}
	saved, err := tx.Put(u)
	if err != nil {
		return updateResponse{}, err
	}
	if changed && saved.InitialEmail != "" {
		s.issueCode(c, tx, account.Code{Kind: recoverEmail, Email: saved.InitialEmail, LocalID: saved.LocalID}, "")
	}
	resp := newUpdateResponse(saved)
	if changed {
		resp.NewEmail = saved.Email
	}
	if revoked && session.Provider != "" { // a client's session, not a server
		if hash != nil {
			session.Provider = account.ProviderPassword
		}
		session.AuthTime = time.Now().Unix()
		resp.tokens, err = c.issue(tx, saved, session)
	}
	return resp, err
}

// newUpdateResponse returns the response for a changed account.
func newUpdateResponse(u *account.User) updateResponse {
	resp := updateResponse{
		Kind: "identitytoolkit#SetAccountInfoResponse", LocalID: u.LocalID, Email: u.Email, EmailVerified: u.EmailVerified,
		DisplayName: u.DisplayName, PhotoURL: u.PhotoURL, Providers: u.Providers,
	}
	if u.Hash != nil {
		resp.PasswordHash = redacted
	}
	return resp
}
