// Package migrator puts the parts of a move together: what a switch drains, compares and prepares, and what runs
// in both directions while the old database is followed. heektime migrate and the test of the whole move use it,
// so that the test runs what an operator runs.
//
//	migrator.go  Migrator: what a move needs
//	switch.go    Cutover: the configuration of a switch, back and finish
//	follow.go    Follow: both directions, and the repair of what a killed switch left
package migrator

import (
	"context"
	"fmt"
	"log/slog"

	"cloud.google.com/go/firestore"
	firebaseauth "firebase.google.com/go/v4/auth"

	"heek.kr/heektime/internal/migration/comparison"
	"heek.kr/heektime/internal/migration/legacydb"
)

// Migrator is a move from an old database to Firestore. All fields are required.
type Migrator struct {
	// URL is the connection string of the old database, and Mapping describes it.
	URL     string
	Mapping *legacydb.Mapping
	// Firestore is the database FirestoreID of Project.
	Firestore            *firestore.Client
	Project, FirestoreID string
	Accounts             *firebaseauth.Client
	// HasAccount says which uids have an account in Authentication.
	HasAccount func(ctx context.Context, uids []string) (map[string]bool, error)
	Log        *slog.Logger
}

// Open connects to the old database and checks that the mapping fits it.
func (m *Migrator) Open(ctx context.Context, readOnly bool) (*legacydb.DB, error) {
	return legacydb.Open(ctx, legacydb.Config{URL: m.URL, Mapping: m.Mapping, ReadOnly: readOnly})
}

// Comparison returns the configuration of a comparison of both sides, which waits for changes that are on their
// way. New apps write to Firestore all the time, whatever is held.
func (m *Migrator) Comparison(db *legacydb.DB) comparison.Config {
	return comparison.Config{
		Old: db, Firestore: m.Firestore, Accounts: m.HasAccount,
		Arrive: (&comparison.Stream{Old: db, Firestore: m.Firestore}).Arrive,
	}
}

// resource is the full name of the Firestore database.
func (m *Migrator) resource() string {
	return fmt.Sprintf("projects/%s/databases/%s", m.Project, m.FirestoreID)
}
