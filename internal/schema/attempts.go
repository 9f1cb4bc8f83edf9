package schema

import (
	"time"

	"cloud.google.com/go/firestore"
)

// Field names of attempts, for updates.
const (
	FieldLevel    = "level"
	FieldLast     = "last"
	FieldParties  = "parties"
	FieldKnown    = "known"
	FieldFailures = "failures"
)

// Bounds of an attempts document: no attack makes it larger than about 10 kB.
const (
	// MaxParties limits [Attempts.Parties].
	MaxParties = 128
	// MaxKnownNetworks limits [Attempts.Known].
	MaxKnownNetworks = 8
)

// Attempts is attempts/{key}: recent sign-ins at an address, or sign-ins or registrations from a
// network; see package loginthrottle.
type Attempts struct {
	// Level is the number of attempts at the time Last. It drains over time.
	Level float64   `firestore:"level"`
	Last  time.Time `firestore:"last"`
	// Parties are the networks that attempted to sign in at an address, or the addresses that wait
	// for a network's limit, by a hash.
	Parties map[string]Party `firestore:"parties,omitempty"`
	// Known are the networks of successful sign-ins at an address, by a hash.
	Known map[string]KnownNetwork `firestore:"known,omitempty"`
	// Expires is when Firestore may delete the document.
	Expires time.Time `firestore:"expires"`
}

// Party is one side of attempts: a network at an address, or an address from a network.
type Party struct {
	Failures int64     `firestore:"failures"`
	Last     time.Time `firestore:"last"`
	// Turn is when the party may make one attempt, whatever others do. It is zero if the party has no
	// reservation.
	Turn time.Time `firestore:"turn,omitempty"`
}

// KnownNetwork is a network from which an account's owner has signed in.
type KnownNetwork struct {
	Failures int64     `firestore:"failures"`
	Last     time.Time `firestore:"last"`
	// Seen is the time of the last successful sign-in.
	Seen time.Time `firestore:"seen"`
}

// AttemptsDocument describes [Attempts].
var AttemptsDocument = Document{Path: "attempts/{key}", Writer: Servers, ServersOnly: true, Fields: serverFields(Attempts{})}

// AttemptsAtAddressRef returns the document that counts sign-ins at an address, by its key.
func AttemptsAtAddressRef(client *firestore.Client, key string) *firestore.DocumentRef {
	return client.Collection("attempts").Doc("address-" + key)
}

// AttemptsOfNetworkRef returns the document that counts sign-ins from a network, by its key.
func AttemptsOfNetworkRef(client *firestore.Client, key string) *firestore.DocumentRef {
	return client.Collection("attempts").Doc("network-" + key)
}

// RegistrationsOfNetworkRef returns the document that counts registrations from a network, by its key.
func RegistrationsOfNetworkRef(client *firestore.Client, key string) *firestore.DocumentRef {
	return client.Collection("attempts").Doc("register-" + key)
}
