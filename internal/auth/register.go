package auth

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"firebase.google.com/go/v4/auth"
	"firebase.google.com/go/v4/errorutils"

	"heek.kr/heektime/internal/credential"
	"heek.kr/heektime/internal/email"
	"heek.kr/heektime/internal/schema"
)

// minPassword is the shortest password that Authentication accepts, in characters.
const minPassword = 6

// Register creates an account in Authentication and returns its uid. The error wraps [ErrInvalid],
// [ErrTaken] or [ErrUnavailable], or is a *[loginthrottle.TooManyError] or a *[StoppedError].
//
// docs/sign-in.md says what it bills.
func (s *Service) Register(ctx context.Context, a SignIn) (uid string, err error) {
	email, err := email.Normalize(a.Email)
	switch {
	case err != nil:
		return "", fmt.Errorf("%w: %w", ErrInvalid, err)
	case !utf8.ValidString(a.Password) || utf8.RuneCountInString(a.Password) < minPassword:
		return "", fmt.Errorf("%w: the password is shorter than %d characters", ErrInvalid, minPassword)
	case !isUsernameAddress(email):
		return "", fmt.Errorf("%w: the user name is too short, too long, or has characters that are not allowed", ErrInvalid)
	case len(a.Password) > MaxPassword:
		return "", fmt.Errorf("%w: the password is longer than %d bytes", ErrInvalid, MaxPassword)
	}
	ctx, cancel := context.WithTimeout(ctx, loginTimeout)
	defer cancel()
	// Every registration counts: a failed one reveals that an address is taken, and a successful one
	// creates an account.
	admission, docs, err := s.throttle.Register(ctx, email, a.ClientIP, credential.Ref(s.firestore, email), schema.StopRef(s.firestore))
	if err != nil {
		return "", unavailable(err)
	}
	defer admission.End()
	switch {
	case docs[1].Exists():
		stop := schema.StopOf(docs[1])
		err = &StoppedError{stop.Message}
	case docs[0].Exists():
		err = ErrTaken
	default:
		uid, err = s.createUser(ctx, email, a.Password)
	}
	s.settle(ctx, admission, err)
	return uid, unavailable(err)
}

// isUsernameAddress reports whether an address of our own domain is made of a name that users can claim.
// It is true for other addresses. Accounts that exist keep their addresses.
func isUsernameAddress(address string) bool {
	name, ours := strings.CutSuffix(address, "@"+email.OldDomain)
	return !ours || schema.CheckUsername(name) == nil
}

func (s *Service) createUser(ctx context.Context, email, password string) (string, error) {
	// Choosing the uid here lets us recognize our own account when the response is lost and the SDK
	// retries.
	uid := newUID()
	_, err := s.accounts.CreateUser(ctx, newAccount(uid, email, password))
	switch {
	case err == nil:
		return uid, nil
	case auth.IsEmailAlreadyExists(err), auth.IsUIDAlreadyExists(err):
		user, err := s.accounts.GetUserByEmail(ctx, email)
		switch {
		case auth.IsUserNotFound(err), err == nil && user.UID != uid:
			return "", ErrTaken
		case err != nil:
			return "", upstreamError("look up the account", err)
		}
		return uid, nil
	case errorutils.IsInvalidArgument(err):
		return "", fmt.Errorf("%w: Authentication does not accept the address or the password", ErrInvalid)
	}
	return "", upstreamError("create the account", err)
}

// newAccount describes a new account in Authentication. An address of our own domain counts as verified,
// which tells the account from an impostor.
func newAccount(uid, email, password string) *auth.UserToCreate {
	account := (&auth.UserToCreate{}).UID(uid).Email(email).Password(password)
	if isOurs(email) {
		account.EmailVerified(true)
	}
	return account
}
