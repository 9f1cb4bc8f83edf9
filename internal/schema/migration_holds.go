package schema

import (
	"time"

	"cloud.google.com/go/firestore"
)

// MigrationHolds is migrations/holds: how long the last switch of each kind held writes, as instances of compat-server
// have measured it. Package internal/migration/holdtimes writes and reads it.
type MigrationHolds struct {
	Switches []MigrationHold `firestore:"switches"`
}

// MigrationHold is the last switch of a kind, and the writes that it held.
type MigrationHold struct {
	Kind MigrationKind `firestore:"kind"`
	// Side is the one that the kind was on afterwards, Epoch the one of the kind's state then.
	Side  MigrationSide `firestore:"side"`
	Epoch int64         `firestore:"epoch"`
	// At is when an instance last added writes.
	At time.Time `firestore:"at"`
	// Counts is how many writes were held for how long, by the buckets of package holdtimes, without empty ones at the
	// end.
	Counts []int64 `firestore:"counts"`
	// LongestMicros is how long the longest was held.
	LongestMicros int64 `firestore:"longestMicros"`
}

// MigrationHoldsDocument describes [MigrationHolds].
var MigrationHoldsDocument = Document{Path: "migrations/holds", Writer: Servers, ServersOnly: true, Fields: serverFields(MigrationHolds{})}

// Fields returns the document's fields.
func (m MigrationHolds) Fields() map[string]any { return fieldsOf(m) }

// MigrationHoldsRef returns the document of how long writes were held.
func MigrationHoldsRef(client *firestore.Client) *firestore.DocumentRef {
	return client.Doc(MigrationHoldsDocument.Path)
}
