// Package deletion deletes what clients cannot, because security rules allow them one document at a
// time: the lectures of a deleted timetable, and everything that belongs to an account. It also blocks
// accounts, which hides them in the same way and deletes nothing.
//
//	a timetable is deleted ─▶ its lectures are removed
//	a user requests it     ─▶ deletion pending: hidden, signed out ──66 h──▶ purge ──▶ nothing is left
//	                           └─ signs in again and confirms: everything is restored
//	a user is deleted      ─▶ deletion pending, due immediately ───────────▶ purge
//	an operator blocks it  ─▶ hidden, disabled, never due ──unblock──▶ everything is restored
//
// Every deletion of an account starts by creating deletions/{uid}, the pending deletion. While that
// document exists, firestore.rules prevent the account from creating a user document, keep its username
// taken, and hide its timetables. It is removed last. So a crash at any point leaves an account that
// is hidden and whose purge continues, never a live account with half of its data.
//
// Everything here may run twice, late, or concurrently with itself.
package deletion

import (
	"errors"
	"log/slog"
	"time"

	"cloud.google.com/go/firestore"
	firebaseauth "firebase.google.com/go/v4/auth"
)

// Config holds the service's dependencies. All but Turn and Now are required.
type Config struct {
	Firestore *firestore.Client
	// Accounts is the Admin SDK's client for Authentication.
	Accounts *firebaseauth.Client
	Log      *slog.Logger
	// Turn is how many lectures and timetables one purge of an account removes before others have their
	// turn; 0 means 25,000.
	Turn int
	// Now returns the time; nil means time.Now.
	Now func() time.Time
}

// Service deletes timetables and accounts. It is stateless and safe for concurrent use.
type Service struct {
	firestore *firestore.Client
	accounts  *firebaseauth.Client
	log       *slog.Logger
	turn      int
	now       func() time.Time
}

// New creates a service. Its error names the missing dependency.
func New(cfg Config) (*Service, error) {
	switch {
	case cfg.Firestore == nil:
		return nil, errors.New("deletion needs a Firestore client")
	case cfg.Accounts == nil:
		return nil, errors.New("deletion needs an Admin client for Authentication")
	case cfg.Log == nil:
		return nil, errors.New("deletion needs a logger")
	}
	if cfg.Turn == 0 {
		cfg.Turn = defaultTurn
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	now := func() time.Time { return cfg.Now().UTC().Truncate(time.Microsecond) } // the precision that Firestore stores
	return &Service{firestore: cfg.Firestore, accounts: cfg.Accounts, log: cfg.Log, turn: cfg.Turn, now: now}, nil
}
