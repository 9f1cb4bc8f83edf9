package auth

import (
	"encoding/base64"

	"heek.kr/heektime/emulator/internal/account"
)

// redacted is what the real API shows of a password's hash to those who may not see it: "REDACTED" in base64.
const redacted = "UkVEQUNURUQ="

// userInfo is an account as the API shows it. Its own fields hide those of the account with the same names in JSON.
type userInfo struct {
	*account.User
	Hash          *struct{} `json:"hash,omitempty"`
	Sessions      *struct{} `json:"sessions,omitempty"`
	EmailVerified *bool     `json:"emailVerified,omitempty"`
	PasswordHash  string    `json:"passwordHash,omitempty"` // base64url
	Salt          string    `json:"salt,omitempty"`         // base64url
}

// show makes the answer. To a server it shows hashes of this emulator's own kind; of imported ones, like the real API,
// nothing before the first sign-in.
func show(u *account.User, admin bool) userInfo {
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

type lookupAnswer struct {
	Kind  string     `json:"kind"`
	Users []userInfo `json:"users,omitempty"` // must be left out when empty, for the Admin SDK of Node
}

// lookup shows a server the accounts that it names, and a client its own.
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
	answer := lookupAnswer{Kind: "identitytoolkit#GetAccountInfoResponse"}
	if !c.admin {
		if req.IDToken == "" {
			return nil, refused("MISSING_ID_TOKEN")
		}
		var err error
		s.store.View(c.project, func(tx *account.Tx) {
			var u *account.User
			if u, _, err = c.readIDToken(tx, req.IDToken); err == nil {
				answer.Users = []userInfo{show(u, false)}
			}
		})
		return answer, err
	}
	if len(req.InitialEmail) > 0 {
		return nil, notEmulated("look-ups by initialEmail")
	}
	seen := map[string]bool{}
	add := func(u *account.User, ok bool) {
		if ok && !seen[u.LocalID] {
			seen[u.LocalID] = true
			answer.Users = append(answer.Users, show(u, true))
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
	return answer, nil
}
