package auth

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"cloud.google.com/go/firestore"
	"firebase.google.com/go/v4/auth"
	"firebase.google.com/go/v4/errorutils"

	"heek.kr/heektime/internal/auth/identitytoolkit"
	"heek.kr/heektime/internal/credential"
	"heek.kr/heektime/internal/deletion"
)

// LegacyClaim is true in the tokens of accounts from the old system.
const LegacyClaim = "legacy"

// passwordProvider is the provider id of accounts that have a password.
const passwordProvider = "password"

var (
	// errCannotMigrate means that Authentication permanently rejects the account as it is.
	errCannotMigrate = errors.New("the account cannot be migrated to Authentication")
	// errOutdated means that Authentication has a different, newer password.
	errOutdated = errors.New("the old hash is out of date")
)

// lockDuration is how long a migration locks the account. A login gives up after [loginTimeout]; the
// rest allows for clock skew and for requests still in flight.
const lockDuration = 2 * loginTimeout

// migrate moves an old account to Authentication after its old password was verified. It creates the
// account with the password, sets the claim, then deletes the old hash.
//
// One rule makes every crash harmless: an account that has a password in Authentication counts as
// migrated, and only that password is valid. So the old hash never overwrites a password in
// Authentication, and the next login finishes a migration that was interrupted at any step. The lock
// lets only one login migrate an account at a time; otherwise a slow login could overwrite a password
// that was changed in the meantime.
func (l *login) migrate(ctx context.Context, old *credential.Stored) (*Account, error) {
	if old.LockedUntil.After(l.now()) {
		return nil, credential.ErrChanged
	}
	if err := old.Lock(ctx, l.now().Add(lockDuration)); err != nil {
		return nil, err
	}
	account := &Account{UID: old.UID, Legacy: true}
	err := l.importAccount(ctx, old)
	outdated := errors.Is(err, errOutdated)
	detachedCtx, cancel := detached(ctx)
	defer cancel()
	if err == nil || outdated {
		deleteErr := old.Delete(detachedCtx)
		if errors.Is(deleteErr, credential.ErrChanged) && err == nil {
			switch replaced, err := l.undoIfReplaced(detachedCtx, old); {
			case err != nil:
				return nil, err
			case replaced:
				return nil, ErrWrong
			}
		}
		if err := deleteErr; err != nil {
			// The next login deletes it.
			l.log.WarnContext(ctx, "cannot delete an old hash; the next login retries",
				"uid", old.UID, "error", err.Error())
		}
	} else if err := old.Release(detachedCtx); err != nil {
		l.log.WarnContext(ctx, "cannot unlock an old account; it stays locked until the lock expires",
			"uid", old.UID, "error", err.Error())
	}
	switch {
	case outdated:
		l.log.WarnContext(ctx, "old hash is out of date: Authentication has a newer password", "uid", old.UID)
		return nil, ErrWrong
	case errors.Is(err, errCannotMigrate):
		// The password is correct and there is no other, so let the owner in.
		l.log.ErrorContext(ctx, "cannot migrate an old account: its address or password is not accepted",
			"uid", old.UID, "error", err.Error())
		return account, nil
	case err != nil:
		return nil, err
	}
	l.log.InfoContext(ctx, "old account migrated to Authentication", "uid", old.UID)
	return account, nil
}

// importAccount creates the account in Authentication, or completes an account that is already there.
// If another account has its address, importAccount frees the address first. It is safe to repeat.
func (l *login) importAccount(ctx context.Context, old *credential.Stored) error {
	for evictions := 0; ; evictions++ {
		err := l.tryImport(ctx, old)
		switch {
		case !errors.Is(err, errAddressTaken):
			return err
		case !isOurs(l.email) || evictions == maxEvictions:
			return fmt.Errorf("%w: %w", errCannotMigrate, err)
		}
		if err := l.freeAddress(ctx, old); err != nil {
			return err
		}
	}
}

// tryImport is importAccount for an address that is free. The error wraps [errAddressTaken] if it is not.
func (l *login) tryImport(ctx context.Context, old *credential.Stored) error {
	user, err := l.accounts.GetUser(ctx, old.UID)
	if auth.IsUserNotFound(err) {
		created, createErr := l.createLegacyUser(ctx, old.UID)
		if created || createErr != nil {
			return createErr
		}
		user, err = l.accounts.GetUser(ctx, old.UID) // created in the meantime, with or without a password
	}
	switch {
	case err != nil:
		return upstreamError("look up the account", err)
	case user.Disabled:
		return ErrWrong // the hash stays until the account is enabled again
	case hasPassword(user):
		return l.verifyExisting(ctx, user)
	case len(l.password) < minPassword:
		return fmt.Errorf("%w: the password is too short", errCannotMigrate)
	case user.Email != "" && user.Email != l.email && !isOurs(user.Email): // nobody signs in with another one of ours
		return fmt.Errorf("%w: it has a different address in Authentication, and no password", errCannotMigrate)
	}
	// The account has no password: an earlier sign-in with a custom token created it, or its password was removed because
	// the old system has set another one.
	claims, err := l.legacyClaims(ctx, old.UID, user.CustomClaims)
	if err != nil {
		return err
	}
	update := (&auth.UserToUpdate{}).Email(l.email).Password(l.password).CustomClaims(claims)
	if isOurs(l.email) {
		update.EmailVerified(true)
	}
	if _, err := l.accounts.UpdateUser(ctx, old.UID, update); err != nil {
		return importError(err)
	}
	return nil
}

// createLegacyUser creates the account with its password. It returns false if the uid already exists.
func (l *login) createLegacyUser(ctx context.Context, uid string) (bool, error) {
	if len(l.password) < minPassword {
		return false, fmt.Errorf("%w: the password is too short", errCannotMigrate)
	}
	_, err := l.accounts.CreateUser(ctx, newAccount(uid, l.email, l.password))
	switch {
	case auth.IsUIDAlreadyExists(err):
		return false, nil
	case err != nil:
		return false, importError(err)
	}
	return true, l.setLegacyClaims(ctx, uid, nil)
}

// verifyExisting checks the password of an account that already has one in Authentication, since only
// that password is valid.
func (l *login) verifyExisting(ctx context.Context, user *auth.UserRecord) error {
	uid, _, err := l.passwords.SignIn(ctx, l.email, l.password)
	outdated := errors.Is(err, identitytoolkit.ErrRejected) || err == nil && uid != user.UID
	if err != nil && !outdated {
		return err
	}
	// An interrupted migration may not have set it, and the old hash is about to be deleted.
	if err := l.setLegacyClaims(ctx, user.UID, user.CustomClaims); err != nil {
		return err
	}
	if outdated {
		return errOutdated
	}
	return nil
}

// setLegacyClaims stores [LegacyClaim] in the account, so that tokens carry it even when the owner
// signs in to Authentication directly.
func (s *Service) setLegacyClaims(ctx context.Context, uid string, claims map[string]any) error {
	if legacy, _ := claims[LegacyClaim].(bool); legacy {
		return nil
	}
	claims, err := s.legacyClaims(ctx, uid, claims)
	if err != nil {
		return err
	}
	if err := s.accounts.SetCustomUserClaims(ctx, uid, claims); err != nil {
		return upstreamError("set the claims of the account", err)
	}
	return nil
}

// legacyClaims returns the claims of an account from the old system: claims plus [LegacyClaim] and, if
// the account is pending deletion, deletion.Claim. The deletion may have been requested before the
// account was in Authentication, so its claim could not be set then. The error is [ErrWrong] if the
// account is blocked. It costs one read, once per account.
func (s *Service) legacyClaims(ctx context.Context, uid string, claims map[string]any) (map[string]any, error) {
	pending, err := deletion.ReadPending(ctx, s.firestore, uid)
	if err != nil {
		return nil, err
	}
	if pending != nil && pending.IsBlocked() {
		return nil, ErrWrong // blocked during the migration; otherwise Authentication has it disabled
	}
	extended := maps.Clone(claims)
	if extended == nil {
		extended = map[string]any{}
	}
	extended[LegacyClaim] = true
	if pending != nil && pending.IsDeleting() {
		extended[deletion.Claim] = pending.Until.Unix()
	}
	return extended, nil
}

// finishMigration completes a migration that was interrupted after Authentication had the password. It leaves
// the hash of another password alone: the old system may have set that one later and be about to remove the one
// in Authentication, see package internal/migration/passwords.
func (l *login) finishMigration(ctx context.Context, old *credential.Stored) error {
	if old.LockedUntil.After(l.now()) {
		return nil // another login is still migrating it
	}
	same, err := l.matchesHash(ctx, old)
	if err != nil || !same {
		return err
	}
	user, err := l.accounts.GetUser(ctx, old.UID)
	if err != nil {
		return upstreamError("look up the account", err)
	}
	if err := l.setLegacyClaims(ctx, old.UID, user.CustomClaims); err != nil {
		return err
	}
	return old.Delete(ctx)
}

// undoIfReplaced takes a migration back whose credential got another hash meanwhile: the old system has set
// another password, and the one that was moved is no longer valid.
func (l *login) undoIfReplaced(ctx context.Context, old *credential.Stored) (replaced bool, err error) {
	docs, err := l.firestore.GetAll(ctx, []*firestore.DocumentRef{credential.Ref(l.firestore, l.email)})
	if err != nil {
		return false, fmt.Errorf("read the old credential again: %w", err)
	}
	now := l.decode(ctx, docs[0])
	if now == nil || now.UID != old.UID || now.Hash == old.Hash {
		return false, nil
	}
	update := (&auth.UserToUpdate{}).ProvidersToDelete([]string{passwordProvider})
	if _, err := l.accounts.UpdateUser(ctx, old.UID, update); err != nil {
		return true, upstreamError("remove a password that was replaced", err)
	}
	l.log.InfoContext(ctx, "took back a migration: the old system has set another password", "uid", old.UID)
	return true, nil
}

func hasPassword(user *auth.UserRecord) bool {
	for _, provider := range user.ProviderUserInfo {
		if provider.ProviderID == passwordProvider {
			return true
		}
	}
	return false
}

// importError wraps err in [errAddressTaken] or [errCannotMigrate] if Authentication rejected the account;
// any other failure may be temporary.
func importError(err error) error {
	failure := upstreamError("set the account's address and password", err)
	switch {
	case auth.IsEmailAlreadyExists(err):
		return fmt.Errorf("%w: %w", errAddressTaken, failure)
	case errorutils.IsInvalidArgument(err):
		return fmt.Errorf("%w: %w", errCannotMigrate, failure)
	}
	return failure
}
