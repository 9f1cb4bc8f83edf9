package schema

import (
	"time"

	"cloud.google.com/go/firestore"
)

const deletions = "deletions"

// Field names of a pending deletion, for updates and queries.
const (
	FieldUntil       = "until"
	FieldDue         = "due"
	FieldSignedOut   = "signedOut"
	FieldPurging     = "purging"
	FieldAccountGone = "accountGone"
	FieldUser        = "user"
)

// PendingDeletion is deletions/{uid}: an account that is about to be deleted. Clients cannot read it, but
// firestore.rules checks whether it exists. docs/deleting.md explains deletions.
type PendingDeletion struct {
	// RequestedAt is when the deletion was requested, or when the function saw that the user document was gone.
	RequestedAt time.Time `firestore:"requestedAt"`
	// Until is how long the owner can take the account back.
	Until time.Time `firestore:"until"`
	// Due is when the purge handles the account next.
	Due time.Time `firestore:"due"`
	// SignedOut is false until Authentication has ended the sessions.
	SignedOut bool `firestore:"signedOut"`
	// Purging is true from the first deletion on. After that there is no way back.
	Purging bool `firestore:"purging"`
	// AccountGone is when Authentication last had the account and deleted it, zero before.
	AccountGone time.Time `firestore:"accountGone"`
	// User is the user document as it was, nil if there was none.
	User map[string]any `firestore:"user"`
}

// DeletionDocument describes [PendingDeletion].
var DeletionDocument = Document{Path: "deletions/{uid}", Writer: Servers, ServersOnly: true, Fields: serverFields(PendingDeletion{})}

// Username returns the account's username, "" if it has none.
func (d *PendingDeletion) Username() string { return usernameIn(d.User) }

// ReadPendingDeletion reads a pending deletion's document. A field of another type reads as if it were
// absent.
func ReadPendingDeletion(doc *firestore.DocumentSnapshot) PendingDeletion {
	var d PendingDeletion
	fill(doc.Data(), &d)
	return d
}

// Deletions is the collection of pending deletions.
func Deletions(client *firestore.Client) *firestore.CollectionRef {
	return client.Collection(deletions)
}

// DeletionRef returns the document of an account's deletion, nil if no document can have the uid.
func DeletionRef(client *firestore.Client, uid string) *firestore.DocumentRef {
	return child(Deletions(client), uid)
}

// DueDeletions queries the deletions that are due at a time, the longest overdue first.
func DueDeletions(client *firestore.Client, at time.Time) firestore.Query {
	return Deletions(client).Where(FieldDue, "<=", at).OrderBy(FieldDue, firestore.Asc)
}

// OverdueDeletions queries the deletions whose accounts could be restored until a time at most, the
// longest overdue first.
func OverdueDeletions(client *firestore.Client, until time.Time) firestore.Query {
	return Deletions(client).Where(FieldUntil, "<=", until).OrderBy(FieldUntil, firestore.Asc)
}

// DeletionsNotSignedOut queries the deletions whose accounts may still have sessions.
func DeletionsNotSignedOut(client *firestore.Client) firestore.Query {
	return Deletions(client).Where(FieldSignedOut, "==", false).Where(FieldPurging, "==", false).
		OrderBy(firestore.DocumentID, firestore.Asc)
}
