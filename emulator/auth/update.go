package auth

import (
	"errors"
	"time"

	"heek.kr/heektime/emulator/internal/account"
	"heek.kr/heektime/emulator/internal/password"
)

type updateRequest struct {
	clientFields
	IDToken  string `json:"idToken"`
	LocalID  string `json:"localId"`
	OOBCode  string `json:"oobCode"`
	Email    string `json:"email"`
	Password string `json:"password"`

	DisplayName *string `json:"displayName"`
	PhotoURL    *string `json:"photoUrl"`

	// For servers only.
	EmailVerified    *bool                 `json:"emailVerified"`
	PhoneNumber      string                `json:"phoneNumber"`
	DisableUser      *bool                 `json:"disableUser"`
	CustomAttributes *string               `json:"customAttributes"`
	ValidSince       *account.Seconds      `json:"validSince"`
	CreatedAt        *account.Milliseconds `json:"createdAt"`
	LastLoginAt      *account.Milliseconds `json:"lastLoginAt"`

	DeleteAttribute []string          `json:"deleteAttribute"`
	DeleteProvider  []string          `json:"deleteProvider"`
	LinkProvider    *account.Provider `json:"linkProviderUserInfo"`

	// Not in this emulator.
	Provider                ignored `json:"provider"`
	UpgradeToFederatedLogin ignored `json:"upgradeToFederatedLogin"`
	MFA                     *struct {
		Enrollments []any `json:"enrollments"`
	} `json:"mfa"`
}

type updateAnswer struct {
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

// update changes the account that a server names, or a client's own, or the one that a mailed code is for.
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
	var answer updateAnswer
	err := s.store.Update(c.project, func(tx *account.Tx) error {
		old, session, err := req.target(c, tx)
		if err != nil {
			return err
		}
		u, revoked, err := req.apply(*old, hash, c.admin, tx.Now())
		if err != nil {
			return err
		}
		changed := u.Email != old.Email && u.Email != ""
		if changed && old.Email != "" && old.InitialEmail == "" {
			u.InitialEmail = old.Email
		}
		saved, err := tx.Put(u)
		if err != nil {
			return err
		}
		if changed && saved.InitialEmail != "" {
			s.mail(c, tx, account.Code{Kind: recoverEmail, Email: saved.InitialEmail, LocalID: saved.LocalID}, "")
		}
		answer = updated(saved)
		if changed {
			answer.NewEmail = saved.Email
		}
		if hash != nil {
			session.Provider = account.ProviderPassword
		}
		if revoked && session.Provider != "" {
			answer.tokens, err = c.issue(tx, saved, session)
		}
		return err
	})
	if errors.Is(err, account.ErrProviderExists) {
		err = refused("FEDERATED_USER_ID_ALREADY_LINKED")
	}
	return answer, err
}

func (r updateRequest) check(admin bool) error {
	switch {
	case r.Provider != nil || r.UpgradeToFederatedLogin != nil:
		return notEmulated("provider and upgradeToFederatedLogin")
	case r.MFA != nil && len(r.MFA.Enrollments) > 0:
		return refused("OPERATION_NOT_ALLOWED : This emulator has no second factors.")
	case !admin && r.IDToken == "" && r.OOBCode == "":
		return refused("INVALID_REQ_TYPE : Unsupported request parameters.")
	case !admin && r.CustomAttributes != nil:
		return refused("INSUFFICIENT_PERMISSION")
	case r.IDToken != "" && r.DisableUser != nil:
		return refused("OPERATION_NOT_ALLOWED")
	case admin && r.LocalID == "" && r.IDToken == "" && r.OOBCode == "":
		return refused("MISSING_LOCAL_ID")
	}
	if r.CustomAttributes != nil && *r.CustomAttributes != "" {
		if err := checkCustomAttributes(*r.CustomAttributes); err != nil {
			return err
		}
	}
	for _, attribute := range r.DeleteAttribute {
		switch attribute {
		case "USER_ATTRIBUTE_NAME_UNSPECIFIED", "DISPLAY_NAME", "PHOTO_URL", "PASSWORD", "EMAIL":
		case "PROVIDER", "RAW_USER_INFO":
			return notEmulated("deleteAttribute " + attribute)
		default:
			return invalidArgument("Invalid value at 'delete_attribute': \"" + attribute + "\"")
		}
	}
	if r.LinkProvider != nil {
		switch {
		case r.LinkProvider.ProviderID == "":
			return refused("MISSING_PROVIDER_ID")
		case r.LinkProvider.RawID == "":
			return refused("MISSING_RAW_ID")
		}
	}
	if r.Email != "" {
		if err := checkEmail(r.Email); err != nil {
			return err
		}
	}
	if r.PhoneNumber != "" {
		return checkPhone(r.PhoneNumber)
	}
	return nil
}

// target finds the account. A server's change belongs to no session.
func (r updateRequest) target(c *call, tx *account.Tx) (*account.User, signIn, error) {
	if r.IDToken != "" {
		return c.readIDToken(tx, r.IDToken)
	}
	u, ok := tx.User(r.LocalID)
	if !ok {
		return nil, signIn{}, refused("USER_NOT_FOUND")
	}
	return u, signIn{}, nil
}

// apply makes the changes, and says whether they revoke the account's tokens.
func (r updateRequest) apply(u account.User, hash *password.Hash, admin bool, now time.Time) (_ account.User, revoked bool, _ error) {
	if email := account.NormalEmail(r.Email); email != "" && email != u.Email {
		u.Email, u.EmailVerified = email, false
		revoked = true
	}
	if hash != nil {
		u.Hash, u.PasswordUpdated = hash, now.UnixMilli()
		revoked = true
	}
	set(&u.DisplayName, r.DisplayName)
	set(&u.PhotoURL, r.PhotoURL)
	since := time.Now().Unix()
	if admin {
		set(&u.EmailVerified, r.EmailVerified)
		set(&u.Disabled, r.DisableUser)
		set(&u.CustomAttributes, r.CustomAttributes)
		set(&u.CreatedAt, r.CreatedAt)
		set(&u.LastLoginAt, r.LastLoginAt)
		if r.PhoneNumber != "" {
			u.PhoneNumber = r.PhoneNumber
		}
		if r.ValidSince != nil {
			since, revoked = int64(*r.ValidSince), true
		}
	}
	if revoked {
		revoke(&u, since)
	}
	if r.LinkProvider != nil {
		u = u.Link(*r.LinkProvider)
	}
	return r.remove(u), revoked, nil
}

func (r updateRequest) remove(u account.User) account.User {
	for _, attribute := range r.DeleteAttribute {
		switch attribute {
		case "DISPLAY_NAME":
			u.DisplayName = ""
		case "PHOTO_URL":
			u.PhotoURL = ""
		case "PASSWORD":
			u.Hash = nil
		case "EMAIL":
			u.Email, u.EmailVerified, u.EmailLinkSignIn = "", false, false
		}
	}
	for _, provider := range r.DeleteProvider {
		switch provider {
		case account.ProviderPassword:
			u.Email, u.EmailVerified, u.EmailLinkSignIn, u.Hash = "", false, false, nil
		case account.ProviderPhone:
			u.PhoneNumber = ""
		}
	}
	return u.Unlink(r.DeleteProvider...)
}

func set[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}

func updated(u *account.User) updateAnswer {
	answer := updateAnswer{
		Kind: "identitytoolkit#SetAccountInfoResponse", LocalID: u.LocalID, Email: u.Email, EmailVerified: u.EmailVerified,
		DisplayName: u.DisplayName, PhotoURL: u.PhotoURL, Providers: u.Providers,
	}
	if u.Hash != nil {
		answer.PasswordHash = redacted
	}
	return answer
}
