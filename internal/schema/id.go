package schema

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"cloud.google.com/go/firestore"
)

// MaxIDBytes is the longest document id that Firestore accepts.
const MaxIDBytes = 1500

// CheckID returns an error if Firestore cannot have a document with this id.
//
// Source: https://firebase.google.com/docs/firestore/quotas#collections_documents_and_fields
func CheckID(id string) error {
	reserved := len(id) > 3 && strings.HasPrefix(id, "__") && strings.HasSuffix(id, "__")
	switch {
	case id == "":
		return fmt.Errorf("document id is missing")
	case len(id) > MaxIDBytes, !utf8.ValidString(id), strings.Contains(id, "/"), id == ".", id == "..", reserved:
		return fmt.Errorf("%.100q is not a Firestore document id: want UTF-8 of at most %d bytes, "+
			"without a slash, not . or .. or __*__", id, MaxIDBytes)
	}
	return nil
}

// IsID reports whether a document can have this id. Requesting any other would be an error.
func IsID(id string) bool { return CheckID(id) == nil }

// child returns the document with this id, nil if no document can have it.
func child(collection *firestore.CollectionRef, id string) *firestore.DocumentRef {
	if collection == nil || !IsID(id) {
		return nil
	}
	return collection.Doc(id)
}

// below returns a collection below a document, nil if the document is nil.
func below(document *firestore.DocumentRef, collection string) *firestore.CollectionRef {
	if document == nil {
		return nil
	}
	return document.Collection(collection)
}

// Path returns the path of a document from the root of the database: "users/u/timetables/t".
func Path(ref *firestore.DocumentRef) string {
	_, path, _ := strings.Cut(ref.Path, "/documents/")
	return path
}
