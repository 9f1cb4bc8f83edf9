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
	"heek.kr/heektime/internal/schema"
)

// sessionCacheTTL is how long an instance treats a session as valid after checking it, and so the
// longest time that an access token works after its session was revoked.
const sessionCacheTTL = time.Minute

// Refresh checks that the session of a refresh token has not been revoked, and returns it as a session
// of this server, also if the old server began it. The error wraps [ErrRevoked] or
// [auth.ErrUnavailable]. Billed: nothing, or 1 read for an account that is not in Authentication.
func (a *Accounts) Refresh(ctx context.Context, s token.Session) (token.Session, error) {
	state, err := a.sessionState(ctx, s.UID)
	switch {
	case err != nil:
		return token.Session{}, err
	case s.IssuedAt != 0 && state.revokedAt > s.IssuedAt*1000, s.IssuedAt == 0 && s.Since != state.since:
		return token.Session{}, ErrRevoked
	}
	return token.Session{UID: s.UID, Since: state.since}, nil
}

// Check does what [Accounts.Refresh] does, for the session of an access token: it caches valid
// sessions for a minute.
func (a *Accounts) Check(ctx context.Context, s token.Session) error {
	now := a.now()
	if a.sessions.has(s, now) {
		return nil
	}
	if _, err := a.Refresh(ctx, s); err != nil {
		return err
	}
	a.sessions.add(s, now)
	return nil
}

// CheckWrites returns an *[auth.StoppedError] while an operator has stopped writes. Servers bypass the rules
// that stop clients. Billed: 1 read.
func (a *Accounts) CheckWrites(ctx context.Context) error {
	stop, err := schema.ReadStop(ctx, a.firestore)
	switch {
	case err != nil:
		return fmt.Errorf("read whether writes are stopped: %w", err)
	case stop != nil:
		return &auth.StoppedError{Message: stop.Message}
	}
	return nil
}

// sessionState says which sessions of an account are valid.
type sessionState struct {
	// since is the Since that a session of this server must have.
	since int64
	// revokedAt is when the account's sessions were last revoked, in milliseconds since 1970, or 0. It
	// differs from since for an account whose sessions never were: Authentication dates since to the
	// creation of the account, which for an account of the old system is its first sign-in with a new
	// app, and that does not end its sessions in old ones.
	revokedAt int64
}

// creationTolerance is the difference between the two times that Authentication sets when it creates an
// account. One has whole seconds.
const creationTolerance = time.Second

// sessionState returns which sessions of an account are valid. The error wraps [ErrRevoked] or
// [auth.ErrUnavailable].
func (a *Accounts) sessionState(ctx context.Context, uid string) (sessionState, error) {
	user, err := a.admin.GetUser(ctx, uid)
	switch {
	case firebaseauth.IsUserNotFound(err):
		// Its owner has not signed in since the account moved, or Authentication rejected its email
		// address or password. They still sign in with the old password.
		old, err := credential.Has(ctx, a.firestore, uid)
		if err == nil && !old {
			err = ErrRevoked
		}
		return sessionState{}, err
	case err != nil:
		// Not wrapped: the SDK's errors quote responses, which could contain the request.
		return sessionState{}, fmt.Errorf("%w: look up account %s in Authentication", auth.ErrUnavailable, uid)
	case user.Disabled:
		return sessionState{}, ErrRevoked
	}
	state := sessionState{since: user.TokensValidAfterMillis}
	if created := user.UserMetadata.CreationTimestamp; state.since > created+creationTolerance.Milliseconds() {
		state.revokedAt = state.since
	}
	return state, nil
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
