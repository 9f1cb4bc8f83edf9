package schema

import (
	"reflect"
	"slices"
	"strings"
	"time"

	"cloud.google.com/go/firestore"
)

// Type is the type of a field's value.
type Type string

// The types of fields.
const (
	Text      Type = "string"
	Number    Type = "number"
	Integer   Type = "integer" // a number without a fraction
	Bool      Type = "boolean"
	Timestamp Type = "timestamp" // if a client writes it, always the time of the request
	Reference Type = "reference"
	List      Type = "list"
	Map       Type = "map"
)

// Writer is who may write a document or a field.
type Writer string

// The writers.
const (
	Owner   Writer = "owner" // the user below whose document it is
	Servers Writer = "servers"
)

// Document describes the documents of one collection.
type Document struct {
	// Path from the root of the database, with wildcards in braces: "users/{uid}".
	Path   string
	Writer Writer
	// ServersOnly documents are not readable by clients either. Rules do not mention them.
	ServersOnly bool
	// MaxPage is how many documents a client may list at a time, 0 if it does not matter.
	MaxPage int
	// IDLengths are the lengths that ids may have, in characters; nil if any.
	IDLengths []int
	Fields    []Field
}

// Field describes one field of a document, or of a map in a list.
type Field struct {
	Name string
	Type Type
	// Optional fields may be absent. Clients must write all others.
	Optional bool
	// Fixed fields are set when the document is created, and no client can change them.
	Fixed bool
	// Writer is Servers for a field that only servers write. In a document of theirs all are.
	Writer Writer
	// Min and Max bound the characters of a Text, the entries of a List, or the value of a number. There
	// is no upper bound if Max is 0.
	Min, Max int
	// OneOf are the only values that a Text may have.
	OneOf []string
	// Pattern is what the whole Text must match when a client writes it, in the syntax of RE2; any Text if
	// empty.
	Pattern string
	// Target is the path of the documents that a Reference names.
	Target string
	// Entry describes the entries of a List. It has no name.
	Entry *Field
	// Fields are those of a Map. All of them are required.
	Fields []Field
}

// Documents describes everything in Firestore, in the order of the contract.
func Documents() []Document {
	return []Document{
		SchoolDocument, SemesterDocument, AnnouncementDocument, ChangeDocument, UserDocument, UsernameDocument, TimetableDocument, LectureDocument, ViewsDocument,
		FollowDocument, FollowingDocument, FollowersDocument, StopDocument,
		SubscriptionDocument, PushDocument, RefreshDocument, RunDocument, ScheduleDocument, CredentialDocument, AttemptsDocument, DeletionDocument, SweepDocument,
		// The most general path last.
		MigrationPositionDocument, MigrationCopyDocument, MigrationDrainDocument, MigrationMarkDocument, MigrationVerificationDocument, MigrationClientsDocument,
		MigrationHoldsDocument, MigrationServerDocument,
		MigrationDocument,
	}
}

// Collection returns the id of the document's collection: "timetables".
func (d *Document) Collection() string {
	segments := strings.Split(d.Path, "/")
	return segments[len(segments)-2]
}

// Depth returns how many collections the document's path has: 1 for users/{uid}.
func (d *Document) Depth() int { return (strings.Count(d.Path, "/") + 1) / 2 }

// Field finds a field by name, nil if the document has none.
func (d *Document) Field(name string) *Field {
	i := slices.IndexFunc(d.Fields, func(f Field) bool { return f.Name == name })
	if i < 0 {
		return nil
	}
	return &d.Fields[i]
}

// OwnerFields lists the fields that the owner writes.
func (d *Document) OwnerFields() []Field {
	if d.Writer != Owner {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(d.Fields), func(f Field) bool { return f.Writer == Servers })
}

// DocumentAt finds the description of the document at a path, nil if there is none. Segments of the
// path are ids or wildcards.
func DocumentAt(path string) *Document {
	all := Documents()
	i := slices.IndexFunc(all, func(d Document) bool { return matchesPath(d.Path, path) })
	if i < 0 {
		return nil
	}
	return &all[i]
}

// serverFields describes the fields of a struct that only servers read and write, so that nothing else has
// to know their bounds.
func serverFields(document any) []Field {
	t := reflect.TypeOf(document)
	var fields []Field
	for _, c := range columns(t) {
		fields = append(fields, Field{Name: c.name, Type: typeOf(t.FieldByIndex(c.index).Type), Optional: c.omitEmpty})
	}
	return fields
}

// typeOf is the type of field that a Go type is stored as.
func typeOf(t reflect.Type) Type {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return Timestamp
	case t == reflect.TypeFor[*firestore.DocumentRef]():
		return Reference
	}
	switch t.Kind() {
	case reflect.String:
		return Text
	case reflect.Bool:
		return Bool
	case reflect.Int, reflect.Int64:
		return Integer
	case reflect.Float64:
		return Number
	case reflect.Slice:
		return List
	}
	return Map
}
