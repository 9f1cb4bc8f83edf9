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

// Bounds of a sign-up, in characters. Package schema has those of a username.
const (
	MinPassword = 8
	MinName     = 2
	MaxName     = 100
)

// SignUp is what somebody signs up with.
type SignUp struct {
	Username, Password string
	// Name of the person. The schema has no field for it: it becomes the account's display name at Authentication.
	Name string
}

// String hides the password.
func (s SignUp) String() string { return "sign-up of " + s.Username }

// GoString hides the password.
func (s SignUp) GoString() string { return s.String() }

// newUsername is the form in which a new username is kept: Unicode's NFC, as one keyboard composes what another one leaves in
// parts. ok is false for what cannot be one: too short, too long, not the name of a document, or not the first part of an
// e-mail address. Capital letters stay, but in the address they are small ones: so "Minsu" cannot sign up beside "minsu".
func newUsername(text string) (name string, ok bool) {
	name = norm.NFC.String(text)
	length := utf8.RuneCountInString(name)
	if !utf8.ValidString(name) || length < schema.MinUsername || length > schema.MaxUsername ||
		strings.ContainsAny(name, "@/") || name != strings.TrimSpace(name) ||
		!schema.IsID(name) {
		return "", false
	}
	_, err := email.Normalize(name + "@" + email.OldDomain)
	return name, err == nil
}

// Create signs somebody up. The error wraps [ErrUsername], [ErrPassword], [ErrName], [ErrTaken] or [auth.ErrUnavailable], or is an
// *attempt.TooManyError. Billed: 7 reads, 4 writes; 1 read when the username is taken.
//
// First comes the account, then its name, then users/{uid} and the username's index in one transaction. Whoever dies between
// them tries again, with the same password: the account is found, and gets what it lacks.
func (a *Accounts) Create(ctx context.Context, client string, s SignUp) (User, error) {
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
		return User{}, fmt.Errorf("read the index of usernames: %w", err)
	case index[0].Exists():
		return User{}, ErrTaken
	}
	attempt := auth.SignIn{Email: emailOf(username), Password: s.Password, ClientIP: client}
	uid, err := a.auth.Register(ctx, attempt)
	created := err == nil
	switch {
	case errors.Is(err, auth.ErrTaken):
		if uid, err = a.left(ctx, attempt); err != nil {
			return User{}, err
		}
	case errors.Is(err, auth.ErrInvalid):
		return User{}, fmt.Errorf("%w: %w", ErrUsername, err)
	case err != nil:
		return User{}, err
	}
	if _, err := a.admin.UpdateUser(ctx, uid, (&firebaseauth.UserToUpdate{}).DisplayName(strings.TrimSpace(s.Name))); err != nil {
		// The SDK's errors quote answers, and an answer could quote what was sent.
		return User{}, fmt.Errorf("%w: name account %s at Authentication", auth.ErrUnavailable, uid)
	}
	err = a.claim(ctx, uid, username)
	if errors.Is(err, ErrTaken) && created {
		// Somebody claimed the name a moment ago, with another address. The account would be of no use to anybody.
		if err := a.admin.DeleteUser(ctx, uid); err != nil {
			a.log.WarnContext(ctx, "an account without a username stays behind", "uid", uid)
		}
	}
	if err != nil {
		return User{}, err
	}
	return User{uid, username}, nil
}

// left is the account that a sign-up before this one left behind, of the same person: who else would know the password?
func (a *Accounts) left(ctx context.Context, attempt auth.SignIn) (uid string, err error) {
	account, err := a.auth.Login(ctx, attempt)
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

// claim writes users/{uid} and the username's index, as a new client does and firestore.rules demands. It may be repeated. The
// error may be [ErrTaken] or [ErrLeaving]. Billed: 3 reads, 2 writes.
//
// The transaction reads nothing: that neither document exists is its condition. So whoever dies in it holds no locks that the
// next one would have to wait for.
func (a *Accounts) claim(ctx context.Context, uid, username string) error {
	user, index, mark := schema.UserRef(a.firestore, uid), schema.UsernameRef(a.firestore, username), schema.DeletionRef(a.firestore, uid)
	const tries = 3
	for try := 1; ; try++ {
		docs, err := a.firestore.GetAll(ctx, []*firestore.DocumentRef{user, index, mark})
		switch {
		case err != nil:
			return fmt.Errorf("read what %s has: %w", uid, err)
		case docs[0].Exists() && schema.UsernameOf(docs[0]) == username:
			return nil // by somebody at the same time, or the answer to a commit got lost
		case docs[2].Exists():
			return ErrLeaving
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
			return fmt.Errorf("claim a username for %s: %w", uid, err)
		}
	}
}
