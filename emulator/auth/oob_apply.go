package auth

import (
	"time"

	"heek.kr/heektime/emulator/internal/account"
)

// applyCode does to an account what its owner was asked by mail.
func (s *Server) applyCode(c *call, id string) (updateAnswer, error) {
	var answer updateAnswer
	err := s.store.Update(c.project, func(tx *account.Tx) error {
		code, err := findCode(tx, id)
		if err != nil {
			return err
		}
		tx.UseCode(id)
		old, ok := tx.ByEmail(code.Email)
		if code.Kind == recoverEmail {
			old, ok = tx.User(code.LocalID)
		}
		if !ok {
			return refused("INVALID_OOB_CODE")
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
			answer.NewEmail = code.NewEmail
		case recoverEmail:
			u.Email, u.EmailVerified = code.Email, true
		default:
			return refused("INVALID_OOB_CODE")
		}
		if u.Email != old.Email {
			revoke(&u, time.Now().Unix())
		}
		saved, err := tx.Put(u)
		if err != nil {
			return err
		}
		newEmail := answer.NewEmail
		answer = updated(saved)
		answer.NewEmail = newEmail
		return nil
	})
	return answer, err
}

type resetAnswer struct {
	Kind        string `json:"kind"`
	RequestType string `json:"requestType"`
	Email       string `json:"email,omitempty"`
	NewEmail    string `json:"newEmail,omitempty"`
}

// resetPassword tells what a code is for and, with a new password, sets that.
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
		return nil, refused("MISSING_OOB_CODE")
	case req.NewPassword == "":
		return s.describeCode(c.project, req.OOBCode)
	}
	return s.setForgotten(c.project, req.OOBCode, req.NewPassword)
}

func describe(code account.Code) resetAnswer {
	answer := resetAnswer{"identitytoolkit#ResetPasswordResponse", code.Kind, code.Email, code.NewEmail}
	if code.Kind == emailSignIn {
		answer.Email = "" // its owner must type it when signing in
	}
	return answer
}

func (s *Server) describeCode(project, id string) (answer resetAnswer, err error) {
	s.store.View(project, func(tx *account.Tx) {
		var code account.Code
		if code, err = findCode(tx, id); err == nil {
			answer = describe(code)
		}
	})
	return answer, err
}

// setForgotten sets a password by a code that was mailed, which proves the address too. Whoever had signed in is out.
func (s *Server) setForgotten(project, id, plain string) (answer resetAnswer, err error) {
	hash, err := newHash(plain)
	if err != nil {
		return answer, err
	}
	err = s.store.Update(project, func(tx *account.Tx) error {
		code, err := findCode(tx, id)
		if err != nil {
			return err
		}
		old, ok := tx.ByEmail(code.Email)
		if !ok || code.Kind != passwordReset {
			return refused("INVALID_OOB_CODE")
		}
		tx.UseCode(id)
		u := *old
		u.Hash, u.PasswordUpdated, u.EmailVerified = hash, tx.Now().UnixMilli(), true
		revoke(&u, time.Now().Unix())
		answer = describe(code)
		_, err = tx.Put(u)
		return err
	})
	return answer, err
}
