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
	"heek.kr/heektime/internal/werkzeug"
)

// MaxPassword is the longest password, in bytes. Old accounts had no limit, so it is far above what people type.
const MaxPassword = 1024

// loginTime bounds a login.
const loginTime = 20 * time.Second

// Login says who signs in. The error wraps [ErrWrong] or [ErrUnavailable], or is an *[attempt.TooManyError].
//
// A refused login takes the same steps whoever it is for: three documents read, Authentication asked, one hash's work done,
// two counters written. Billed: 3 reads; a refusal 2 writes; the first login of an old account 1 read, 1 write and 1 delete more.
func (s *Service) Login(ctx context.Context, a SignIn) (*Account, error) {
	email, err := email.Normalize(a.Email)
	if err != nil || a.Password == "" || len(a.Password) > MaxPassword {
		return nil, ErrWrong // no account can have these, so there is nothing to hide
	}
	ctx, cancel := context.WithTimeout(ctx, loginTime)
	defer cancel()
	counted, docs, err := s.logins.Begin(ctx, "login "+email, "login "+a.ClientIP, credential.Ref(s.firestore, email))
	if err != nil {
		return nil, unavailable(err)
	}
	defer counted.End()
	l := &login{Service: s, email: email, password: a.Password, client: a.ClientIP}
	account, err := l.run(ctx, docs[0])
	// Who hangs up is counted, too.
	last, cancel := detached(ctx)
	defer cancel()
	switch {
	case errors.Is(err, ErrWrong):
		if err := counted.Failed(last); err != nil {
			return nil, unavailable(err)
		}
	case err == nil:
		if err := counted.Succeeded(last); err != nil {
			s.log.WarnContext(ctx, "failures before a login are not forgotten", "error", err.Error())
		}
	}
	return account, unavailable(err)
}

// lastWords is for what must be written down though nobody waits for the answer any more.
func detached(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
}

// unavailable makes an error one of those that Login and Register document.
func unavailable(err error) error {
	var wait *loginthrottle.TooManyError
	switch {
	case err == nil, errors.As(err, &wait), errors.Is(err, ErrWrong), errors.Is(err, ErrTaken), errors.Is(err, ErrInvalid):
		return err
	case errors.Is(err, fairsemaphore.ErrFull):
		return &loginthrottle.TooManyError{Wait: time.Second}
	case errors.Is(err, identitytoolkit.ErrThrottled):
		return &loginthrottle.TooManyError{Wait: time.Minute}
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, err)
}

// login is one login on its way.
type login struct {
	*Service
	email, password, client string
}

// run asks Authentication first: it is right about every account that it has a password of.
func (l *login) run(ctx context.Context, doc *firestore.DocumentSnapshot) (*Account, error) {
	old := l.read(ctx, doc)
	account, err := l.signIn(ctx, old)
	if !errors.Is(err, identitytoolkit.ErrRefused) {
		return account, err
	}
	right, err := l.matches(ctx, old)
	switch {
	case err != nil:
		return nil, err
	case !right:
		return nil, ErrWrong
	}
	verified := old.Credential
	for wait := 100 * time.Millisecond; ; wait *= 2 {
		account, err := l.migrate(ctx, old)
		if !errors.Is(err, credential.ErrChanged) || wait > longestWait {
			return account, err
		}
		// Another login moves the account or has moved it: then Authentication knows the password.
		if old, err = l.reread(ctx, wait); err != nil {
			return nil, err
		}
		account, err = l.signIn(ctx, old)
		switch {
		case !errors.Is(err, identitytoolkit.ErrRefused):
			return account, err
		case old == nil, old.Credential != verified:
			return nil, ErrWrong // another password was set since
		}
	}
}

// longestWait is the last wait for another login that moves the same account. Each is twice the one before, so that all of
// them are about six seconds; moving takes one.
const longestWait = 3 * time.Second

// read reads the old credential; nil when there is none.
func (l *login) read(ctx context.Context, doc *firestore.DocumentSnapshot) *credential.Stored {
	old, err := credential.Read(doc)
	if err != nil {
		// Nobody signs in with it, and the others must not see that it is there.
		l.log.ErrorContext(ctx, "old credential refused", "error", err.Error())
		return nil
	}
	return old
}

// reread waits, and reads the old credential again.
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
	return l.read(ctx, docs[0]), nil
}

// signIn asks Authentication. It refuses with [identitytoolkit.ErrRefused].
func (l *login) signIn(ctx context.Context, old *credential.Stored) (*Account, error) {
	uid, claims, err := l.passwords.SignIn(ctx, l.email, l.password)
	if err != nil {
		return nil, err
	}
	legacy, _ := claims[LegacyClaim].(bool)
	switch {
	case old == nil:
	case old.UID != uid:
		// Somebody registered the address at Authentication itself. It is a right password of that account and no other.
		l.log.ErrorContext(ctx, "an address has two accounts", "uid", uid, "old", old.UID)
	default:
		// It was moved up to the last steps.
		legacy = true
		if err := l.finish(ctx, old); err != nil {
			l.log.WarnContext(ctx, "an old hash stays behind", "uid", uid, "error", err.Error())
		}
	}
	return &Account{UID: uid, Legacy: legacy}, nil
}

// matches says whether the password is that of the old credential. It does the same work when there is none, or one that
// nobody can compute.
func (l *login) matches(ctx context.Context, old *credential.Stored) (right bool, err error) {
	var hash *werkzeug.Hash
	if old != nil {
		if hash, err = werkzeug.Parse(old.Hash); err != nil {
			l.log.ErrorContext(ctx, "old hash refused: its owner cannot sign in", "uid", old.UID, "error", err.Error())
		}
	}
	leave, err := l.hashing.Enter(ctx, l.client)
	if err != nil {
		return false, err
	}
	defer leave()
	work := 0
	if hash != nil {
		work = hash.Cost()
		if right, err = hash.Verify(l.password); err != nil {
			return false, err
		}
	}
	if !right {
		werkzeug.Work(l.password, l.rounds-work)
		work = max(work, l.rounds)
	}
	l.worked(work)
	return right, nil
}
