package schema

import (
	"time"

	"cloud.google.com/go/firestore"
)

// MigrationServer is migrations/{kind}/servers/{server}: by which state of a kind an instance of compat-server decides
// while the kind is being switched. Package internal/migration/state writes and reads it.
type MigrationServer struct {
	// Epoch is that of the oldest state by which the instance may still decide.
	Epoch int64 `firestore:"epoch"`
	// At is for people.
	At time.Time `firestore:"at"`
}

// MigrationServerDocument describes [MigrationServer].
var MigrationServerDocument = Document{Path: "migrations/{kind}/servers/{server}", Writer: Servers, ServersOnly: true, Fields: serverFields(MigrationServer{})}

// Fields returns the document's fields.
func (m MigrationServer) Fields() map[string]any { return fieldsOf(m) }

// MigrationServers returns the collection of the servers that take part in the switches of a kind.
func MigrationServers(client *firestore.Client, kind MigrationKind) *firestore.CollectionRef {
	return MigrationRef(client, kind).Collection(MigrationServerDocument.Collection())
}
