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

// sessionCacheTTL is how long an instance treats a session as valid after checking it, and so the
// longest time that an access token works after its session was revoked.
const sessionCacheTTL = time.Minute

// Refresh checks that the session of a refresh token has not been revoked. The error wraps
// [ErrRevoked] or [auth.ErrUnavailable]. Billed: nothing, or 1 read for an account that could not
// be migrated to Authentication.
func (a *Accounts) Refresh(ctx context.Context, s token.Session) error {
	since, err := a.since(ctx, s.UID)
	if err == nil && since != s.Since {
		err = ErrRevoked
	}
	return err
}

// Check does what [Accounts.Refresh] does, for the session of an access token: it caches valid
// sessions for a minute.
func (a *Accounts) Check(ctx context.Context, s token.Session) error {
	now := a.now()
	if a.sessions.has(s, now) {
		return nil
	}
	if err := a.Refresh(ctx, s); err != nil {
		return err
	}
	a.sessions.add(s, now)
	return nil
}

// since returns the Since that a session of the account must have. The error wraps [ErrRevoked] or
// [auth.ErrUnavailable].
func (a *Accounts) since(ctx context.Context, uid string) (int64, error) {
	user, err := a.admin.GetUser(ctx, uid)
	switch {
	case firebaseauth.IsUserNotFound(err):
		// Authentication may have rejected the account's email address or password during the
		// migration. Its owner still signs in with the old password.
		old, err := credential.Has(ctx, a.firestore, uid)
		if err == nil && !old {
			err = ErrRevoked
		}
		return 0, err
	case err != nil:
		// Not wrapped: the SDK's errors quote responses, which could contain the request.
		return 0, fmt.Errorf("%w: look up account %s in Authentication", auth.ErrUnavailable, uid)
	case user.Disabled:
		return 0, ErrRevoked
	}
	return user.TokensValidAfterMillis, nil
}

// maxCachedSessions limits the cache to less than a megabyte, at 200 bytes per session.
const maxCachedSessions = 4096

// sessionCache holds the times at which sessions were found valid.
type sessionCache struct {
	mu      sync.Mutex
	checked map[token.Session]time.Time
}

func (c *sessionCache) has(s token.Session, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	at, ok := c.checked[s]
	return ok && now.Sub(at) < sessionCacheTTL
}

func (c *sessionCache) add(s token.Session, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.checked == nil || len(c.checked) >= maxCachedSessions {
		c.checked = map[token.Session]time.Time{}
	}
	c.checked[s] = now
}
