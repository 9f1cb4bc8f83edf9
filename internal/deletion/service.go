// Package deletion does what security rules cannot: it takes away what hangs below a document that was deleted, and all that
// belongs to an account.
//
//	a timetable was deleted ─▶ its lectures go
//	a person asks           ─▶ a mark; hidden and signed out at once ──66 h──▶ the purge ──▶ nothing is left
//	                            └─ signs in again and confirms: all is as it was
//	a user was deleted      ─▶ a mark that is due at once ──────────────────▶ the purge
//
// Whoever deletes an account goes through its mark, deletions/{uid}. While it stands, the uid can have no user document, the
// username stays taken, and others see no timetable; firestore.rules hold clients to that. It is the last thing to go. So a
// crash anywhere leaves an account that is hidden and whose purge goes on, never half an account that lives.
//
// Everything here may run twice, late, or beside itself.
package deletion

import (
	"errors"
	"log/slog"
	"time"

	"cloud.google.com/go/firestore"
	firebaseauth "firebase.google.com/go/v4/auth"
)

// Config is what the service works with. All but Now are required.
type Config struct {
	Firestore *firestore.Client
	// Accounts is the Admin SDK's client of Authentication.
	Accounts *firebaseauth.Client
	Log      *slog.Logger
	// Now returns the time; nil means time.Now.
	Now func() time.Time
}

// Service deletes. It is safe for concurrent use and keeps nothing between calls.
type Service struct {
	firestore *firestore.Client
	accounts  *firebaseauth.Client
	log       *slog.Logger
	now       func() time.Time
}

// New returns an error that names what the config lacks.
func New(cfg Config) (*Service, error) {
	switch {
	case cfg.Firestore == nil:
		return nil, errors.New("deletion needs a Firestore client")
	case cfg.Accounts == nil:
		return nil, errors.New("deletion needs an Admin client of Authentication")
	case cfg.Log == nil:
		return nil, errors.New("deletion needs a logger")
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	now := func() time.Time { return cfg.Now().UTC().Truncate(time.Microsecond) } // the precision that Firestore stores
	return &Service{firestore: cfg.Firestore, accounts: cfg.Accounts, log: cfg.Log, now: now}, nil
}
