// Package auth signs users in. Accounts from the old system have password hashes that Firebase
// Authentication cannot import, so this service verifies them itself and migrates each account to
// Authentication the first time its owner signs in:
//
//	POST /login/ ─▶ does Authentication accept the password? ──yes──▶ custom token
//	                 no │
//	                    ▼
//	                does it match the old hash? ──yes──▶ migrate the account, delete the hash ──▶ custom token
//
// Once every account has migrated, the service can be switched off; docs/sign-in.md explains how to
// tell. [Service.Login] and [Service.Register] do not depend on HTTP, so other services sign users in
// with them too.
package auth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"time"

	"cloud.google.com/go/firestore"
	firebaseauth "firebase.google.com/go/v4/auth"

	"heek.kr/heektime/internal/auth/fairsemaphore"
	"heek.kr/heektime/internal/auth/identitytoolkit"
	"heek.kr/heektime/internal/burst"
	"heek.kr/heektime/internal/credential"
	"heek.kr/heektime/internal/deletion"
	"heek.kr/heektime/internal/loginthrottle"
	"heek.kr/heektime/internal/werkzeug"
)

// Config holds the dependencies and settings of a [Service]. All but Rounds and Now are required.
type Config struct {
	Firestore *firestore.Client
	// Accounts is the Admin SDK's client for Authentication.
	Accounts *firebaseauth.Client
	// Passwords verifies passwords with Authentication.
	Passwords *identitytoolkit.Client
	// Limits throttle sign-ins and registrations.
	Limits loginthrottle.Limits
	Log    *slog.Logger
	// Rounds is the work spent on every rejected login, in rounds of PBKDF2 with SHA-256. Set it to
	// the cost of the most expensive old hash. 0 means werkzeug.DefaultRounds.
	Rounds int
	// Now returns the time; nil means time.Now.
	Now func() time.Time
}

// Service signs users in. It is safe for concurrent use. The state it keeps between requests only
// saves work; losing it is harmless.
type Service struct {
	firestore *firestore.Client
	accounts  *firebaseauth.Client
	passwords *identitytoolkit.Client
	throttle  *loginthrottle.Counter
	deletion  *deletion.Service
	hashing   *fairsemaphore.Semaphore
	rejected  *burst.Detector
	rounds    int
	now       func() time.Time
	log       *slog.Logger

	// onHash, set by tests, is called with the work of each password check, so that tests can
	// compare costs without measuring time.
	onHash func(rounds int)
}

// maxQueuedHashes is how many password checks of one client may wait for a processor. The throttle runs
// fewer attempts of one client at a time, so no student of a campus is turned away.
const maxQueuedHashes = 40

// New creates a service. Its error names the first missing or invalid field of cfg.
func New(cfg Config) (*Service, error) {
	switch {
	case cfg.Firestore == nil:
		return nil, errors.New("auth service needs a Firestore client")
	case cfg.Accounts == nil:
		return nil, errors.New("auth service needs an Admin SDK client for Authentication")
	case cfg.Passwords == nil:
		return nil, errors.New("auth service needs a sign-in client for Authentication")
	case cfg.Log == nil:
		return nil, errors.New("auth service needs a logger")
	case cfg.Rounds < 0 || cfg.Rounds > werkzeug.MaxRounds:
		return nil, fmt.Errorf("auth service needs Rounds from 0 to %d", werkzeug.MaxRounds)
	}
	if cfg.Rounds == 0 {
		cfg.Rounds = werkzeug.DefaultRounds
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	now := func() time.Time { return cfg.Now().UTC().Truncate(time.Microsecond) } // Firestore's precision
	throttle, err := loginthrottle.NewCounter(cfg.Firestore, cfg.Limits, now)
	if err != nil {
		return nil, err
	}
	deletions, err := deletion.New(deletion.Config{
		Firestore: cfg.Firestore, Accounts: cfg.Accounts, Log: cfg.Log, Now: cfg.Now,
	})
	if err != nil {
		return nil, err
	}
	return &Service{
		firestore: cfg.Firestore, accounts: cfg.Accounts, passwords: cfg.Passwords, throttle: throttle, deletion: deletions,
		// Running more in parallel would not finish any sooner, and a correct password would have
		// to wait for all of them.
		hashing:  fairsemaphore.New(runtime.GOMAXPROCS(0), maxQueuedHashes),
		rejected: burst.New(manyRejected),
		rounds:   cfg.Rounds, now: now, log: cfg.Log, onHash: func(int) {},
	}, nil
}

// SignIn is an attempt to log in or to register.
type SignIn struct {
	Email, Password string
	// ClientIP is the client's network address. Failures are counted for it as well as for the
	// e-mail address. See [Proxies.ClientIP].
	ClientIP string
}

// String hides the password.
func (a SignIn) String() string { return "sign-in attempt" }

// GoString hides the password.
func (a SignIn) GoString() string { return a.String() }

// Account is a signed-in account.
type Account struct {
	UID string
	// Legacy reports whether the account is from the old system.
	Legacy bool
}

var (
	// ErrWrong means that no account has this address and password. It does not reveal which of the
	// two is wrong.
	ErrWrong = errors.New("wrong e-mail address or password")
	// ErrTaken means that the address already has an account, possibly one from the old system.
	ErrTaken = errors.New("the e-mail address already has an account")
	// ErrInvalid means that a new account cannot have this address or password. Errors that wrap it
	// explain why, in words fit for users.
	ErrInvalid = errors.New("invalid")
	// ErrUnavailable means that a service this one depends on failed. Retrying is safe.
	ErrUnavailable = errors.New("sign-in is temporarily unavailable")
)

// StoppedError means that an operator has stopped writes: docs/stop.md.
type StoppedError struct {
	// Message is what users see.
	Message string
}

func (e *StoppedError) Error() string { return "writes are stopped" }

// Remaining counts the old accounts that have not migrated yet. It bills one read per thousand.
func Remaining(ctx context.Context, client *firestore.Client) (int64, error) {
	return credential.Remaining(ctx, client)
}
