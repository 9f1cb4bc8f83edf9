package auth

import "heek.kr/heektime/emulator/internal/account"

// entrant is a copy of the account that somebody signs in to, with the time of it. That is the owner of what he proved to
// have (nil if nobody is); or, with an ID token, the account that it belongs to, which must not be another than the
// owner's: taken is the error then. If it is nobody's, the account is a new one, not saved yet.
func (c *call) signInUser(tx *account.Tx, owner *account.User, idToken, taken string) (u account.User, isNew bool, err error) {
	if idToken != "" {
		mine, _, err := c.readIDToken(tx, idToken)
		if err != nil {
			return u, false, err
		}
		if owner != nil && owner.LocalID != mine.LocalID {
			return u, false, refused(taken)
		}
		owner = mine
	}
	now := account.Milliseconds(tx.Now().UnixMilli())
	if owner == nil {
		return account.User{LocalID: account.RandomID(28), CreatedAt: now, LastLoginAt: now}, true, nil
	}
	u = *owner
	u.LastLoginAt = now
	if u.Disabled {
		return u, false, refused("USER_DISABLED")
	}
	return u, false, nil
}
