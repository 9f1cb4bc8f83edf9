// Package account stores the data of an Authentication emulator: accounts with unique email
// addresses, phone numbers and provider ids, OOB and SMS codes, and the settings of each project.
//
// All changes go through [Store.Update], which runs one transaction at a time. Records of all
// transactions are written to a log, which is compacted into a snapshot when it has grown large.
package account

import (
	"slices"
	"time"

	"heek.kr/heektime/emulator/internal/password"
)

// Providers that are not federated identity providers.
const (
	ProviderPassword  = "password"
	ProviderPhone     = "phone"
	ProviderAnonymous = "anonymous"
	ProviderCustom    = "custom"
)

// User is an account. Callers must not change a User returned by a store; they change a copy and
// put that back. The JSON names are those of the Identity Toolkit API.
type User struct {
	LocalID          string         `json:"localId"` // the uid, 1 to 128 characters
	Email            string         `json:"email,omitempty"`
	EmailVerified    bool           `json:"emailVerified,omitempty"`
	EmailLinkSignIn  bool           `json:"emailLinkSignin,omitempty"`
	InitialEmail     string         `json:"initialEmail,omitempty"` // the original address, if it was changed
	DisplayName      string         `json:"displayName,omitempty"`
	PhotoURL         string         `json:"photoUrl,omitempty"`
	PhoneNumber      string         `json:"phoneNumber,omitempty"`
	ScreenName       string         `json:"screenName,omitempty"`
	Disabled         bool           `json:"disabled,omitempty"`
	CustomAuth       bool           `json:"customAuth,omitempty"`       // has signed in with a custom token
	CustomAttributes string         `json:"customAttributes,omitempty"` // custom claims, a JSON object
	Providers        []Provider     `json:"providerUserInfo,omitempty"`
	CreatedAt        Milliseconds   `json:"createdAt,omitempty"`
	LastLoginAt      Milliseconds   `json:"lastLoginAt,omitempty"`
	LastRefreshAt    time.Time      `json:"lastRefreshAt,omitzero"`
	PasswordUpdated  int64          `json:"passwordUpdatedAt,omitempty"` // milliseconds since 1970
	ValidSince       Seconds        `json:"validSince,omitempty"`        // tokens issued earlier are revoked
	Hash             *password.Hash `json:"hash,omitempty"`              // nil: no password
	Sessions         string         `json:"sessions,omitempty"`          // changes when all refresh tokens are revoked
}

// Milliseconds is a time in milliseconds since 1970, a string in JSON.
type Milliseconds int64

// Seconds is a time in seconds since 1970, a string in JSON.
type Seconds int64

// Provider is an identity provider linked to an account.
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

// federated reports whether the provider is neither password nor phone, which are derived from the
// account's own fields.
func (p Provider) federated() bool {
	return p.ProviderID != ProviderPassword && p.ProviderID != ProviderPhone
}

// Link returns the user with a provider added; it replaces one with the same id.
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

// Unlink returns the user without the providers with these ids.
func (u User) Unlink(ids ...string) User {
	u.Providers = slices.DeleteFunc(slices.Clone(u.Providers), func(p Provider) bool { return slices.Contains(ids, p.ProviderID) })
	return u
}

// withDerivedProviders returns the user with the providers "password" and "phone" derived from the
// email address and the phone number.
func (u User) withDerivedProviders() User {
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
