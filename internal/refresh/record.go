package refresh

import (
	"context"
	"fmt"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/internal/schema"
)

// Run, Record, Object and Published are what Firestore keeps; package schema describes them.
type (
	Run       = schema.Run
	Record    = schema.Refresh
	Object    = schema.Object
	Published = schema.Published
	Outcome   = schema.Outcome
)

// How a run ends.
const (
	// Changed: a new list was published.
	Changed Outcome = "changed"
	// Unchanged: the school's list is the published one.
	Unchanged Outcome = "unchanged"
	// Suspicious: the list was read but held back, because too much of the published one is missing.
	Suspicious Outcome = "suspicious"
	// Failed: no list could be read or stored.
	Failed Outcome = "failed"
	// Superseded: another run had already done more than this one would. It is not recorded.
	Superseded Outcome = "superseded"
	// Refused: the task names something that does not exist. It is not recorded.
	Refused Outcome = "refused"
)

// documents are the documents of one semester in Firestore.
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

// ReadRecord reads the record of a semester. It is zero if the semester was never refreshed.
func ReadRecord(ctx context.Context, client *firestore.Client, schoolID string, id schema.SemesterID) (Record, error) {
	var r Record
	ref := schema.RefreshRef(client, schoolID, id)
	if ref == nil {
		return r, fmt.Errorf("no semester can have the ids %q and %q", schoolID, id)
	}
	_, err := schema.Read(ctx, ref, &r)
	return r, err
}
