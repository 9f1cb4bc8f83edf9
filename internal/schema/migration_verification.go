package schema

import (
	"time"

	"cloud.google.com/go/firestore"
)

// MigrationVerification is migrations/verification: the result of the last comparison of both sides.
type MigrationVerification struct {
	// Kinds of data that were compared.
	Kinds     []string  `firestore:"kinds" json:"kinds"`
	StartedAt time.Time `firestore:"startedAt" json:"startedAt"`
	EndedAt   time.Time `firestore:"endedAt" json:"endedAt"`
	// Whole is whether it compared all users. Otherwise it compared a sample, or was interrupted.
	Whole bool `firestore:"whole" json:"whole"`
	// Users is how many users it compared, Documents how many documents they have.
	Users     int64 `firestore:"users" json:"users"`
	Documents int64 `firestore:"documents" json:"documents"`
	// Differences is how many documents differ, Unconfirmed how many still differed at the end and may only
	// be late, Expected how many differ for a reason that is not an error.
	Differences int64 `firestore:"differences" json:"differences"`
	Unconfirmed int64 `firestore:"unconfirmed" json:"unconfirmed"`
	Expected    int64 `firestore:"expected" json:"expected"`
	// Findings describe the differences by kind: "12 × the field title differs".
	Findings []string `firestore:"findings" json:"findings"`
}

// MigrationVerificationDocument describes [MigrationVerification].
var MigrationVerificationDocument = Document{
	Path: "migrations/verification", Writer: Servers, ServersOnly: true, Fields: serverFields(MigrationVerification{}),
}

// MigrationVerificationRef returns the document of the last comparison.
func MigrationVerificationRef(client *firestore.Client) *firestore.DocumentRef {
	return client.Doc(MigrationVerificationDocument.Path)
}
