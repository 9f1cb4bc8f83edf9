package refresh

import (
	"context"
	"fmt"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/internal/schema"
)

// Run, Record, Object, Published, Change and Outcome are stored in Firestore. Package schema documents them.
type (
	Run       = schema.Run
	Record    = schema.Refresh
	Object    = schema.Object
	Published = schema.Published
	Change    = schema.Change
	Outcome   = schema.Outcome
)

// How a run ends.
const (
	// Changed: a new list was published.
	Changed Outcome = "changed"
	// Unchanged: the school's list equals the published one.
	Unchanged Outcome = "unchanged"
	// Suspicious: the list was read but held back because it is empty, far shorter or far longer than
	// the published one.
	Suspicious Outcome = "suspicious"
	// Failed: the list could not be read or stored.
	Failed Outcome = "failed"
	// Superseded: a run for a later slot, or with a newer list, finished first. Not recorded.
	Superseded Outcome = "superseded"
	// Refused: the task is malformed or names an unknown school or semester. Not recorded.
	Refused Outcome = "refused"
)

// documents refers to the Firestore documents of one semester.
type documents struct {
	school, semester, record *firestore.DocumentRef
}

func documentsOf(client *firestore.Client, schoolID string, id schema.SemesterID) documents {
	return documents{
		school:   schema.SchoolRef(client, schoolID),
		semester: schema.SemesterRef(client, schoolID, id),
		record:   schema.RefreshRef(client, schoolID, id),
	}
}

// ReadRecord reads a semester's record. It returns the zero Record if the semester was never refreshed.
func ReadRecord(ctx context.Context, client *firestore.Client, schoolID string, id schema.SemesterID) (Record, error) {
	var r Record
	ref := schema.RefreshRef(client, schoolID, id)
	if ref == nil {
		return r, fmt.Errorf("no semester can have the ids %q and %q", schoolID, id)
	}
	_, err := schema.Read(ctx, ref, &r)
	return r, err
}
