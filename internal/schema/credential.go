package schema

import (
	"time"

	"cloud.google.com/go/firestore"
)

const credentials = "credentials"

// Field names of a credential, for updates and queries.
const (
	FieldUID  = "uid"
	FieldHeld = "held"
	FieldHash = "hash"
)

// Credential is the password of an account from the old system.
type Credential struct {
	// Email is the address in the form of email.Normalize.
	Email string `firestore:"email"`
	// UID is the account's id in the old database, which stays its uid.
	UID string `firestore:"uid"`
	// Hash is the text that Werkzeug made, unchanged.
	Hash string `firestore:"hash"`
}

// String hides the hash.
func (c Credential) String() string { return "credential of " + c.UID }

// GoString hides the hash.
func (c Credential) GoString() string { return c.String() }

// StoredCredential is credentials/{key}. The key is a hash of the address; see package credential.
type StoredCredential struct {
	Credential
	// LockedUntil is until when a sign-in is migrating the account, zero if none is.
	LockedUntil time.Time `firestore:"held,omitempty"`
}

// CredentialDocument describes [StoredCredential].
var CredentialDocument = Document{Path: "credentials/{key}", Writer: Servers, ServersOnly: true, Fields: serverFields(StoredCredential{})}

// Credentials is the collection of credentials.
func Credentials(client *firestore.Client) *firestore.CollectionRef {
	return client.Collection(credentials)
}

// CredentialRef returns the document with a key.
func CredentialRef(client *firestore.Client, key string) *firestore.DocumentRef {
	return child(Credentials(client), key)
}

// CredentialUID returns the uid in a credential's document, "" if there is none.
func CredentialUID(doc *firestore.DocumentSnapshot) string {
	uid, _ := doc.Data()[FieldUID].(string)
	return uid
}

// CredentialsOf queries the credentials of a uid.
func CredentialsOf(client *firestore.Client, uid string) firestore.Query {
	return Credentials(client).Where(FieldUID, "==", uid)
}
