package auth

import (
	"context"
	"errors"

	"heek.kr/heektime/emulator/internal/account"
	"heek.kr/heektime/emulator/internal/password"
)

type signInAnswer struct {
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
		return nil, refused("MISSING_EMAIL")
	case checkEmail(*req.Email) != nil:
		return nil, refused("INVALID_EMAIL")
	case req.Password == "":
		return nil, refused("MISSING_PASSWORD")
	case req.IDToken != "" || req.PendingIDToken != "":
		return nil, notEmulated("idToken and pendingIdToken in a sign-in with a password")
	}
	for {
		checked, err := s.checkPassword(c.Context(), c.project, *req.Email, req.Password)
		if err != nil {
			return nil, err
		}
		answer, err := s.enter(c, checked, req.Password)
		if !errors.Is(err, errChanged) {
			return answer, err
		}
	}
}

// errChanged says that an account became another while its password was checked, so that it must be checked again.
var errChanged = errors.New("the account changed meanwhile")

// enter signs in a user whose password was checked.
func (s *Server) enter(c *call, checked *account.User, plain string) (any, error) {
	// A password from elsewhere is hashed our way now that it is known, as the real service does.
	renewed := checked.Hash
	if !renewed.Native() {
		var err error
		if renewed, err = password.New(plain); err != nil {
			return nil, err
		}
	}
	answer := signInAnswer{Kind: "identitytoolkit#VerifyPasswordResponse", Registered: true}
	err := s.store.Update(c.project, func(tx *account.Tx) error {
		now, ok := tx.User(checked.LocalID)
		if !ok || now.Email != checked.Email || now.Hash != checked.Hash || now.Disabled {
			return errChanged
		}
		u := *now
		u.Hash = renewed
		u.LastLoginAt = account.Milliseconds(tx.Now().UnixMilli())
		saved, err := tx.Put(u)
		if err != nil {
			return err
		}
		answer.LocalID, answer.Email, answer.DisplayName, answer.PhotoURL = saved.LocalID, saved.Email, saved.DisplayName, saved.PhotoURL
		answer.tokens, err = c.issue(tx, saved, newSignIn(account.ProviderPassword))
		return err
	})
	return answer, err
}

// checkPassword finds the account whose address and password these are. It computes the hash outside of any change,
// because an imported one can take long.
func (s *Server) checkPassword(ctx context.Context, project, email, plain string) (*account.User, error) {
	var found *account.User
	var err error
	s.store.View(project, func(tx *account.Tx) {
		u, ok := tx.ByEmail(email)
		switch {
		case ok && u.Disabled:
			err = refused("USER_DISABLED")
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
		s.log.ErrorContext(ctx, "a password can't be checked", "localId", found.LocalID, "error", err)
		return nil, refused("INVALID_PASSWORD : The imported hash can't be checked: " + err.Error())
	}
	if !right {
		s.store.View(project, func(tx *account.Tx) { err = s.wrongPassword(tx, true) })
		return nil, err
	}
	return found, nil
}

// wrongPassword is the same answer for an unknown address and a wrong password where e-mail privacy is on.
func (s *Server) wrongPassword(tx *account.Tx, known bool) error {
	switch {
	case tx.Settings().EmailPrivacy:
		return refused("INVALID_LOGIN_CREDENTIALS")
	case known:
		return refused("INVALID_PASSWORD")
	}
	return refused("EMAIL_NOT_FOUND")
}
