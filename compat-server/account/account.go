// Package account signs users of old apps up and in, on the accounts that everybody has: Firebase Authentication, and the old
// passwords until their owners have moved there (package auth of internal does both), with users/{uid} and the index of
// usernames beside, as new clients write them.
package account

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"
	"unicode/utf8"

	"cloud.google.com/go/firestore"
	firebaseauth "firebase.google.com/go/v4/auth"

	"heek.kr/heektime/compat-server/token"
	"heek.kr/heektime/internal/auth"
	"heek.kr/heektime/internal/deletion"
	"heek.kr/heektime/internal/email"
	"heek.kr/heektime/internal/schema"
)

var (
	// ErrTaken says that somebody has the username.
	ErrTaken = errors.New("the username is taken")
	// ErrUsername, ErrPassword and ErrName are what nobody can sign up with.
	ErrUsername = errors.New("no username")
	ErrPassword = errors.New("no password for a new account")
	ErrName     = errors.New("no name of a person")
	// ErrNoUser says that there is no such user.
	ErrNoUser = errors.New("no such user")
	// ErrLeaving says that the account is about to be deleted; its owner takes it back in a new app.
	ErrLeaving = errors.New("the account is about to be deleted")
	// ErrRevoked says that a session is over: the password was changed, the account is disabled or gone, or an operator ended it.
	ErrRevoked = errors.New("session revoked")
)

// User as others see him.
type User struct {
	ID       string `json:"id"`
	Username string `json:"username"`
}

// Config is what the accounts work with. Everything is required.
type Config struct {
	Firestore *firestore.Client
	// Auth signs people in and creates accounts.
	Auth *auth.Service
	// Admin is the Admin SDK's client of Authentication.
	Admin *firebaseauth.Client
	Log   *slog.Logger
	Now   func() time.Time
}

// Accounts signs up and in. It is safe for concurrent use.
type Accounts struct {
	firestore *firestore.Client
	auth      *auth.Service
	admin     *firebaseauth.Client
	log       *slog.Logger
	now       func() time.Time
	checked   checked
}

// New returns an error that names what the config lacks.
func New(cfg Config) (*Accounts, error) {
	switch {
	case cfg.Firestore == nil:
		return nil, errors.New("accounts need a Firestore client")
	case cfg.Auth == nil:
		return nil, errors.New("accounts need the service that signs people in")
	case cfg.Admin == nil:
		return nil, errors.New("accounts need an Admin client of Authentication")
	case cfg.Log == nil:
		return nil, errors.New("accounts need a logger")
	case cfg.Now == nil:
		return nil, errors.New("accounts need a clock")
	}
	return &Accounts{firestore: cfg.Firestore, auth: cfg.Auth, admin: cfg.Admin, log: cfg.Log, now: cfg.Now}, nil
}

// SignIn is a login with a username, or with the e-mail address of an account that has one. The error wraps [auth.ErrWrong] or
// [auth.ErrUnavailable], or is an *attempt.TooManyError. Billed: what [auth.Service.Login] does, and 1 read.
//
// A sign-up that died half-way is completed: the account is there, and only lacks its documents.
func (a *Accounts) SignIn(ctx context.Context, client, username, password string) (token.Session, error) {
	account, err := a.auth.Login(ctx, auth.SignIn{Email: emailOf(username), Password: password, ClientIP: client})
	if err != nil {
		return token.Session{}, err
	}
	if _, err = a.User(ctx, account.UID); errors.Is(err, ErrNoUser) {
		err = a.complete(ctx, account.UID, username)
	}
	if err != nil {
		return token.Session{}, err
	}
	since, err := a.since(ctx, account.UID)
	if errors.Is(err, ErrRevoked) { // disabled or deleted since its password was right
		err = auth.ErrWrong
	}
	return token.Session{UID: account.UID, Since: since}, err
}

// complete gives an account without documents the username that its owner signs in with, if it can be one and is free. Whoever
// has none may sign in all the same, but for who is about to be deleted.
func (a *Accounts) complete(ctx context.Context, uid, username string) error {
	name, ok := newUsername(username)
	if ok {
		if err := a.claim(ctx, uid, name); !errors.Is(err, ErrTaken) {
			return err
		}
		return nil
	}
	mark, err := deletion.ReadPending(ctx, a.firestore, uid)
	if err == nil && mark != nil {
		err = ErrLeaving
	}
	return err
}

// emailOf is the address of who enters a username; new clients make it in the same way.
func emailOf(username string) string {
	if strings.Contains(username, "@") {
		return username
	}
	return username + "@" + email.OldDomain
}

// User is a user by id. The error may be [ErrNoUser]. Billed: 1 read.
func (a *Accounts) User(ctx context.Context, uid string) (User, error) {
	if !schema.IsID(uid) {
		return User{}, ErrNoUser
	}
	docs, err := a.firestore.GetAll(ctx, []*firestore.DocumentRef{schema.UserRef(a.firestore, uid)})
	if err != nil {
		return User{}, fmt.Errorf("read user %s: %w", uid, err)
	}
	return visible(docs[0])
}

// Find is a user by username. The error may be [ErrNoUser]. Billed: 1 read.
func (a *Accounts) Find(ctx context.Context, username string) (User, error) {
	if !utf8.ValidString(username) || utf8.RuneCountInString(username) > schema.MaxUsername {
		return User{}, ErrNoUser
	}
	docs, err := schema.UserWithName(a.firestore, username).Documents(ctx).GetAll()
	switch {
	case err != nil:
		return User{}, fmt.Errorf("find a user by username: %w", err)
	case len(docs) == 0:
		return User{}, ErrNoUser
	}
	return visible(docs[0])
}

// visible is the user of a document, if others may know of him. An account that is about to be deleted has no document, see
// package deletion. Whatever else may make a user invisible belongs here.
func visible(doc *firestore.DocumentSnapshot) (User, error) {
	if !doc.Exists() {
		return User{}, ErrNoUser
	}
	return User{doc.Ref.ID, schema.UsernameOf(doc)}, nil
}
