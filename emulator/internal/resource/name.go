// Package resource names the things of Firestore: databases, collections and documents.
//
// On the wire a document is projects/p/databases/d/documents/users/u1. Inside, a document of one database is a [Key]:
// its path in a form that sorts as Firestore sorts names when it is compared byte by byte.
package resource

import (
	"fmt"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Limits of https://firebase.google.com/docs/firestore/quotas#collections_documents_and_fields.
const (
	maxIDBytes   = 1500
	maxNameBytes = 6 << 10
	maxDepth     = 100 // subcollections
)

// Database is the name of a database, projects/{project}/databases/{database}.
type Database string

// Project is the project's id.
func (d Database) Project() string {
	p, _, _ := strings.Cut(strings.TrimPrefix(string(d), "projects/"), "/")
	return p
}

// ID is the database's id, "(default)" for most.
func (d Database) ID() string { return string(d)[strings.LastIndexByte(string(d), '/')+1:] }

// Root is the parent of the collections at the top.
func (d Database) Root() string { return string(d) + "/documents" }

// ParseDatabase checks a database's name and its ids.
func ParseDatabase(name string) (Database, error) {
	db, rest, err := splitDatabase(name)
	if err == nil && rest != "" {
		err = status.Errorf(codes.InvalidArgument, "Invalid database name %q: want projects/{project_id}/databases/{database_id}.", name)
	}
	return db, err
}

// splitDatabase returns the database of a name and what follows it, without the slash between.
func splitDatabase(name string) (Database, string, error) {
	fail := func() (Database, string, error) {
		return "", "", status.Errorf(codes.InvalidArgument, "Invalid resource name %q: want it to begin with projects/{project_id}/databases/{database_id}.", name)
	}
	after, ok := strings.CutPrefix(name, "projects/")
	if !ok {
		return fail()
	}
	project, after, ok := strings.Cut(after, "/databases/")
	if !ok || project == "" || strings.Contains(project, "/") {
		return fail()
	}
	if !validProjectID(project) {
		return "", "", status.Errorf(codes.InvalidArgument, "Invalid project id %.40q: want %s.", project, projectIDRule)
	}
	id, rest, _ := strings.Cut(after, "/")
	if !validDatabaseID(id) {
		return "", "", status.Errorf(codes.InvalidArgument,
			"Invalid database id %q: want (default), or 4 to 63 lower-case letters, digits and hyphens that begin with a letter and don't end with a hyphen.", id)
	}
	return Database(name[:len("projects/")+len(project)+len("/databases/")+len(id)]), rest, nil
}

// maxProjectBytes is more than a project's id may have; one of a company begins with its domain and a colon.
const maxProjectBytes = 100

var projectIDRule = fmt.Sprintf("up to %d letters, digits, hyphens, underscores, dots and colons that begin with a letter or digit", maxProjectBytes)

// CheckProjectID returns an error for people if a configured project ID is not one.
func CheckProjectID(id string) error {
	if id == "" || !validProjectID(id) {
		return fmt.Errorf("project id %q: want %s", id, projectIDRule)
	}
	return nil
}

// validProjectID takes more than production does, but nothing that would mean another directory as the name of one.
func validProjectID(id string) bool {
	for i, c := range []byte(id) {
		switch {
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9':
		case i > 0 && strings.IndexByte("-_.:", c) >= 0:
		default:
			return false
		}
	}
	return len(id) <= maxProjectBytes
}

// validDatabaseID follows https://cloud.google.com/firestore/docs/manage-databases#database_id.
func validDatabaseID(id string) bool {
	if id == "(default)" {
		return true
	}
	if len(id) < 4 || len(id) > 63 || id[len(id)-1] == '-' || id[0] < 'a' || id[0] > 'z' {
		return false
	}
	for _, c := range []byte(id) {
		if !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-') {
			return false
		}
	}
	return true
}

// ParseDocument returns the database and the key of a document's full name. Its error is INVALID_ARGUMENT and names
// what is wrong.
func ParseDocument(name string) (Database, Key, error) {
	db, key, err := ParseParent(name)
	if err == nil && key == "" {
		err = status.Errorf(codes.InvalidArgument, "Document name %q lacks a collection and a document id.", name)
	}
	return db, key, err
}

// ParseParent is [ParseDocument] but also takes the root, {database}/documents, whose key is "".
func ParseParent(name string) (Database, Key, error) {
	db, rest, err := splitDatabase(name)
	if err != nil {
		return "", "", err
	}
	path, ok := strings.CutPrefix(rest, "documents")
	if !ok || path != "" && path[0] != '/' {
		return "", "", status.Errorf(codes.InvalidArgument, "Invalid document name %q: want {database}/documents/{path}.", name)
	}
	if path == "" || path == "/" {
		return db, "", nil
	}
	key, segments, err := keyOf(path[1:])
	if err != nil {
		return "", "", err
	}
	if segments%2 != 0 {
		return "", "", status.Errorf(codes.InvalidArgument, "Document name %q has an odd number of segments after /documents: it names a collection.", name)
	}
	return db, key, nil
}

// CheckID refuses what may not be a collection's or a document's id.
func CheckID(id string) error {
	bad := func(why string) error {
		return status.Errorf(codes.InvalidArgument, "Resource id %q is invalid because it %s.", id, why)
	}
	switch {
	case id == "":
		return bad("is empty")
	case id == "." || id == "..":
		return bad(`is "." or ".."`)
	case len(id) > maxIDBytes:
		return status.Errorf(codes.InvalidArgument, "Resource id %.40q… is invalid because it is longer than %d bytes.", id, maxIDBytes)
	case strings.Contains(id, "/"):
		return bad("contains a slash")
	case reserved(id):
		return bad("is reserved")
	}
	return nil
}

// reserved ids match __.*__, but for the numeric ids that come from Datastore.
func reserved(id string) bool {
	return len(id) >= 4 && id[0] == '_' && strings.HasPrefix(id, "__") && strings.HasSuffix(id, "__") && !numeric(id)
}
