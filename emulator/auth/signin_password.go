package auth

import (
	"context"
	"errors"

	"heek.kr/heektime/emulator/internal/account"
	"heek.kr/heektime/emulator/internal/password"
)

// signInResponse is the response to most sign-ins.
type signInResponse struct {
	Kind        string `json:"kind,omitempty"`
	Registered  bool   `json:"registered,omitempty"`
	LocalID     string `json:"localId,omitempty"`
	Email       string `json:"email,omitempty"`
	DisplayName string `json:"displayName,omitempty"`
	PhotoURL    string `json:"profilePicture,omitempty"`
	PhoneNumber string `json:"phoneNumber,omitempty"`
	IsNewUser   *bool  `json:"isNewUser,omitempty"`
	tokens
}

// signInWithPassword signs in with an email address and a password.
func (s *Server) signInWithPassword(c *call) (any, error) {
	var req struct {
		clientFields
		Email          *string `json:"email"`
		Password       string  `json:"password"`
		IDToken        string  `json:"idToken"`
		PendingIDToken string  `json:"pendingIdToken"`
	}
	if err := c.decode(&req); err != nil {
		return nil, err
	}
	switch {
	case req.Email == nil:
		return nil, toolkitError("MISSING_EMAIL")
	case checkEmail(*req.Email) != nil:
		return nil, toolkitError("INVALID_EMAIL")
	case req.Password == "":
		return nil, toolkitError("MISSING_PASSWORD")
	case req.IDToken != "" || req.PendingIDToken != "":
		return nil, notEmulated("idToken and pendingIdToken in a sign-in with a password")
	}
	for {
		checked, err := s.checkPassword(c.Context(), c.project, *req.Email, req.Password)
		if err != nil {
			return nil, err
		}
		resp, err := s.finishPasswordSignIn(c, checked, req.Password)
		if !errors.Is(err, errAccountChanged) {
			return resp, err
		}
	}
}

// errAccountChanged means that the account changed while its password was verified, so that the
// password must be verified again.
var errAccountChanged = errors.New("the account changed meanwhile")

// finishPasswordSignIn signs in a user whose password was verified.
func (s *Server) finishPasswordSignIn(c *call, checked *account.User, plain string) (any, error) {
	// An imported hash is replaced by a native one now that the password is known, as in
	// production.
	hash := checked.Hash
	if !hash.Native() {
		var err error
		if hash, err = password.New(plain); err != nil {
			return nil, err
		}
	}
	resp := signInResponse{Kind: "identitytoolkit#VerifyPasswordResponse", Registered: true}
	err := s.store.Update(c.project, func(tx *account.Tx) error {
		current, ok := tx.User(checked.LocalID)
		if !ok || current.Email != checked.Email || current.Hash != checked.Hash || current.Disabled {
			return errAccountChanged
		}
		u := *current
		u.Hash = hash
		u.LastLoginAt = account.Milliseconds(tx.Now().UnixMilli())
		saved, err := tx.Put(u)
		if err != nil {
			return err
		}
		resp.LocalID, resp.Email, resp.DisplayName, resp.PhotoURL = saved.LocalID, saved.Email, saved.DisplayName, saved.PhotoURL
		resp.tokens, err = c.issue(tx, saved, newSignIn(account.ProviderPassword))
		return err
	})
	return resp, err
}

// checkPassword returns the account with an email address if the password is correct. It computes
// the hash outside Update, because imported hashes can be slow.
func (s *Server) checkPassword(ctx context.Context, project, email, plain string) (*account.User, error) {
	var found *account.User
	var err error
	s.store.View(project, func(tx *account.Tx) {
		u, ok := tx.ByEmail(email)
		switch {
		case ok && u.Disabled:
			err = toolkitError("USER_DISABLED")
		case !ok || u.Hash == nil:
			err = s.wrongPassword(tx, ok)
		}
		found = u
	})
	if err != nil {
		return nil, err
	}
	right, err := found.Hash.Verify(plain)
	if err != nil {
		s.log.ErrorContext(ctx, "verifying a password failed", "localId", found.LocalID, "error", err)
		return nil, toolkitError("INVALID_PASSWORD : The imported hash cannot be verified: " + err.Error())
	}
	if !right {
		s.store.View(project, func(tx *account.Tx) { err = s.wrongPassword(tx, true) })
		return nil, err
	}
	return found, nil
}

// wrongPassword returns the error for a wrong password or, if known is false, an unknown address.
// With email privacy, both errors are the same.
func (s *Server) wrongPassword(tx *account.Tx, known bool) error {
	switch {
	case tx.Settings().EmailPrivacy:
		return toolkitError("INVALID_LOGIN_CREDENTIALS")
	case known:
		return toolkitError("INVALID_PASSWORD")
	}
	return toolkitError("EMAIL_NOT_FOUND")
}
