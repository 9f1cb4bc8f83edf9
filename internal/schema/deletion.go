package schema

import (
	"time"

	"cloud.google.com/go/firestore"
)

const deletions = "deletions"

// Field names of a pending deletion, for updates and queries.
const (
	FieldRequestedAt = "requestedAt"
	FieldUntil       = "until"
	FieldDue         = "due"
	FieldSignedOut   = "signedOut"
	FieldPurging     = "purging"
	FieldAccountGone = "accountGone"
	FieldUser        = "user"
	FieldBlock       = "block"
)

// PendingDeletion is deletions/{uid}: a hidden account. It is about to be deleted, or blocked, or both. Clients
// cannot read the document, but firestore.rules checks whether it exists. docs/deleting.md explains deletions,
// docs/blocking.md blocks.
//
// RequestedAt, Until and Due are absent if the account is only blocked, so no query for due deletions finds it.
type PendingDeletion struct {
	// RequestedAt is when the deletion was requested, or when the function saw that the user document was gone.
	RequestedAt time.Time `firestore:"requestedAt,omitempty"`
	// Until is how long the owner can take the account back.
	Until time.Time `firestore:"until,omitempty"`
	// Due is when the purge handles the account next.
	Due time.Time `firestore:"due,omitempty"`
	// SignedOut is false until Authentication agrees with this document: sessions ended, and the account
	// disabled if it is blocked.
	SignedOut bool `firestore:"signedOut"`
	// Purging is true from the first deletion on. After that there is no way back.
	Purging bool `firestore:"purging"`
	// AccountGone is when Authentication last had the account and deleted it, zero before.
	AccountGone time.Time `firestore:"accountGone"`
	// User is the user document as it was, nil if there was none.
	User map[string]any `firestore:"user"`
	// Block is set if an operator has blocked the account.
	Block *Block `firestore:"block,omitempty"`
}

// Block describes a blocked account.
type Block struct {
	At time.Time `firestore:"at"`
	// Reason is the operator's note. No user sees it.
	Reason string `firestore:"reason"`
	// Before is what Authentication had before the block, which unblocking restores.
	Before AccountState `firestore:"before"`
	// Lifting is true while the account is being unblocked.
	Lifting bool `firestore:"lifting"`
}

// AccountState is the state of an account in Authentication.
type AccountState string

// States of an account.
const (
	AccountEnabled  AccountState = "enabled"
	AccountDisabled AccountState = "disabled"
	// AccountMissing is an account of the old system that has not migrated yet.
	AccountMissing AccountState = "missing"
)

// DeletionDocument describes [PendingDeletion].
var DeletionDocument = Document{Path: "deletions/{uid}", Writer: Servers, ServersOnly: true, Fields: serverFields(PendingDeletion{})}

// IsDeleting reports whether the account is about to be deleted. Otherwise it is only blocked.
func (d *PendingDeletion) IsDeleting() bool { return !d.Due.IsZero() || !d.Until.IsZero() || d.Purging }

// IsBlocked reports whether the account is blocked.
func (d *PendingDeletion) IsBlocked() bool { return d.Block != nil }

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
