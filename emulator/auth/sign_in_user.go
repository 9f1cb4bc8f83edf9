package auth

import "heek.kr/heektime/emulator/internal/account"

// signInUser returns a copy of the account to sign in to, with LastLoginAt set. Owner is the
// account with the proven email address, phone number or provider id; nil if there is none. With an
// ID token, the credential is linked to the token's account; if owner is a different account, the
// error is taken. Without an ID token and owner, the account is new and not saved yet.
func (c *call) signInUser(tx *account.Tx, owner *account.User, idToken, taken string) (u account.User, isNew bool, err error) {
	if idToken != "" {
		signedIn, _, err := c.readIDToken(tx, idToken)
		if err != nil {
			return u, false, err
		}
		if owner != nil && owner.LocalID != signedIn.LocalID {
			return u, false, toolkitError(taken)
		}
		owner = signedIn
	}
	now := account.Milliseconds(tx.Now().UnixMilli())
	if owner == nil {
		return account.User{LocalID: account.RandomID(28), CreatedAt: now, LastLoginAt: now}, true, nil
	}
	u = *owner
	u.LastLoginAt = now
	if u.Disabled {
		return u, false, toolkitError("USER_DISABLED")
	}
	return u, false, nil
}
