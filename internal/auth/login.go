package auth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/internal/address"
	"heek.kr/heektime/internal/attempt"
	"heek.kr/heektime/internal/credential"
	"heek.kr/heektime/internal/gate"
	"heek.kr/heektime/internal/identitytoolkit"
	"heek.kr/heektime/internal/werkzeug"
)

// MaxPassword is the longest password, in bytes. Old accounts had no limit, so it is far above what people type.
const MaxPassword = 1024

// loginTime bounds a login. It is well below the 60 seconds for which a Firestore transaction keeps an idle lock: whoever
// holds an account's lock has given up before somebody else can have it.
const loginTime = 20 * time.Second

// Login says who signs in. The error wraps [ErrWrong] or [ErrUnavailable], or is an *[attempt.TooManyError].
//
// A refused login takes the same steps whoever it is for: three documents read, Authentication asked, one hash's work done,
// two counters written. Billed: 3 reads; a refusal 2 writes; the first login of an old account 1 read and 1 delete more.
func (s *Service) Login(ctx context.Context, a Attempt) (*Account, error) {
	email, err := address.Normal(a.Email)
	if err != nil || a.Password == "" || len(a.Password) > MaxPassword {
		return nil, ErrWrong // no account can have these, so there is nothing to hide
	}
	ctx, cancel := context.WithTimeout(ctx, loginTime)
	defer cancel()
	counted, docs, err := s.logins.Begin(ctx, "login "+email, "login "+a.Client, credential.Ref(s.firestore, email))
	if err != nil {
		return nil, unavailable(err)
	}
	defer counted.End()
	l := &login{Service: s, email: email, password: a.Password, client: a.Client}
	account, err := l.run(ctx, docs[0])
	switch {
	case errors.Is(err, ErrWrong):
		if err := counted.Failed(ctx); err != nil {
			return nil, unavailable(err)
		}
	case err == nil:
		if err := counted.Succeeded(ctx); err != nil {
			s.log.WarnContext(ctx, "failures before a login are not forgotten", "error", err.Error())
		}
	}
	return account, unavailable(err)
}

// unavailable makes an error one of those that Login and Register document.
func unavailable(err error) error {
	var wait *attempt.TooManyError
	switch {
	case err == nil, errors.As(err, &wait), errors.Is(err, ErrWrong), errors.Is(err, ErrTaken), errors.Is(err, ErrInvalid):
		return err
	case errors.Is(err, gate.ErrFull):
		return &attempt.TooManyError{Wait: time.Second}
	case errors.Is(err, identitytoolkit.ErrThrottled):
		return &attempt.TooManyError{Wait: time.Minute}
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
	old, err := credential.Read(doc)
	if err != nil {
		// Nobody signs in with it, and the others must not see that it is there.
		l.log.ErrorContext(ctx, "old credential refused", "error", err.Error())
		old = nil
	}
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
	return l.drain(ctx, old)
}

// signIn asks Authentication. It refuses with [identitytoolkit.ErrRefused].
func (l *login) signIn(ctx context.Context, old *credential.Credential) (*Account, error) {
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
		// It was drained up to the last steps.
		legacy = true
		if err := l.finish(ctx, uid); err != nil {
			l.log.WarnContext(ctx, "an old hash stays behind", "uid", uid, "error", err.Error())
		}
	}
	return &Account{UID: uid, Legacy: legacy}, nil
}

// matches says whether the password is that of the old credential. It does the same work when there is none, or one that
// nobody can compute.
func (l *login) matches(ctx context.Context, old *credential.Credential) (right bool, err error) {
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
