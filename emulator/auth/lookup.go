package auth

import (
	"encoding/base64"

	"heek.kr/heektime/emulator/internal/account"
)

// redacted replaces password hashes for clients, as in production: "REDACTED" in base64.
const redacted = "UkVEQUNURUQ="

// userInfo is an account in the format of the API. Its own fields hide the account's with the same
// JSON names.
type userInfo struct {
	*account.User
	Hash          *struct{} `json:"hash,omitempty"`
	Sessions      *struct{} `json:"sessions,omitempty"`
	EmailVerified *bool     `json:"emailVerified,omitempty"`
	PasswordHash  string    `json:"passwordHash,omitempty"` // base64url
	Salt          string    `json:"salt,omitempty"`         // base64url
}

// newUserInfo returns an account for a response. Servers see native password hashes; as in
// production, imported hashes are hidden until the first sign-in replaces them.
func newUserInfo(u *account.User, admin bool) userInfo {
	info := userInfo{User: u}
	if u.Email != "" {
		info.EmailVerified = &u.EmailVerified
	}
	switch {
	case u.Hash == nil:
	case !admin:
		info.PasswordHash = redacted
	case u.Hash.Native():
		info.PasswordHash = base64.URLEncoding.EncodeToString(u.Hash.Sum)
		info.Salt = base64.URLEncoding.EncodeToString(u.Hash.Salt)
	}
	return info
}

type federatedID struct {
	ProviderID string `json:"providerId"`
	RawID      string `json:"rawId"`
}

type lookupResponse struct {
	Kind  string     `json:"kind"`
	Users []userInfo `json:"users,omitempty"` // the Node Admin SDK requires it to be omitted if empty
}

// lookup returns the accounts that a server names, or a client's own.
func (s *Server) lookup(c *call) (any, error) {
	var req struct {
		DelegatedProjectNumber ignored       `json:"delegatedProjectNumber"`
		IDToken                string        `json:"idToken"`
		LocalID                []string      `json:"localId"`
		Email                  []string      `json:"email"`
		PhoneNumber            []string      `json:"phoneNumber"`
		FederatedUserID        []federatedID `json:"federatedUserId"`
		InitialEmail           []string      `json:"initialEmail"`
	}
	if err := c.decode(&req); err != nil {
		return nil, err
	}
	resp := lookupResponse{Kind: "identitytoolkit#GetAccountInfoResponse"}
	if !c.admin {
		if req.IDToken == "" {
			return nil, toolkitError("MISSING_ID_TOKEN")
		}
		var err error
		s.store.View(c.project, func(tx *account.Tx) {
			var u *account.User
			if u, _, err = c.readIDToken(tx, req.IDToken); err == nil {
				resp.Users = []userInfo{newUserInfo(u, false)}
			}
		})
		return resp, err
	}
	if len(req.InitialEmail) > 0 {
		return nil, notEmulated("look-ups by initialEmail")
	}
	seen := map[string]bool{}
	add := func(u *account.User, ok bool) {
		if ok && !seen[u.LocalID] {
			seen[u.LocalID] = true
			resp.Users = append(resp.Users, newUserInfo(u, true))
		}
	}
	s.store.View(c.project, func(tx *account.Tx) {
		for _, id := range req.LocalID {
			add(tx.User(id))
		}
		for _, email := range req.Email {
			add(tx.ByEmail(email))
		}
		for _, number := range req.PhoneNumber {
			add(tx.ByPhone(number))
		}
		for _, id := range req.FederatedUserID {
			add(tx.ByProvider(id.ProviderID, id.RawID))
		}
	})
	return resp, nil
}
