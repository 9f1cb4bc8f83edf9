package auth

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"cloud.google.com/go/firestore"
	"firebase.google.com/go/v4/auth"
	"firebase.google.com/go/v4/errorutils"

	"heek.kr/heektime/internal/credential"
	"heek.kr/heektime/internal/identitytoolkit"
)

// LegacyClaim is true in the tokens of accounts from the old system.
const LegacyClaim = "legacy"

// passwordProvider is how Authentication calls an address with a password.
const passwordProvider = "password"

var (
	// errElsewhere says that the old credential is gone or another by now.
	errElsewhere = errors.New("the old credential changed meanwhile")
	// errStays says that Authentication will not take the account as it is, now or later.
	errStays = errors.New("the account cannot be moved to Authentication")
)

// drain moves an old account, whose password was right, to Authentication: the account with the password, then the claim,
// then the old hash goes.
//
// Authentication has one rule: who has a password there is moved, and only that password counts. So the old hash never
// changes a password that is there, and dying between any two steps leaves something that the next login ends. The steps run
// in a transaction that holds the credential, so that two logins take turns; a new account needs no such care, since
// Authentication creates a uid only once.
func (l *login) drain(ctx context.Context, verified *credential.Credential) (account *Account, err error) {
	ref := credential.Ref(l.firestore, l.email)
	var stale bool
	err = l.firestore.RunTransaction(ctx, func(ctx context.Context, tx *firestore.Transaction) error {
		account = &Account{UID: verified.UID, Legacy: true}
		doc, err := tx.Get(ref)
		if doc == nil || (err != nil && doc.Exists()) {
			return fmt.Errorf("hold the old credential: %w", err)
		}
		current, err := credential.Read(doc)
		if err != nil || current == nil || *current != *verified {
			return errors.Join(errElsewhere, err)
		}
		err = l.move(ctx, current)
		if stale = errors.Is(err, errStale); err != nil && !stale {
			return err
		}
		return tx.Delete(ref)
	})
	switch {
	case err == nil && !stale:
		l.log.InfoContext(ctx, "old account moved to Authentication", "uid", verified.UID)
		return account, nil
	case err == nil:
		l.log.WarnContext(ctx, "old hash deleted: Authentication has a newer password", "uid", verified.UID)
		return nil, ErrWrong
	case errors.Is(err, errStays):
		// The password was right, and there is no other. Who owns the account must not suffer for it.
		l.log.ErrorContext(ctx, "old account stays: its address or password cannot be moved", "uid", verified.UID, "error", err.Error())
		return account, nil
	case errors.Is(err, errElsewhere):
		// Another login moved it just now, or somebody changed it: then Authentication knows.
		account, err := l.signIn(ctx, nil)
		if errors.Is(err, identitytoolkit.ErrRefused) {
			return nil, ErrWrong
		}
		return account, err
	}
	return nil, err
}

// errStale says that Authentication has another password, which is newer.
var errStale = errors.New("the old hash is out of date")

// move gives Authentication the account. It may be repeated.
func (l *login) move(ctx context.Context, old *credential.Credential) error {
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
	update := (&auth.UserToUpdate{}).Email(l.email).Password(l.password).CustomClaims(legacyClaims(user.CustomClaims))
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
	if err := s.accounts.SetCustomUserClaims(ctx, uid, legacyClaims(claims)); err != nil {
		return upstream("mark the account", err)
	}
	return nil
}

func legacyClaims(claims map[string]any) map[string]any {
	marked := maps.Clone(claims)
	if marked == nil {
		marked = map[string]any{}
	}
	marked[LegacyClaim] = true
	return marked
}

// finish does what a login left undone that died after Authentication had the password.
func (l *login) finish(ctx context.Context, uid string) error {
	user, err := l.accounts.GetUser(ctx, uid)
	if err != nil {
		return upstream("look up the account", err)
	}
	if err := l.mark(ctx, uid, user.CustomClaims); err != nil {
		return err
	}
	if _, err := credential.Ref(l.firestore, l.email).Delete(ctx); err != nil {
		return fmt.Errorf("delete the old hash: %w", err)
	}
	return nil
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
