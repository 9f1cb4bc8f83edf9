// Package account keeps the accounts of an Authentication emulator: users with their unique addresses, numbers and
// providers, the codes that were mailed to them, and each project's settings.
//
// Everything changes through [Store.Update], which runs one change at a time and lets all of it happen or nothing.
package account

import (
	"slices"
	"time"

	"heek.kr/heektime/emulator/internal/password"
)

// Providers that are not federated.
const (
	ProviderPassword  = "password"
	ProviderPhone     = "phone"
	ProviderAnonymous = "anonymous"
	ProviderCustom    = "custom"
)

// User is one account. A User that came out of a store must not be changed: copy it, change the copy, and put that back.
// The names in JSON are those of the Identity Toolkit API.
type User struct {
	LocalID          string         `json:"localId"` // the uid, 1 to 128 characters
	Email            string         `json:"email,omitempty"`
	EmailVerified    bool           `json:"emailVerified,omitempty"`
	EmailLinkSignIn  bool           `json:"emailLinkSignin,omitempty"`
	InitialEmail     string         `json:"initialEmail,omitempty"` // the first address, when it was changed
	DisplayName      string         `json:"displayName,omitempty"`
	PhotoURL         string         `json:"photoUrl,omitempty"`
	PhoneNumber      string         `json:"phoneNumber,omitempty"`
	ScreenName       string         `json:"screenName,omitempty"`
	Disabled         bool           `json:"disabled,omitempty"`
	CustomAuth       bool           `json:"customAuth,omitempty"`       // has signed in by a custom token
	CustomAttributes string         `json:"customAttributes,omitempty"` // custom claims, a JSON object
	Providers        []Provider     `json:"providerUserInfo,omitempty"`
	CreatedAt        Milliseconds   `json:"createdAt,omitempty"`
	LastLoginAt      Milliseconds   `json:"lastLoginAt,omitempty"`
	LastRefreshAt    time.Time      `json:"lastRefreshAt,omitzero"`
	PasswordUpdated  int64          `json:"passwordUpdatedAt,omitempty"` // milliseconds since 1970
	ValidSince       Seconds        `json:"validSince,omitempty"`        // tokens that were issued before are revoked
	Hash             *password.Hash `json:"hash,omitempty"`              // nil: no password
	Sessions         string         `json:"sessions,omitempty"`          // changes when all refresh tokens are revoked
}

// Milliseconds since 1970, a string in JSON.
type Milliseconds int64

// Seconds since 1970, a string in JSON.
type Seconds int64

// Provider is one way to sign in to an account.
type Provider struct {
	ProviderID  string `json:"providerId"`
	RawID       string `json:"rawId,omitempty"` // the user's id at the provider
	FederatedID string `json:"federatedId,omitempty"`
	Email       string `json:"email,omitempty"`
	PhoneNumber string `json:"phoneNumber,omitempty"`
	DisplayName string `json:"displayName,omitempty"`
	PhotoURL    string `json:"photoUrl,omitempty"`
	ScreenName  string `json:"screenName,omitempty"`
}

// federated says that the provider is neither the password nor the phone, which follow from the account's own fields.
func (p Provider) federated() bool {
	return p.ProviderID != ProviderPassword && p.ProviderID != ProviderPhone
}

// Link returns the user with a provider added, or replaced when it has one of the same id.
func (u User) Link(p Provider) User {
	u.Providers = slices.Clone(u.Providers)
	for i, old := range u.Providers {
		if old.ProviderID == p.ProviderID {
			u.Providers[i] = p
			return u
		}
	}
	u.Providers = append(u.Providers, p)
	return u
}

// Unlink returns the user without the providers of these ids.
func (u User) Unlink(ids ...string) User {
	u.Providers = slices.DeleteFunc(slices.Clone(u.Providers), func(p Provider) bool { return slices.Contains(ids, p.ProviderID) })
	return u
}

// withOwnProviders makes "password" and "phone" follow from the user's e-mail address and phone number.
func (u User) withOwnProviders() User {
	if u.Email != "" && (u.Hash != nil || u.EmailLinkSignIn) {
		u = u.Link(Provider{
			ProviderID: ProviderPassword, RawID: u.Email, FederatedID: u.Email, Email: u.Email,
			DisplayName: u.DisplayName, PhotoURL: u.PhotoURL,
		})
	} else {
		u = u.Unlink(ProviderPassword)
	}
	if u.PhoneNumber != "" {
		return u.Link(Provider{ProviderID: ProviderPhone, RawID: u.PhoneNumber, PhoneNumber: u.PhoneNumber})
	}
	return u.Unlink(ProviderPhone)
}
