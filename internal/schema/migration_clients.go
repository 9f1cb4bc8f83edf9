package schema

import (
	"time"

	"cloud.google.com/go/firestore"
)

// MigrationClients is migrations/clients: when an old app last called compat-server. Instances write it every few
// minutes while data moves.
type MigrationClients struct {
	SeenAt time.Time `firestore:"seenAt"`
	// Version is the app and its version, as compat-server logs them.
	Version string `firestore:"version"`
}

// MigrationClientsDocument describes [MigrationClients].
var MigrationClientsDocument = Document{Path: "migrations/clients", Writer: Servers, ServersOnly: true, Fields: serverFields(MigrationClients{})}

// Fields returns the document's fields.
func (m MigrationClients) Fields() map[string]any { return fieldsOf(m) }

// MigrationClientsRef returns the document of the last old app.
func MigrationClientsRef(client *firestore.Client) *firestore.DocumentRef {
	return client.Doc(MigrationClientsDocument.Path)
}
