package conversion

import (
	"cloud.google.com/go/firestore"

	"heek.kr/heektime/internal/schema"
)

// Document is a document of Firestore: one that a row became, or one that was read.
type Document struct {
	Ref *firestore.DocumentRef
	// Fields are as Firestore's client takes and returns them.
	Fields map[string]any
	// CreateOnly documents are written only if they do not exist: the refresh service owns schools and
	// semesters.
	CreateOnly bool
}

// Path is the path from the root of the database: "users/u/timetables/t".
func (d *Document) Path() string { return schema.Path(d.Ref) }

// UserDocuments are the documents that a user becomes.
type UserDocuments struct {
	// User is users/{uid}, Username is indices/user/usernames/{username}.
	User, Username *Document
	// Credential is credentials/{key}, nil if the user has no hash that the auth service supports.
	Credential *Document
}

// All lists the documents that are not nil.
func (u *UserDocuments) All() []*Document {
	var all []*Document
	for _, d := range []*Document{u.User, u.Username, u.Credential} {
		if d != nil {
			all = append(all, d)
		}
	}
	return all
}
