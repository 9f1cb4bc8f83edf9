package auth

import (
	"heek.kr/heektime/emulator/internal/account"
)

// applyCode applies an OOB code to its account: it verifies, changes or recovers the email address.
func (s *Server) applyCode(c *call, id string) (updateResponse, error) {
	var resp updateResponse
	err := s.store.Update(c.project, func(tx *account.Tx) error {
		code, err := findCode(tx, id)
		if err != nil {
			return err
		}
		tx.DeleteCode(id)
		old, ok := tx.ByEmail(code.Email)
		if code.Kind == recoverEmail {
			old, ok = tx.User(code.LocalID)
		}
		if !ok {
			return toolkitError("INVALID_OOB_CODE")
		}
		u := *old
		switch code.Kind {
		case verifyEmail:
			u.EmailVerified = true
		case verifyAndChangeEmail:
			if u.InitialEmail == "" {
				u.InitialEmail = u.Email
			}
			u.Email, u.EmailVerified = code.NewEmail, true
			resp.NewEmail = code.NewEmail
		case recoverEmail:
			u.Email, u.EmailVerified = code.Email, true
		default:
			return toolkitError("INVALID_OOB_CODE")
		}
		if u.Email != old.Email {
			endSessions(&u)
		}
		saved, err := tx.Put(u)
		if err != nil {
			return err
		}
		newEmail := resp.NewEmail
		resp = newUpdateResponse(saved)
		resp.NewEmail = newEmail
		return nil
	})
	return resp, err
}

type resetResponse struct {
	Kind        string `json:"kind"`
	RequestType string `json:"requestType"`
	Email       string `json:"email,omitempty"`
	NewEmail    string `json:"newEmail,omitempty"`
}

// resetPassword sets a new password with an OOB code. Without a new password, it returns what the
// code is for.
func (s *Server) resetPassword(c *call) (any, error) {
	var req struct {
		clientFields
		OOBCode     string  `json:"oobCode"`
		NewPassword string  `json:"newPassword"`
		Email       ignored `json:"email"`
		OldPassword string  `json:"oldPassword"`
	}
	if err := c.decode(&req); err != nil {
		return nil, err
	}
	switch {
	case req.OldPassword != "":
		return nil, notEmulated("oldPassword in a password reset")
	case req.OOBCode == "":
		return nil, toolkitError("MISSING_OOB_CODE")
	case req.NewPassword == "":
		return s.readCode(c.project, req.OOBCode)
	}
	return s.applyPasswordReset(c.project, req.OOBCode, req.NewPassword)
}

func newResetResponse(code account.Code) resetResponse {
	resp := resetResponse{"identitytoolkit#ResetPasswordResponse", code.Kind, code.Email, code.NewEmail}
	if code.Kind == emailSignIn {
		resp.Email = "" // users must enter it when they sign in
	}
	return resp
}

func (s *Server) readCode(project, id string) (resp resetResponse, err error) {
	s.store.View(project, func(tx *account.Tx) {
		var code account.Code
		if code, err = findCode(tx, id); err == nil {
			resp = newResetResponse(code)
		}
	})
	return resp, err
}

// applyPasswordReset sets a new password with an OOB code, which also verifies the address. It ends
// all sessions.
func (s *Server) applyPasswordReset(project, id, plain string) (resp resetResponse, err error) {
	hash, err := newHash(plain)
	if err != nil {
		return resp, err
	}
	err = s.store.Update(project, func(tx *account.Tx) error {
		code, err := findCode(tx, id)
		if err != nil {
			return err
		}
		old, ok := tx.ByEmail(code.Email)
		if !ok || code.Kind != passwordReset {
			return toolkitError("INVALID_OOB_CODE")
		}
		tx.DeleteCode(id)
		u := *old
		u.Hash, u.PasswordUpdated, u.EmailVerified = hash, tx.Now().UnixMilli(), true
		endSessions(&u)
		resp = newResetResponse(code)
		_, err = tx.Put(u)
		return err
	})
	return resp, err
}
