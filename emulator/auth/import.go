package auth

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"heek.kr/heektime/emulator/internal/account"
	"heek.kr/heektime/emulator/internal/password"
)

type batchCreateRequest struct {
	Kind                   ignored        `json:"kind"` // of the answer to batchGet, which can be sent back as it is
	DelegatedProjectNumber ignored        `json:"delegatedProjectNumber"`
	Users                  []importedUser `json:"users"`
	AllowOverwrite         bool           `json:"allowOverwrite"`
	SanityCheck            bool           `json:"sanityCheck"`

	HashAlgorithm     string `json:"hashAlgorithm"`
	SignerKey         string `json:"signerKey"`
	SaltSeparator     string `json:"saltSeparator"`
	Rounds            int    `json:"rounds"`
	MemoryCost        int    `json:"memoryCost"`
	CPUMemCost        int    `json:"cpuMemCost"`
	BlockSize         int    `json:"blockSize"`
	Parallelization   int    `json:"parallelization"`
	DKLen             int    `json:"dkLen"`
	PasswordHashOrder string `json:"passwordHashOrder"`
	Argon2            *struct {
		password.Argon2Parameters
		Version        ignored `json:"version"`
		AssociatedData string  `json:"associatedData"`
	} `json:"argon2Parameters"`
}

// importedUser has the fields of [userInfo], and a raw password instead of its hash if one likes.
type importedUser struct {
	account.User
	PasswordHash string  `json:"passwordHash"`
	Salt         string  `json:"salt"`
	RawPassword  string  `json:"rawPassword"`
	TenantID     string  `json:"tenantId"`
	MFAInfo      []any   `json:"mfaInfo"`
	Hash         ignored `json:"hash"`     // only in this emulator's own exports, which come in another way
	Sessions     ignored `json:"sessions"` // likewise
	Version      ignored `json:"version"`
	DateOfBirth  ignored `json:"dateOfBirth"`
	Language     ignored `json:"language"`
	TimeZone     ignored `json:"timeZone"`
	Passkeys     ignored `json:"passkeyInfo"`
}

// batchCreate imports accounts with the hashes that another system made of their passwords. Each account is taken or
// refused by itself; hash parameters that nobody could sign in with are refused for all.
func (s *Server) batchCreate(c *call) (any, error) {
	var req batchCreateRequest
	if err := c.decode(&req); err != nil {
		return nil, err
	}
	p, err := req.parameters()
	if err != nil {
		return nil, err
	}
	if err := req.check(); err != nil {
		return nil, err
	}
	users := make([]account.User, len(req.Users))
	reasons := make([]error, len(req.Users))
	for i, user := range req.Users {
		users[i], reasons[i] = user.account(p) // hashes raw passwords, which takes time: not in the change below
	}
	answer := struct {
		Kind  string       `json:"kind"`
		Error []batchError `json:"error,omitempty"`
	}{Kind: "identitytoolkit#UploadAccountResponse"}
	err = s.store.Update(c.project, func(tx *account.Tx) error {
		for i, u := range users {
			err := reasons[i]
			if err == nil {
				err = req.save(tx, u)
			}
			if err != nil {
				answer.Error = append(answer.Error, batchError{Index: i, Message: importMessage(err)})
			}
		}
		return nil
	})
	return answer, err
}

func (r batchCreateRequest) check() error {
	if len(r.Users) == 0 {
		return refused("MISSING_USER_ACCOUNT")
	}
	if len(r.Users) > maxBatch {
		return refused(fmt.Sprintf("MAXIMUM_USER_COUNT_EXCEEDED : At most %d accounts can be imported at a time.", maxBatch))
	}
	ids, emails := map[string]bool{}, map[string]bool{}
	for _, u := range r.Users {
		if ids[u.LocalID] && !r.AllowOverwrite {
			return refused("DUPLICATE_LOCAL_ID : " + u.LocalID)
		}
		ids[u.LocalID] = true
		email := account.NormalEmail(u.Email)
		if r.SanityCheck && email != "" && emails[email] {
			return refused("DUPLICATE_EMAIL : " + email)
		}
		emails[email] = true
	}
	return nil
}

// parameters of the hashes. They must be good only if there is a hash.
func (r batchCreateRequest) parameters() (password.Parameters, error) {
	p := password.Parameters{
		Algorithm: r.HashAlgorithm, Rounds: r.Rounds, MemoryCost: r.MemoryCost,
		CPUMemoryCost: r.CPUMemCost, BlockSize: r.BlockSize, Parallelization: r.Parallelization, DerivedKeyLength: r.DKLen,
	}
	var err error
	if p.SignerKey, err = base64Bytes(r.SignerKey); err != nil {
		return p, refused("INVALID_HASH_KEY : signerKey is no base64.")
	}
	if p.SaltSeparator, err = base64Bytes(r.SaltSeparator); err != nil {
		return p, refused("INVALID_HASH_SALT_SEPARATOR : saltSeparator is no base64.")
	}
	switch r.PasswordHashOrder {
	case "", "UNSPECIFIED_ORDER":
		p.PasswordFirst = strings.HasPrefix(r.HashAlgorithm, "HMAC_")
	case "PASSWORD_AND_SALT":
		p.PasswordFirst = true
	case "SALT_AND_PASSWORD":
	default:
		return p, invalidArgument("Invalid value at 'password_hash_order'.")
	}
	if r.Argon2 != nil {
		if r.Argon2.AssociatedData != "" {
			return p, refused("INVALID_ARGON2_PARAMETERS : This emulator can't verify hashes with associatedData.")
		}
		p.Argon2 = &r.Argon2.Argon2Parameters
	}
	for _, u := range r.Users {
		if u.PasswordHash != "" && !strings.HasPrefix(u.PasswordHash, officialHash) {
			return p, p.Check()
		}
	}
	return p, nil
}

// account checks one user. Times that are not given are set when it is saved.
func (i importedUser) account(p password.Parameters) (account.User, error) {
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
			return u, errors.New("providerId and rawId are required")
		}
	}
	var err error
	u.Hash, err = i.hash(p)
	return u, err
}

// officialHash begins what the official emulator exports as hashes: passwords in plain text.
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
			return nil, errors.New("passwordHash is none of the official emulator")
		}
		return newHash(plain)
	}
	sum, err := base64Bytes(i.PasswordHash)
	if err != nil {
		return nil, errors.New("passwordHash is no base64")
	}
	salt, err := base64Bytes(i.Salt)
	if err != nil {
		return nil, errors.New("salt is no base64")
	}
	return password.Import(p, salt, sum)
}

func (r batchCreateRequest) save(tx *account.Tx, u account.User) error {
	_, exists := tx.User(u.LocalID)
	if exists && !r.AllowOverwrite {
		return errors.New("localId belongs to an existing account - can not overwrite")
	}
	now := tx.Now().UnixMilli()
	if u.Hash != nil {
		u.PasswordUpdated = now
	}
	if u.CreatedAt == 0 {
		u.CreatedAt = account.Milliseconds(now)
	}
	u.ValidSince = account.Seconds(time.Now().Unix())
	_, err := tx.Put(u)
	return err
}

// importMessage says in words of the real API why one account was not imported.
func importMessage(err error) string {
	switch message := err.Error(); {
	case errors.Is(err, account.ErrEmailExists):
		return "email exists in other account in database"
	case errors.Is(err, account.ErrPhoneExists):
		return "phone number exists in other account in database"
	case errors.Is(err, account.ErrProviderExists):
		return "raw id exists in other account in database"
	case message == "INVALID_CLAIMS":
		return "Invalid custom claims provided."
	case message == "CLAIMS_TOO_LARGE":
		return "Custom claims provided are too large."
	case strings.HasPrefix(message, "FORBIDDEN_CLAIM"):
		return "Custom claims provided include a reserved claim."
	default:
		return message
	}
}

// base64Bytes reads base64 of either alphabet, padded or not.
func base64Bytes(text string) ([]byte, error) {
	text = strings.NewReplacer("+", "-", "/", "_").Replace(strings.TrimRight(text, "="))
	return base64.RawURLEncoding.DecodeString(text)
}
