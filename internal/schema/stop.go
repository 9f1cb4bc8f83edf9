package schema

import (
	"context"
	"time"

	"cloud.google.com/go/firestore"
)

// StopPath is the path of the document that exists while writes are stopped.
const StopPath = "switches/writes"

// Stop is switches/writes. It exists while an operator has stopped writes with heektime stop: services
// reject them, and a client whose write is denied can read why. docs/stop.md explains the switch.
type Stop struct {
	// Since is when writes were stopped.
	Since time.Time `firestore:"since"`
	// Message is what users see.
	Message string `firestore:"message"`
}

// StopDocument describes [Stop].
var StopDocument = Document{
	Path: "switches/{switchId}", Writer: Servers,
	Fields: []Field{{Name: "since", Type: Timestamp}, {Name: "message", Type: Text}},
}

// StopRef returns the document that exists while writes are stopped.
func StopRef(client *firestore.Client) *firestore.DocumentRef { return client.Doc(StopPath) }

// ReadStop reads it, nil if writes are not stopped.
func ReadStop(ctx context.Context, client *firestore.Client) (*Stop, error) {
	var s Stop
	if exists, err := Read(ctx, StopRef(client), &s); err != nil || !exists {
		return nil, err
	}
	return &s, nil
}

// StopOf reads the document, which was already fetched and exists. A field of another type reads as if it
// were absent.
func StopOf(doc *firestore.DocumentSnapshot) Stop {
	var s Stop
	fill(doc.Data(), &s)
	return s
}
