// Package resource parses and formats the names of Firestore's resources: databases, collections
// and documents.
//
// On the wire a document is named projects/p/databases/d/documents/users/u1. Within a database the
// emulator uses a [Key]: the path, encoded so that comparing bytes gives Firestore's order of
// names.
package resource

import (
	"fmt"
	"regexp"
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

// Project returns the project's ID.
func (d Database) Project() string {
	p, _, _ := strings.Cut(strings.TrimPrefix(string(d), "projects/"), "/")
	return p
}

// ID returns the database's ID, which is usually "(default)".
func (d Database) ID() string { return string(d)[strings.LastIndexByte(string(d), '/')+1:] }

// Root returns the name of the database's root, the parent of the top-level collections.
func (d Database) Root() string { return string(d) + "/documents" }

// ParseDatabase checks the name of a database. Its error is INVALID_ARGUMENT.
func ParseDatabase(name string) (Database, error) {
	db, rest, err := splitDatabase(name)
	if err == nil && rest != "" {
		err = status.Errorf(codes.InvalidArgument, "Invalid database name %q: want projects/{project_id}/databases/{database_id}.", name)
	}
	return db, err
}

// splitDatabase splits name into a database and the rest, without the slash between them.
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
			"Invalid database id %q: want (default), or 4 to 63 lower-case letters, digits and hyphens that begin with a letter, don't end with a hyphen and don't look like a UUID.", id)
	}
	return Database(name[:len("projects/")+len(project)+len("/databases/")+len(id)]), rest, nil
}

// maxProjectBytes is more than the length of any project ID, including those of domain-scoped
// projects, which start with the domain and a colon.
const maxProjectBytes = 100

var projectIDRule = fmt.Sprintf("up to %d letters, digits, hyphens, underscores, dots and colons that begin with a letter or digit", maxProjectBytes)

// CheckProjectID returns an error if a project ID in a configuration is not valid.
func CheckProjectID(id string) error {
	if id == "" || !validProjectID(id) {
		return fmt.Errorf("project id %q: want %s", id, projectIDRule)
	}
	return nil
}

// validProjectID accepts more than production does, but nothing that would escape the data
// directory when used as the name of a directory.
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

// uuid is the form of id that
// https://cloud.google.com/firestore/docs/reference/rest/v1/projects.databases/create excludes.
var uuid = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// validDatabaseID implements
// https://cloud.google.com/firestore/docs/reference/rest/v1/projects.databases/create, databaseId.
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
	return len(id) != 36 || !uuid.MatchString(id)
}

// ParseDocument returns the database and the key in a document's full name. Its error is
// INVALID_ARGUMENT.
func ParseDocument(name string) (Database, Key, error) {
	db, key, err := ParseParent(name)
	if err == nil && key == "" {
		err = status.Errorf(codes.InvalidArgument, "Document name %q lacks a collection and a document id.", name)
	}
	return db, key, err
}

// ParseParent is like [ParseDocument] but also accepts the root, {database}/documents, whose key is
// "".
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

// CheckCollectionID rejects strings that cannot be the ID of a collection. Its error is INVALID_ARGUMENT.
func CheckCollectionID(id string) error { return checkID(id, false) }

// CheckDocumentID is [CheckCollectionID] for the ID of a document.
func CheckDocumentID(id string) error { return checkID(id, true) }

// checkID checks an ID. Only documents have Datastore's numeric IDs.
func checkID(id string, document bool) error {
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
	case reserved(id) && !(document && numeric(id)):
		return bad("is reserved")
	}
	return nil
}

// reserved reports whether id matches __.*__.
func reserved(id string) bool {
	return len(id) >= 4 && id[0] == '_' && strings.HasPrefix(id, "__") && strings.HasSuffix(id, "__")
}
