package auth

import (
	"context"
	"crypto/rand"
	"fmt"
	"unicode/utf8"

	"firebase.google.com/go/v4/auth"
	"firebase.google.com/go/v4/errorutils"

	"heek.kr/heektime/internal/credential"
	"heek.kr/heektime/internal/email"
)

// minPassword is the shortest password that Authentication takes, in characters.
const minPassword = 6

// Register creates an account in Authentication and gives its uid. The error wraps [ErrInvalid], [ErrTaken] or
// [ErrUnavailable], or is an *[attempt.TooManyError].
//
// Billed: 3 reads, 2 writes.
func (s *Service) Register(ctx context.Context, a SignIn) (uid string, err error) {
	email, err := email.Normalize(a.Email)
	switch {
	case err != nil:
		return "", fmt.Errorf("%w: %w", ErrInvalid, err)
	case !utf8.ValidString(a.Password) || utf8.RuneCountInString(a.Password) < minPassword:
		return "", fmt.Errorf("%w: the password has fewer than %d characters", ErrInvalid, minPassword)
	case len(a.Password) > MaxPassword:
		return "", fmt.Errorf("%w: the password is longer than %d bytes", ErrInvalid, MaxPassword)
	}
	ctx, cancel := context.WithTimeout(ctx, loginTime)
	defer cancel()
	counted, docs, err := s.registers.Begin(ctx, "register "+email, "register "+a.ClientIP, credential.Ref(s.firestore, email))
	if err != nil {
		return "", unavailable(err)
	}
	defer counted.End()
	// Each attempt counts: one that fails tells whose address is taken, one that succeeds makes an account.
	if err := counted.Failed(ctx); err != nil {
		return "", unavailable(err)
	}
	if docs[0].Exists() {
		return "", ErrTaken
	}
	uid, err = s.create(ctx, email, a.Password)
	return uid, unavailable(err)
}

func (s *Service) create(ctx context.Context, email, password string) (string, error) {
	// The uid is chosen here: so an answer that got lost on the way, and the SDK's asking again, are seen to be our own.
	uid := rand.Text()
	_, err := s.accounts.CreateUser(ctx, (&auth.UserToCreate{}).UID(uid).Email(email).Password(password))
	switch {
	case err == nil:
		return uid, nil
	case auth.IsEmailAlreadyExists(err), auth.IsUIDAlreadyExists(err):
		user, err := s.accounts.GetUserByEmail(ctx, email)
		switch {
		case auth.IsUserNotFound(err), err == nil && user.UID != uid:
			return "", ErrTaken
		case err != nil:
			return "", upstream("look up the account", err)
		}
		return uid, nil
	case errorutils.IsInvalidArgument(err):
		return "", fmt.Errorf("%w: Authentication takes no such address or password", ErrInvalid)
	}
	return "", upstream("create the account", err)
}
