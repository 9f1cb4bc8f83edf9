package auth

import (
	"time"

	"heek.kr/heektime/emulator/internal/account"
	"heek.kr/heektime/emulator/internal/password"
)

// updateRequest is a change of an account.
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

	// Not emulated.
	Provider                ignored `json:"provider"`
	UpgradeToFederatedLogin ignored `json:"upgradeToFederatedLogin"`
	MFA                     *struct {
		Enrollments []any `json:"enrollments"`
	} `json:"mfa"`
}

// check validates the request.
func (r updateRequest) check(admin bool) error {
	switch {
	case r.Provider != nil || r.UpgradeToFederatedLogin != nil:
		return notEmulated("provider and upgradeToFederatedLogin")
	case r.MFA != nil && len(r.MFA.Enrollments) > 0:
		return toolkitError("OPERATION_NOT_ALLOWED : This emulator has no second factors.")
	case !admin && r.IDToken == "" && r.OOBCode == "":
		return toolkitError("INVALID_REQ_TYPE : Unsupported request parameters.")
	case !admin && r.CustomAttributes != nil:
		return toolkitError("INSUFFICIENT_PERMISSION")
	case r.IDToken != "" && r.DisableUser != nil:
		return toolkitError("OPERATION_NOT_ALLOWED")
	case admin && r.LocalID == "" && r.IDToken == "" && r.OOBCode == "":
		return toolkitError("MISSING_LOCAL_ID")
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
			return toolkitError("MISSING_PROVIDER_ID")
		case r.LinkProvider.RawID == "":
			return toolkitError("MISSING_RAW_ID")
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

// target returns the account to change and, for a client, how it signed in.
func (r updateRequest) target(c *call, tx *account.Tx) (*account.User, signIn, error) {
	if r.IDToken != "" {
		return c.readIDToken(tx, r.IDToken)
	}
	u, ok := tx.User(r.LocalID)
	if !ok {
		return nil, signIn{}, toolkitError("USER_NOT_FOUND")
	}
	return u, signIn{}, nil
}

// apply applies the changes to u and reports whether they revoke the account's tokens.
func (r updateRequest) apply(u account.User, hash *password.Hash, admin bool, now time.Time) (_ account.User, revoked bool, _ error) {
	if email := account.NormalizeEmail(r.Email); email != "" && email != u.Email {
		u.Email, u.EmailVerified = email, false
		revoked = true
	}
	if hash != nil {
		u.Hash, u.PasswordUpdated = hash, now.UnixMilli()
		revoked = true
	}
	setIfPresent(&u.DisplayName, r.DisplayName)
	setIfPresent(&u.PhotoURL, r.PhotoURL)
	if revoked {
		endSessions(&u)
	}
	if admin {
		setIfPresent(&u.EmailVerified, r.EmailVerified)
		setIfPresent(&u.Disabled, r.DisableUser)
		setIfPresent(&u.CustomAttributes, r.CustomAttributes)
		setIfPresent(&u.CreatedAt, r.CreatedAt)
		setIfPresent(&u.LastLoginAt, r.LastLoginAt)
		if r.PhoneNumber != "" {
			u.PhoneNumber = r.PhoneNumber
		}
		if r.ValidSince != nil {
			revokeTokens(&u, int64(*r.ValidSince))
			revoked = true
		}
	}
	if r.LinkProvider != nil {
		u = u.Link(*r.LinkProvider)
	}
	return r.applyDeletes(u), revoked, nil
}

// applyDeletes removes the attributes and providers that the request deletes.
func (r updateRequest) applyDeletes(u account.User) account.User {
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
			// The email address stays, as in production. The official emulator clears it.
			// Source: https://github.com/firebase/firebase-tools/pull/10524
			u.EmailLinkSignIn, u.Hash = false, nil
		case account.ProviderPhone:
			u.PhoneNumber = ""
		}
	}
	return u.Unlink(r.DeleteProvider...)
}

// setIfPresent sets a field unless value is nil.
func setIfPresent[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}
