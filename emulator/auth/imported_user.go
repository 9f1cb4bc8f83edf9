package auth

import (
	"encoding/base64"
	"errors"
	"strings"

	"heek.kr/heektime/emulator/internal/account"
	"heek.kr/heektime/emulator/internal/password"
)

// importedUser has the fields of [userInfo] and optionally a raw password instead of a hash.
type importedUser struct {
	account.User
	PasswordHash string  `json:"passwordHash"`
	Salt         string  `json:"salt"`
	RawPassword  string  `json:"rawPassword"`
	TenantID     string  `json:"tenantId"`
	MFAInfo      []any   `json:"mfaInfo"`
	Hash         ignored `json:"hash"`     // only in this emulator's exports, which [Server.Import] reads
	Sessions     ignored `json:"sessions"` // likewise
	Version      ignored `json:"version"`
	DateOfBirth  ignored `json:"dateOfBirth"`
	Language     ignored `json:"language"`
	TimeZone     ignored `json:"timeZone"`
	Passkeys     ignored `json:"passkeyInfo"`
}

// toAccount validates i and returns it as an account. Missing times are set when it is saved.
func (i importedUser) toAccount(p password.Parameters) (account.User, error) {
	u := i.User
	u.Hash, u.Sessions = nil, ""
	switch {
	case u.LocalID == "":
		return u, errors.New("localId is missing")
	case checkLocalID(u.LocalID) != nil:
		return u, errors.New("localId is longer than 128 characters")
	case i.TenantID != "":
		return u, errors.New("this emulator has no tenants")
	case len(i.MFAInfo) > 0:
		return u, errors.New("this emulator has no second factors")
	case u.Email != "" && checkEmail(u.Email) != nil:
		return u, errors.New("email is invalid")
	case u.PhoneNumber != "" && checkPhone(u.PhoneNumber) != nil:
		return u, errors.New("phone number format is invalid")
	}
	if u.CustomAttributes != "" {
		if err := checkCustomAttributes(u.CustomAttributes); err != nil {
			return u, err
		}
	}
	for _, provider := range u.Providers {
		if provider.ProviderID == "" || provider.RawID == "" && provider.ProviderID != account.ProviderPassword && provider.ProviderID != account.ProviderPhone {
			return u, errors.New("federatedId or (providerId & rawId) is required")
		}
	}
	var err error
	u.Hash, err = i.hash(p)
	return u, err
}

// officialHash is the prefix of hashes exported by the official emulator, which contain the plain
// password.
const officialHash = "fakeHash:salt="

func (i importedUser) hash(p password.Parameters) (*password.Hash, error) {
	if i.RawPassword != "" {
		return newHash(i.RawPassword)
	}
	if i.PasswordHash == "" {
		return nil, nil
	}
	if strings.HasPrefix(i.PasswordHash, officialHash) {
		_, plain, found := strings.Cut(i.PasswordHash, ":password=")
		if !found {
			return nil, errors.New("passwordHash has no :password= as in exports of the official emulator")
		}
		return newHash(plain)
	}
	sum, err := base64Bytes(i.PasswordHash)
	if err != nil {
		return nil, errors.New("passwordHash is not base64")
	}
	salt, err := base64Bytes(i.Salt)
	if err != nil {
		return nil, errors.New("salt is not base64")
	}
	return password.Import(p, salt, sum)
}

// base64Bytes decodes standard or URL-safe base64, padded or not.
func base64Bytes(text string) ([]byte, error) {
	text = strings.NewReplacer("+", "-", "/", "_").Replace(strings.TrimRight(text, "="))
	return base64.RawURLEncoding.DecodeString(text)
}
