package account

import (
	"context"
	"fmt"
	"sync"
	"time"

	firebaseauth "firebase.google.com/go/v4/auth"

	"heek.kr/heektime/compat-server/token"
	"heek.kr/heektime/internal/auth"
	"heek.kr/heektime/internal/credential"
)

// checkedFor is how long an instance believes that a session is good: it may go on that much longer after it was revoked.
const checkedFor = time.Minute

// Refresh looks whether the session of a refresh token is good. The error wraps [ErrRevoked] or [auth.ErrUnavailable]. Nothing is
// billed but for an account that could not be moved to Authentication: 1 read.
func (a *Accounts) Refresh(ctx context.Context, s token.Session) error {
	since, err := a.since(ctx, s.UID)
	if err == nil && since != s.Since {
		err = ErrRevoked
	}
	return err
}

// Check is [Accounts.Refresh] for the session of an access token: what an instance looked up is good for a minute.
func (a *Accounts) Check(ctx context.Context, s token.Session) error {
	now := a.now()
	if a.checked.has(s, now) {
		return nil
	}
	if err := a.Refresh(ctx, s); err != nil {
		return err
	}
	a.checked.add(s, now)
	return nil
}

// since is the Since of an account now. The error wraps [ErrRevoked] or [auth.ErrUnavailable].
func (a *Accounts) since(ctx context.Context, uid string) (int64, error) {
	user, err := a.admin.GetUser(ctx, uid)
	switch {
	case firebaseauth.IsUserNotFound(err):
		// An account whose address or password Authentication does not take stays an old one, and its owner signs in all the same.
		old, err := credential.Has(ctx, a.firestore, uid)
		if err == nil && !old {
			err = ErrRevoked
		}
		return 0, err
	case err != nil:
		// The SDK's errors quote answers, and an answer could quote what was sent.
		return 0, fmt.Errorf("%w: look up account %s at Authentication", auth.ErrUnavailable, uid)
	case user.Disabled:
		return 0, ErrRevoked
	}
	return user.TokensValidAfterMillis, nil
}

// maxChecked bounds what an instance remembers: at 200 bytes each, less than a megabyte.
const maxChecked = 4096

// checked are the sessions that an instance looked up.
type checked struct {
	mu sync.Mutex
	m  map[token.Session]time.Time
}

func (c *checked) has(s token.Session, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	at, ok := c.m[s]
	return ok && now.Sub(at) < checkedFor
}

func (c *checked) add(s token.Session, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.m == nil || len(c.m) >= maxChecked {
		c.m = map[token.Session]time.Time{}
	}
	c.m[s] = now
}
