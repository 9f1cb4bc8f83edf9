package auth

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"heek.kr/heektime/emulator/internal/account"
	"heek.kr/heektime/emulator/internal/password"
)

// batchCreateRequest is a list of accounts to import and the parameters of their password hashes.
type batchCreateRequest struct {
	Kind                   ignored        `json:"kind"` // in batchGet responses, which can be imported unchanged
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

// batchCreate imports accounts with password hashes of another system. Each account is accepted or
// rejected on its own; unsupported hash parameters reject the whole request.
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
		users[i], reasons[i] = user.toAccount(p) // hashes raw passwords, which is slow, so outside Update
	}
	resp := struct {
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
				resp.Error = append(resp.Error, batchError{Index: i, Message: importMessage(err)})
			}
		}
		return nil
	})
	return resp, err
}

func (r batchCreateRequest) check() error {
	if len(r.Users) == 0 {
		return toolkitError("MISSING_USER_ACCOUNT")
	}
	if len(r.Users) > maxBatch {
		return toolkitError(fmt.Sprintf("MAXIMUM_USER_COUNT_EXCEEDED : At most %d accounts can be imported at a time.", maxBatch))
	}
	ids, emails := map[string]bool{}, map[string]bool{}
	for _, u := range r.Users {
		if ids[u.LocalID] && !r.AllowOverwrite {
			return toolkitError("DUPLICATE_LOCAL_ID : " + u.LocalID)
		}
		ids[u.LocalID] = true
		email := account.NormalizeEmail(u.Email)
		if r.SanityCheck && email != "" && emails[email] {
			return toolkitError("DUPLICATE_EMAIL : " + email)
		}
		emails[email] = true
	}
	return nil
}

// parameters returns the parameters of the password hashes. They are checked only if a user has a
// hash.
func (r batchCreateRequest) parameters() (password.Parameters, error) {
	p := password.Parameters{
		Algorithm: r.HashAlgorithm, Rounds: r.Rounds, MemoryCost: r.MemoryCost,
		CPUMemoryCost: r.CPUMemCost, BlockSize: r.BlockSize, Parallelization: r.Parallelization, DerivedKeyLength: r.DKLen,
	}
	var err error
	if p.SignerKey, err = base64Bytes(r.SignerKey); err != nil {
		return p, toolkitError("INVALID_HASH_KEY : signerKey is not base64.")
	}
	if p.SaltSeparator, err = base64Bytes(r.SaltSeparator); err != nil {
		return p, toolkitError("INVALID_HASH_SALT_SEPARATOR : saltSeparator is not base64.")
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
			return p, toolkitError("INVALID_ARGON2_PARAMETERS : This emulator cannot verify hashes with associatedData.")
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

func (r batchCreateRequest) save(tx *account.Tx, u account.User) error {
	_, exists := tx.User(u.LocalID)
	if exists && !r.AllowOverwrite {
		return toolkitError("localId belongs to an existing account - can not overwrite.")
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

// importMessage returns the message with which production reports that an account was not imported.
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
