package schema

import (
	"time"

	"cloud.google.com/go/firestore"
)

// Field names of attempts, for merges.
const (
	FieldFailures = "failures"
	FieldLast     = "last"
	FieldClients  = "clients"
)

// Attempts is attempts/{key}: failed sign-ins at an address or of a client; see package loginthrottle.
type Attempts struct {
	Tally
	// Clients are the tallies of each client, in the document of an address.
	Clients map[string]Tally `firestore:"clients,omitempty"`
	// Expires is when Firestore may delete the document.
	Expires time.Time `firestore:"expires"`
}

// Tally is a number of failures, and when the last one was.
type Tally struct {
	Failures int64     `firestore:"failures"`
	Last     time.Time `firestore:"last"`
}

// AttemptsDocument describes [Attempts].
var AttemptsDocument = Document{Path: "attempts/{key}", Writer: Servers, ServersOnly: true, Fields: serverFields(Attempts{})}

// AttemptsAtAddressRef returns the document that counts failures at an address, by its key.
func AttemptsAtAddressRef(client *firestore.Client, key string) *firestore.DocumentRef {
	return client.Collection("attempts").Doc("address-" + key)
}

// AttemptsOfClientRef returns the document that counts a client's failures, by its key.
func AttemptsOfClientRef(client *firestore.Client, key string) *firestore.DocumentRef {
	return client.Collection("attempts").Doc("client-" + key)
}
