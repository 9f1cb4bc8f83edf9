// Package account signs users of old apps up and in. Old and new apps share accounts: package
// internal/auth manages them in Firebase Authentication and migrates old passwords to it, and this
// package adds users/{uid} and the username index exactly as new clients write them.
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
	// ErrTaken reports that the username belongs to another user.
	ErrTaken = errors.New("username taken")
	// ErrUsername, ErrPassword and ErrName report values that a sign-up does not accept.
	ErrUsername = errors.New("invalid username")
	ErrPassword = errors.New("invalid password for a new account")
	ErrName     = errors.New("invalid name")
	// ErrNoUser reports that the user does not exist.
	ErrNoUser = errors.New("no such user")
	// ErrPendingDeletion reports an account scheduled for deletion. Its owner can restore it in a
	// new app.
	ErrPendingDeletion = errors.New("account scheduled for deletion")
	// ErrBlocked reports an account that an operator has blocked. Usually Authentication has disabled it,
	// and signing in fails with [auth.ErrWrong].
	ErrBlocked = errors.New("account blocked")
	// ErrRevoked reports a session that ended because the password was changed, the account was
	// disabled or deleted, or an operator revoked it.
	ErrRevoked = errors.New("session revoked")
)

// User is a user's public data.
type User struct {
	ID       string `json:"id"`
	Username string `json:"username"`
}

// Config holds the dependencies of [Accounts]. All fields are required.
type Config struct {
	Firestore *firestore.Client
	// Auth signs people in and creates accounts.
	Auth *auth.Service
	// Admin is the Admin SDK's Authentication client.
	Admin *firebaseauth.Client
	Log   *slog.Logger
	Now   func() time.Time
}

// Accounts signs users up and in. It is safe for concurrent use.
type Accounts struct {
	firestore *firestore.Client
	auth      *auth.Service
	admin     *firebaseauth.Client
	log       *slog.Logger
	now       func() time.Time
	sessions  sessionCache
}

// New returns Accounts, or an error that names the missing dependency.
func New(cfg Config) (*Accounts, error) {
	switch {
	case cfg.Firestore == nil:
		return nil, errors.New("accounts need a Firestore client")
	case cfg.Auth == nil:
		return nil, errors.New("accounts need the auth service")
	case cfg.Admin == nil:
		return nil, errors.New("accounts need an Authentication admin client")
	case cfg.Log == nil:
		return nil, errors.New("accounts need a logger")
	case cfg.Now == nil:
		return nil, errors.New("accounts need a clock")
	}
	return &Accounts{firestore: cfg.Firestore, auth: cfg.Auth, admin: cfg.Admin, log: cfg.Log, now: cfg.Now}, nil
}

// SignIn signs a user in with a username, or with an email address if it contains "@". The error
// wraps [auth.ErrWrong], [auth.ErrUnavailable], [ErrPendingDeletion] or [ErrBlocked], or is a
// *loginthrottle.TooManyError. Billed: what [auth.Service.Login] bills, and 1 read.
//
// If a sign-up was interrupted after creating the account, SignIn completes it by adding the
// missing documents.
func (a *Accounts) SignIn(ctx context.Context, clientIP, username, password string) (token.Session, error) {
	account, err := a.auth.Login(ctx, auth.SignIn{Email: emailOf(username), Password: password, ClientIP: clientIP})
	if err != nil {
		return token.Session{}, err
	}
	if _, err = a.User(ctx, account.UID); errors.Is(err, ErrNoUser) {
		err = a.complete(ctx, account.UID, username)
	}
	if err != nil {
		return token.Session{}, err
	}
	state, err := a.sessionState(ctx, account.UID)
	if errors.Is(err, ErrRevoked) { // disabled or deleted after the password check
		err = auth.ErrWrong
	}
	return token.Session{UID: account.UID, Since: state.since}, err
}

// complete claims the username that the user signs in with for an account that has no documents. If
// the username is invalid or taken, the user may sign in without one, unless the account is
// scheduled for deletion or blocked.
func (a *Accounts) complete(ctx context.Context, uid, username string) error {
	name, ok := newUsername(username)
	if ok {
		if err := a.claim(ctx, uid, name); !errors.Is(err, ErrTaken) {
			return err
		}
		return nil
	}
	pending, err := deletion.ReadPending(ctx, a.firestore, uid)
	if err != nil {
		return err
	}
	return hiddenError(pending)
}

// hiddenError returns the error for a hidden account, nil if it is not hidden.
func hiddenError(pending *schema.PendingDeletion) error {
	switch {
	case pending == nil:
		return nil
	case pending.IsBlocked():
		return ErrBlocked
	}
	return ErrPendingDeletion
}

// emailOf returns the email address for a username. New clients derive it in the same way.
func emailOf(username string) string {
	if strings.Contains(username, "@") {
		return username
	}
	return username + "@" + email.OldDomain
}

// User returns the user with an ID. The error may be [ErrNoUser]. Billed: 1 read.
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

// Find returns the user with a username. The error may be [ErrNoUser]. Billed: 1 read.
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

// visible returns the user in a document if other users may see them, and [ErrNoUser] otherwise. An
// account scheduled for deletion or blocked has no document; see package deletion. Any future reason to hide a
// user belongs here.
func visible(doc *firestore.DocumentSnapshot) (User, error) {
	if !doc.Exists() {
		return User{}, ErrNoUser
	}
	return User{doc.Ref.ID, schema.UsernameOf(doc)}, nil
}
