package auth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/internal/auth/fairsemaphore"
	"heek.kr/heektime/internal/auth/identitytoolkit"
	"heek.kr/heektime/internal/credential"
	"heek.kr/heektime/internal/email"
	"heek.kr/heektime/internal/loginthrottle"
	"heek.kr/heektime/internal/logline"
	"heek.kr/heektime/internal/werkzeug"
)

// MaxPassword is the longest accepted password, in bytes. The old system had no limit, so this is far
// above what people type.
const MaxPassword = 1024

// loginTimeout limits a whole login.
const loginTimeout = 20 * time.Second

// Login returns the account with the given address and password. The error wraps [ErrWrong] or
// [ErrUnavailable], or is a *[loginthrottle.TooManyError].
//
// So that nobody can find out which addresses have accounts, every rejected login takes the same
// steps: the attempt is counted, the old credential is read, Authentication is called once, and one hash
// is computed. It is counted first, so that a failure to count reveals nothing about the password.
//
// docs/sign-in.md says what it bills.
func (s *Service) Login(ctx context.Context, a SignIn) (*Account, error) {
	account, err := s.logIn(ctx, a)
	s.countRejected(ctx, err)
	return account, unavailable(err)
}

// logIn is [Service.Login], with errors that are not documented.
func (s *Service) logIn(ctx context.Context, a SignIn) (*Account, error) {
	email, err := email.ForSignIn(a.Email)
	if err != nil || a.Password == "" || len(a.Password) > MaxPassword {
		return nil, ErrWrong // no account can have these, so there is nothing to hide
	}
	ctx, cancel := context.WithTimeout(ctx, loginTimeout)
	defer cancel()
	admission, docs, err := s.throttle.SignIn(ctx, email, a.ClientIP, credential.Ref(s.firestore, email))
	if err != nil {
		return nil, err
	}
	defer admission.End()
	l := &login{Service: s, email: email, password: a.Password, client: a.ClientIP}
	account, err := l.run(ctx, docs[0])
	s.settle(ctx, admission, err)
	return account, err
}

// settle takes back the count of an attempt that was not a failure. If that fails, the attempt stays
// counted, which only makes the next wait come sooner.
func (s *Service) settle(ctx context.Context, admission *loginthrottle.Admission, result error) {
	settle := admission.Undo
	switch {
	case result == nil:
		settle = admission.Succeeded
	case errors.Is(result, ErrWrong), errors.Is(result, ErrTaken), errors.Is(result, ErrInvalid), ctx.Err() != nil:
		// A client that disconnects before the response has still made the service work.
		return
	}
	detachedCtx, cancel := detached(ctx)
	defer cancel()
	if err := settle(detachedCtx); err != nil {
		s.log.WarnContext(ctx, "cannot take back the count of a sign-in attempt", "error", err.Error())
	}
}

// detached returns a context for writes that must happen even if the client has disconnected.
func detached(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
}

// unavailable wraps err in [ErrUnavailable] unless it is already an error that Login and Register
// document.
func unavailable(err error) error {
	var tooMany *loginthrottle.TooManyError
	var stopped *StoppedError
	switch {
	case err == nil, errors.As(err, &tooMany), errors.As(err, &stopped),
		errors.Is(err, ErrWrong), errors.Is(err, ErrTaken), errors.Is(err, ErrInvalid):
		return err
	case errors.Is(err, fairsemaphore.ErrFull):
		return &loginthrottle.TooManyError{Wait: time.Second}
	case errors.Is(err, identitytoolkit.ErrThrottled):
		return &loginthrottle.TooManyError{Wait: time.Minute}
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, err)
}

// login is the state of one call of [Service.Login].
type login struct {
	*Service
	email, password, client string
}

// run tries Authentication first: if it has a password for the account, that password is the only
// valid one. Otherwise run verifies the old hash and migrates the account.
func (l *login) run(ctx context.Context, doc *firestore.DocumentSnapshot) (*Account, error) {
	old := l.decode(ctx, doc)
	account, err := l.signIn(ctx, old)
	if !errors.Is(err, identitytoolkit.ErrRejected) {
		return account, err
	}
	ok, err := l.matches(ctx, old)
	switch {
	case err != nil:
		return nil, err
	case !ok:
		return nil, ErrWrong
	}
	verified := old.Credential
	for wait := 100 * time.Millisecond; ; wait *= 2 {
		account, err := l.migrate(ctx, old)
		if !errors.Is(err, credential.ErrChanged) || wait > maxMigrationWait {
			return account, err
		}
		// Another login is migrating the account. Once it is done, Authentication has the password.
		if old, err = l.reread(ctx, wait); err != nil {
			return nil, err
		}
		account, err = l.signIn(ctx, old)
		switch {
		case !errors.Is(err, identitytoolkit.ErrRejected):
			return account, err
		case old == nil, old.Credential != verified:
			return nil, ErrWrong // the password has been changed since
		}
	}
}

// verifiedClaim is true in the ID tokens of an account whose address is verified.
const verifiedClaim = "email_verified"

// maxMigrationWait is the longest single wait for another login that is migrating the same account.
// Waits double, so together they last about six seconds; a migration takes about one.
const maxMigrationWait = 3 * time.Second

// decode returns the old credential in doc, or nil if there is none or it is malformed.
func (l *login) decode(ctx context.Context, doc *firestore.DocumentSnapshot) *credential.Stored {
	old, err := credential.Read(doc)
	if err != nil {
		// Nobody can sign in with it, and the response must not reveal that it exists.
		l.log.ErrorContext(ctx, "ignoring a malformed old credential", "error", err.Error())
		return nil
	}
	return old
}

// reread waits, then reads the old credential again.
func (l *login) reread(ctx context.Context, wait time.Duration) (*credential.Stored, error) {
	select {
	case <-time.After(wait):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	docs, err := l.firestore.GetAll(ctx, []*firestore.DocumentRef{credential.Ref(l.firestore, l.email)})
	if err != nil {
		return nil, fmt.Errorf("read the old credential again: %w", err)
	}
	return l.decode(ctx, docs[0]), nil
}

// signIn verifies the password with Authentication. The error wraps [identitytoolkit.ErrRejected] if
// the password is wrong.
func (l *login) signIn(ctx context.Context, old *credential.Stored) (*Account, error) {
	uid, claims, err := l.passwords.SignIn(ctx, l.email, l.password)
	if errors.Is(err, identitytoolkit.ErrQuota) {
		// The caller is only told to wait, so the call itself is no error in the log.
		l.log.ErrorContext(ctx, "nobody can sign in with a password", logline.FieldError, err.Error())
	}
	if err != nil {
		return nil, err
	}
	legacy, _ := claims[LegacyClaim].(bool)
	switch {
	case old == nil:
	case old.UID != uid:
		verified, _ := claims[verifiedClaim].(bool)
		if isOurs(l.email) && !(verified && (legacy || isOwnUID(uid))) {
			// The account has taken the address of an old account: only the old password is valid.
			return nil, fmt.Errorf("%w: the account is an impostor", identitytoolkit.ErrRejected)
		}
		// Somebody registered the address. The password opens that account only.
		l.log.ErrorContext(ctx, "the address has two accounts", "uid", uid, "old", old.UID)
	default:
		// An earlier migration has not completed its last steps.
		legacy = true
		if err := l.finishMigration(ctx, old); err != nil {
			l.log.WarnContext(ctx, "cannot finish migrating an old account; the next login retries",
				"uid", uid, "error", err.Error())
		}
	}
	return &Account{UID: uid, Legacy: legacy}, nil
}

// matches reports whether the password matches the old hash. It does the same amount of work if there
// is no hash or a malformed one.
func (l *login) matches(ctx context.Context, old *credential.Stored) (ok bool, err error) {
	var hash *werkzeug.Hash
	if old != nil {
		if hash, err = werkzeug.Parse(old.Hash); err != nil {
			l.log.ErrorContext(ctx, "malformed old hash: its owner cannot sign in",
				"uid", old.UID, "error", err.Error())
		}
	}
	release, err := l.hashing.Acquire(ctx, l.client)
	if err != nil {
		return false, err
	}
	defer release()
	work := 0
	if hash != nil {
		work = hash.Cost()
		if ok, err = hash.Verify(l.password); err != nil {
			return false, err
		}
	}
	if !ok {
		werkzeug.SpendRounds(l.password, l.rounds-work)
		work = max(work, l.rounds)
	}
	l.onHash(work)
	return ok, nil
}

// matchesHash reports whether the password matches the hash of a credential, if that is well-formed. It does
// not hide how much work that is: Authentication has accepted the password.
func (l *login) matchesHash(ctx context.Context, old *credential.Stored) (bool, error) {
	hash, err := werkzeug.Parse(old.Hash)
	if err != nil {
		return false, nil // matches logs it
	}
	release, err := l.hashing.Acquire(ctx, l.client)
	if err != nil {
		return false, err
	}
	defer release()
	l.onHash(hash.Cost())
	return hash.Verify(l.password)
}
