package schema

import "cloud.google.com/go/firestore"

// MigrationMark is migrations/mark. A tool that writes it and then sees it in a listen stream knows that the
// stream has reported everything before it.
type MigrationMark struct {
	Mark string `firestore:"mark"`
}

// MigrationMarkDocument describes [MigrationMark].
var MigrationMarkDocument = Document{Path: "migrations/mark", Writer: Servers, ServersOnly: true, Fields: serverFields(MigrationMark{})}

// Fields returns the document's fields.
func (m MigrationMark) Fields() map[string]any { return fieldsOf(m) }

// MigrationMarkRef returns the document of the mark.
func MigrationMarkRef(client *firestore.Client) *firestore.DocumentRef {
	return client.Doc(MigrationMarkDocument.Path)
}

// ReadMigrationMark returns the mark in a document's fields.
func ReadMigrationMark(fields map[string]any) string {
	var m MigrationMark
	fill(fields, &m)
	return m.Mark
}
