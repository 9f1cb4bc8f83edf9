// Package document knows the names of documents in Firestore.
package document

import (
	"strings"
	"unicode/utf8"

	"cloud.google.com/go/firestore"
)

// IsID says whether a text can be the id of a document. What cannot, none has, and asking for it would be an error.
//
// Source: https://cloud.google.com/firestore/quotas#collections_documents_and_fields
func IsID(text string) bool {
	return text != "" && text != "." && text != ".." && len(text) <= 1500 && utf8.ValidString(text) &&
		!strings.Contains(text, "/") && !(len(text) > 3 && strings.HasPrefix(text, "__") && strings.HasSuffix(text, "__"))
}

// In is the document of that id in a collection, nil when no document can have the id.
func In(collection *firestore.CollectionRef, id string) *firestore.DocumentRef {
	if !IsID(id) {
		return nil
	}
	return collection.Doc(id)
}

// Path of a document from the root of the database: "users/u/timetables/t".
func Path(ref *firestore.DocumentRef) string {
	_, path, _ := strings.Cut(ref.Path, "/documents/")
	return path
}
