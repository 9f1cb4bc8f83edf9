// Package auth signs people in. Old accounts have passwords whose hashes Firebase Authentication does not take, so this
// service checks them, and moves each account to Authentication when its owner signs in:
//
//	POST /login/ ─▶ Authentication: is it this password? ──yes──▶ a custom token
//	                 no │
//	                    ▼
//	                the old hash: is it this one? ──yes──▶ the password goes to Authentication, the hash away ──▶ a custom token
//
// So the service works itself out of a job: docs/sign-in.md says how to see when it is done. What is here is also what
// other services sign people in with: [Service.Login] and [Service.Register] know nothing of HTTP.
package auth

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"time"

	"cloud.google.com/go/firestore"
	firebaseauth "firebase.google.com/go/v4/auth"

	"heek.kr/heektime/internal/auth/fairsemaphore"
	"heek.kr/heektime/internal/auth/identitytoolkit"
	"heek.kr/heektime/internal/credential"
	"heek.kr/heektime/internal/loginthrottle"
	"heek.kr/heektime/internal/werkzeug"
)

// Config is what the service works with. All but Rounds and Now are required.
type Config struct {
	Firestore *firestore.Client
	// Accounts is the Admin SDK's client of Authentication.
	Accounts *firebaseauth.Client
	// Passwords checks passwords at Authentication.
	Passwords *identitytoolkit.Client
	// Limits of sign-in attempts.
	Limits loginthrottle.Limits
	Log    *slog.Logger
	// Rounds is the work of every rejected login, in rounds of PBKDF2 with SHA-256: as many as the
	// most expensive old hash takes. 0 means werkzeug.DefaultRounds.
	Rounds int
	// Now returns the time; nil means time.Now.
	Now func() time.Time
}

// Service signs people in. It is safe for concurrent use. What it keeps between requests only saves work.
type Service struct {
	firestore *firestore.Client
	accounts  *firebaseauth.Client
	passwords *identitytoolkit.Client
	logins    *loginthrottle.Counter
	registers *loginthrottle.Counter
	hashing   *fairsemaphore.Semaphore
	rounds    int
	now       func() time.Time
	log       *slog.Logger

	// worked is told of the work of each hash, for tests: no clock need tell what takes as long as what.
	worked func(rounds int)
}

// waitingHashes is how many hashes one client may have waiting for a processor.
const waitingHashes = 8

// New returns an error that names what the config lacks.
func New(cfg Config) (*Service, error) {
	switch {
	case cfg.Firestore == nil:
		return nil, errors.New("auth service needs a Firestore client")
	case cfg.Accounts == nil:
		return nil, errors.New("auth service needs an Admin client of Authentication")
	case cfg.Passwords == nil:
		return nil, errors.New("auth service needs a sign-in client of Authentication")
	case cfg.Log == nil:
		return nil, errors.New("auth service needs a logger")
	case cfg.Rounds < 0 || cfg.Rounds > werkzeug.MaxRounds:
		return nil, errors.New("auth service needs a work of rejected logins from 1 to 2,000,000 rounds")
	}
	if cfg.Rounds == 0 {
		cfg.Rounds = werkzeug.DefaultRounds
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	now := func() time.Time { return cfg.Now().UTC().Truncate(time.Microsecond) } // the precision that Firestore stores
	logins, err := loginthrottle.NewCounter(cfg.Firestore, cfg.Limits, now)
	if err != nil {
		return nil, err
	}
	registers, err := loginthrottle.NewCounter(cfg.Firestore, cfg.Limits, now)
	if err != nil {
		return nil, err
	}
	return &Service{
		firestore: cfg.Firestore, accounts: cfg.Accounts, passwords: cfg.Passwords, logins: logins, registers: registers,
		// More at once would finish no sooner, and a right password would wait for all of them.
		hashing: fairsemaphore.New(runtime.GOMAXPROCS(0), waitingHashes),
		rounds:  cfg.Rounds, now: now, log: cfg.Log, worked: func(int) {},
	}, nil
}

// Attempt is one person's try.
type SignIn struct {
	Email, Password string
	// Client is whom failures count for besides the address: a network address. See [Client].
	ClientIP string
}

// String hides the password.
func (a SignIn) String() string { return "attempt of a client" }

// GoString hides the password.
func (a SignIn) GoString() string { return a.String() }

// Account is who signed in.
type Account struct {
	UID string
	// Legacy says that the account is from the old system.
	Legacy bool
}

var (
	// ErrWrong says that no account has this address and this password, and not which of them is wrong.
	ErrWrong = errors.New("wrong e-mail address or password")
	// ErrTaken says that an account has the address, be it an old one.
	ErrTaken = errors.New("the e-mail address has an account already")
	// ErrInvalid is an address or a password that no new account can have. Errors that wrap it say why, for people.
	ErrInvalid = errors.New("invalid")
	// ErrUnavailable says that somebody else does not answer; what was tried may be tried again.
	ErrUnavailable = errors.New("sign-in is not available now")
)

// Remaining counts the old accounts whose owners have not signed in yet. It bills a read for each thousand.
func Remaining(ctx context.Context, client *firestore.Client) (int64, error) {
	return credential.Remaining(ctx, client)
}
