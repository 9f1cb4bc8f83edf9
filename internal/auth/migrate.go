package auth

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"firebase.google.com/go/v4/auth"
	"firebase.google.com/go/v4/errorutils"

	"heek.kr/heektime/internal/auth/identitytoolkit"
	"heek.kr/heektime/internal/credential"
	"heek.kr/heektime/internal/deletion"
)

// LegacyClaim is true in the tokens of accounts from the old system.
const LegacyClaim = "legacy"

// passwordProvider is how Authentication calls an address with a password.
const passwordProvider = "password"

// errStays says that Authentication will not take the account as it is, now or later.
var errStays = errors.New("the account cannot be moved to Authentication")

// holdTime is how long an account is held by who moves it. A login gives up long before, after [loginTime]; the rest is for
// clocks that differ, and for what was sent and is still on its way.
const holdTime = 2 * loginTime

// drain moves an old account, whose password was right, to Authentication: the account with the password, then the claim,
// then the old hash goes.
//
// Authentication has one rule: who has a password there is moved, and only that password counts. So the old hash never
// changes a password that is there, and dying between any two steps leaves something that the next login ends. Only one
// login at a time moves an account, so that none comes back to a password that was changed since.
func (l *login) migrate(ctx context.Context, old *credential.Stored) (*Account, error) {
	if old.LockedUntil.After(l.now()) {
		return nil, credential.ErrChanged
	}
	if err := old.Lock(ctx, l.now().Add(holdTime)); err != nil {
		return nil, err
	}
	account := &Account{UID: old.UID, Legacy: true}
	err := l.move(ctx, old)
	stale := errors.Is(err, errStale)
	last, cancel := detached(ctx)
	defer cancel()
	if err == nil || stale {
		if err := old.Delete(last); err != nil {
			// The next login deletes it, or refuses and deletes it when the password is another one by then.
			l.log.WarnContext(ctx, "an old hash stays behind", "uid", old.UID, "error", err.Error())
		}
	} else if err := old.Release(last); err != nil {
		l.log.WarnContext(ctx, "an old account stays held for a while", "uid", old.UID, "error", err.Error())
	}
	switch {
	case stale:
		l.log.WarnContext(ctx, "old hash out of date: Authentication has a newer password", "uid", old.UID)
		return nil, ErrWrong
	case errors.Is(err, errStays):
		// The password was right, and there is no other. Who owns the account must not suffer for it.
		l.log.ErrorContext(ctx, "old account stays: its address or password cannot be moved", "uid", old.UID, "error", err.Error())
		return account, nil
	case err != nil:
		return nil, err
	}
	l.log.InfoContext(ctx, "old account moved to Authentication", "uid", old.UID)
	return account, nil
}

// errStale says that Authentication has another password, which is newer.
var errStale = errors.New("the old hash is out of date")

// move gives Authentication the account. It may be repeated.
func (l *login) move(ctx context.Context, old *credential.Stored) error {
	user, err := l.accounts.GetUser(ctx, old.UID)
	if auth.IsUserNotFound(err) {
		created, createErr := l.create(ctx, old.UID)
		if created || createErr != nil {
			return createErr
		}
		user, err = l.accounts.GetUser(ctx, old.UID) // created meanwhile, with or without a password
	}
	switch {
	case err != nil:
		return upstream("look up the account", err)
	case user.Disabled:
		return ErrWrong // and the hash stays, for when it is enabled again
	case hasPassword(user):
		return l.compare(ctx, user)
	case len(l.password) < minPassword:
		return fmt.Errorf("%w: its password is too short", errStays)
	case user.Email != "" && user.Email != l.email:
		return fmt.Errorf("%w: it has another address there, and no password", errStays)
	}
	// An account without a password: a custom token that was made before made it.
	claims, err := l.legacyClaims(ctx, old.UID, user.CustomClaims)
	if err != nil {
		return err
	}
	update := (&auth.UserToUpdate{}).Email(l.email).Password(l.password).CustomClaims(claims)
	if _, err := l.accounts.UpdateUser(ctx, old.UID, update); err != nil {
		return refusedMove(err)
	}
	return nil
}

// create makes the account, with its password. It says false when the uid exists by now.
func (l *login) create(ctx context.Context, uid string) (bool, error) {
	if len(l.password) < minPassword {
		return false, fmt.Errorf("%w: its password is too short", errStays)
	}
	_, err := l.accounts.CreateUser(ctx, (&auth.UserToCreate{}).UID(uid).Email(l.email).Password(l.password))
	switch {
	case auth.IsUIDAlreadyExists(err):
		return false, nil
	case err != nil:
		return false, refusedMove(err)
	}
	return true, l.mark(ctx, uid, nil)
}

// compare is for an account that has a password at Authentication by now. Only that one counts.
func (l *login) compare(ctx context.Context, user *auth.UserRecord) error {
	uid, _, err := l.passwords.SignIn(ctx, l.email, l.password)
	switch {
	case errors.Is(err, identitytoolkit.ErrRefused), err == nil && uid != user.UID:
		return errStale
	case err != nil:
		return err
	}
	return l.mark(ctx, user.UID, user.CustomClaims)
}

// mark makes tokens say that the account is from the old system, also when its owner signs in to Authentication directly.
func (s *Service) mark(ctx context.Context, uid string, claims map[string]any) error {
	if legacy, _ := claims[LegacyClaim].(bool); legacy {
		return nil
	}
	claims, err := s.legacyClaims(ctx, uid, claims)
	if err != nil {
		return err
	}
	if err := s.accounts.SetCustomUserClaims(ctx, uid, claims); err != nil {
		return upstream("mark the account", err)
	}
	return nil
}

// legacyClaims are the claims of an account that comes from the old system. When it was to be deleted, Authentication may not have
// had it yet, so that its tokens could not say so. It costs one read, once for each account.
func (s *Service) legacyClaims(ctx context.Context, uid string, claims map[string]any) (map[string]any, error) {
	leaving, err := deletion.ReadPending(ctx, s.firestore, uid)
	if err != nil {
		return nil, err
	}
	marked := maps.Clone(claims)
	if marked == nil {
		marked = map[string]any{}
	}
	marked[LegacyClaim] = true
	if leaving != nil {
		marked[deletion.Claim] = leaving.Until.Unix()
	}
	return marked, nil
}

// finish does what a login left undone that died after Authentication had the password.
func (l *login) finish(ctx context.Context, old *credential.Stored) error {
	if old.LockedUntil.After(l.now()) {
		return nil // it is not dead yet
	}
	user, err := l.accounts.GetUser(ctx, old.UID)
	if err != nil {
		return upstream("look up the account", err)
	}
	if err := l.mark(ctx, old.UID, user.CustomClaims); err != nil {
		return err
	}
	return old.Delete(ctx)
}

func hasPassword(user *auth.UserRecord) bool {
	for _, provider := range user.ProviderUserInfo {
		if provider.ProviderID == passwordProvider {
			return true
		}
	}
	return false
}

// refusedMove tells a refusal, which stays one, from a failure, which does not.
func refusedMove(err error) error {
	told := upstream("give the account its password", err)
	if auth.IsEmailAlreadyExists(err) || errorutils.IsInvalidArgument(err) {
		return fmt.Errorf("%w: %w", errStays, told)
	}
	return told
}
