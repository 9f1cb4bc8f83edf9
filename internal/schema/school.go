package schema

import "cloud.google.com/go/firestore"

const schools = "schools"

// Field names of a school, for merges.
const (
	FieldName     = "name"
	FieldLegacyID = "legacyId"
)

// School is schools/{schoolId}. Its id is a readable name such as 고려대학교-서울.
type School struct {
	// Name is what users see.
	Name string `firestore:"name"`
	// LegacyID is the school's id in the old REST API, for compat-server.
	LegacyID string `firestore:"legacyId,omitempty"`
}

// SchoolDocument describes [School].
var SchoolDocument = Document{Path: "schools/{schoolId}", Writer: Servers, Fields: []Field{
	{Name: FieldName, Type: Text},
	{Name: FieldLegacyID, Type: Text, Optional: true},
}}

// Schools is the collection of schools.
func Schools(client *firestore.Client) *firestore.CollectionRef { return client.Collection(schools) }

// SchoolRef returns the document of a school, nil if no document can have the id.
func SchoolRef(client *firestore.Client, schoolID string) *firestore.DocumentRef {
	return child(Schools(client), schoolID)
}

// MergeFields returns the fields to merge into the school's document. A school without a legacy id loses
// the one that the document has.
func (s School) MergeFields() map[string]any {
	fields := fieldsOf(s)
	if s.LegacyID == "" {
		fields[FieldLegacyID] = firestore.Delete
	}
	return fields
}

// ReadSchool reads a school's document. A field of another type reads as if it were absent.
func ReadSchool(doc *firestore.DocumentSnapshot) School {
	var s School
	fill(doc.Data(), &s)
	return s
}
