package account

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"cloud.google.com/go/firestore"
	firebaseauth "firebase.google.com/go/v4/auth"
	"golang.org/x/text/unicode/norm"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/internal/auth"
	"heek.kr/heektime/internal/email"
	"heek.kr/heektime/internal/schema"
)

// Limits of a sign-up, in characters. Package schema has those of usernames.
const (
	MinPassword = 8
	MinName     = 2
	MaxName     = 100
)

// SignUp holds the fields of a sign-up.
type SignUp struct {
	Username, Password string
	// Name is the user's real name. It becomes the account's display name in Authentication,
	// because the schema has no field for it.
	Name string
}

// String hides the password.
func (s SignUp) String() string { return "sign-up of " + s.Username }

// GoString hides the password.
func (s SignUp) GoString() string { return s.String() }

// newUsername returns the stored form of a new username: Unicode NFC, because some keyboards
// compose characters that others send decomposed. ok is false if nobody can claim the username, or if
// it cannot be the local part of an email address. Upper case is kept in the username but not in the
// email address, so "Minsu" cannot sign up if "minsu" exists.
func newUsername(text string) (name string, ok bool) {
	name = norm.NFC.String(text)
	if schema.CheckUsername(name) != nil {
		return "", false
	}
	_, err := email.Normalize(emailOf(name))
	return name, err == nil
}

// Create signs a user up. The error wraps [ErrUsername], [ErrPassword], [ErrName], [ErrTaken],
// [ErrPendingDeletion], [ErrBlocked] or [auth.ErrUnavailable], or is a *loginthrottle.TooManyError or an
// *[auth.StoppedError]. Billed: 7 reads and 3 writes, or 1 read if the username is taken.
//
// Create first creates the account, then sets its display name, then writes users/{uid} and the
// username index in one transaction. If it is interrupted, a retry with the same password finds the
// account and completes it.
func (a *Accounts) Create(ctx context.Context, clientIP string, s SignUp) (User, error) {
	username, ok := newUsername(s.Username)
	switch {
	case !ok:
		return User{}, ErrUsername
	case utf8.RuneCountInString(s.Password) < MinPassword || len(s.Password) > auth.MaxPassword:
		return User{}, ErrPassword
	case utf8.RuneCountInString(strings.TrimSpace(s.Name)) < MinName || utf8.RuneCountInString(s.Name) > MaxName:
		return User{}, ErrName
	}
	index, err := a.firestore.GetAll(ctx, []*firestore.DocumentRef{schema.UsernameRef(a.firestore, username)})
	switch {
	case err != nil:
		return User{}, fmt.Errorf("read the username index: %w", err)
	case index[0].Exists():
		return User{}, ErrTaken
	}
	signIn := auth.SignIn{Email: emailOf(username), Password: s.Password, ClientIP: clientIP}
	uid, err := a.auth.Register(ctx, signIn)
	created := err == nil
	switch {
	case errors.Is(err, auth.ErrTaken):
		if uid, err = a.incompleteAccount(ctx, signIn); err != nil {
			return User{}, err
		}
	case errors.Is(err, auth.ErrInvalid):
		return User{}, fmt.Errorf("%w: %w", ErrUsername, err)
	case err != nil:
		return User{}, err
	}
	if _, err := a.admin.UpdateUser(ctx, uid, (&firebaseauth.UserToUpdate{}).DisplayName(strings.TrimSpace(s.Name))); err != nil {
		// Not wrapped: the SDK's errors quote responses, which could contain the request.
		return User{}, fmt.Errorf("%w: set the display name of account %s in Authentication", auth.ErrUnavailable, uid)
	}
	err = a.claim(ctx, uid, username)
	if errors.Is(err, ErrTaken) && created {
		// An account with another email address has just claimed the username, so this one is
		// useless.
		if err := a.admin.DeleteUser(ctx, uid); err != nil {
			a.log.WarnContext(ctx, "could not delete an account without a username", "uid", uid)
		}
	}
	if err != nil {
		return User{}, err
	}
	return User{uid, username}, nil
}

// incompleteAccount returns the account of an interrupted sign-up by the same user, which the
// password proves, or [ErrTaken].
func (a *Accounts) incompleteAccount(ctx context.Context, signIn auth.SignIn) (uid string, err error) {
	account, err := a.auth.Login(ctx, signIn)
	switch {
	case errors.Is(err, auth.ErrWrong):
		return "", ErrTaken
	case err != nil:
		return "", err
	}
	if _, err := a.User(ctx, account.UID); err == nil {
		return "", ErrTaken
	} else if !errors.Is(err, ErrNoUser) {
		return "", err
	}
	return account.UID, nil
}

// claim writes users/{uid} and the username index, as new clients do and firestore.rules requires.
// It is idempotent. The error may be [ErrTaken], [ErrPendingDeletion] or [ErrBlocked]. Billed: 3 reads and 2
// writes.
//
// The transaction reads nothing and instead requires, as a precondition, that neither document
// exists. If the process dies within it, no locks remain for the next attempt to wait for.
func (a *Accounts) claim(ctx context.Context, uid, username string) error {
	user, index, pending := schema.UserRef(a.firestore, uid), schema.UsernameRef(a.firestore, username), schema.DeletionRef(a.firestore, uid)
	const tries = 3
	for try := 1; ; try++ {
		docs, err := a.firestore.GetAll(ctx, []*firestore.DocumentRef{user, index, pending})
		switch {
		case err != nil:
			return fmt.Errorf("read the documents of user %s: %w", uid, err)
		case docs[0].Exists() && schema.UsernameOf(docs[0]) == username:
			return nil // by a concurrent call, or by a commit whose response was lost
		case docs[2].Exists():
			var hidden schema.PendingDeletion
			if _, err := schema.Decode(pending, docs[2], nil, &hidden); err != nil {
				return err
			}
			return hiddenError(&hidden)
		case docs[0].Exists(), docs[1].Exists():
			return ErrTaken
		}
		err = a.firestore.RunTransaction(ctx, func(_ context.Context, tx *firestore.Transaction) error {
			return errors.Join(
				tx.Create(user, schema.User{Username: username}),
				tx.Create(index, schema.Username{UID: uid}),
			)
		})
		switch {
		case err == nil:
			return nil
		case status.Code(err) != codes.AlreadyExists || try == tries:
			return fmt.Errorf("claim a username for user %s: %w", uid, err)
		}
	}
}
