package refresh

import (
	"context"
	"fmt"
	"time"

	"cloud.google.com/go/firestore"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/internal/importreport"
	"heek.kr/heektime/internal/semester"
)

// Outcome is how a run ended.
type Outcome string

const (
	// Changed: a new list was published.
	Changed Outcome = "changed"
	// Unchanged: the school's list is the published one.
	Unchanged Outcome = "unchanged"
	// Suspicious: the list was read but held back, because too much of the published one is missing in it.
	Suspicious Outcome = "suspicious"
	// Failed: no list could be read or stored.
	Failed Outcome = "failed"
	// Superseded: another run had already done more than this one would. It is not recorded.
	Superseded Outcome = "superseded"
	// Refused: the task asks for something that does not exist. It is not recorded.
	Refused Outcome = "refused"
)

// Run is one attempt to refresh a semester.
type Run struct {
	Slot    time.Time `firestore:"slot" json:"slot"`
	Started time.Time `firestore:"started" json:"started"`
	Ended   time.Time `firestore:"ended" json:"ended"`
	Outcome Outcome   `firestore:"outcome" json:"outcome"`
	// Reason says why a run failed or was held back, for a person.
	Reason string `firestore:"reason" json:"reason,omitempty"`
	// Retry is whether the task is tried again.
	Retry bool `firestore:"retry" json:"retry,omitempty"`
	// Report accounts for the rows of the school's list.
	Report importreport.Report `firestore:"report" json:"report"`
	// Lectures in the list, RawBytes of it as JSON and StoredBytes of it compressed; 0 when none could be read.
	Lectures    int   `firestore:"lectures" json:"lectures"`
	RawBytes    int64 `firestore:"rawBytes" json:"rawBytes"`
	StoredBytes int64 `firestore:"storedBytes" json:"storedBytes"`
	// URL is the gs:// address of the list that is published after the run, "" when there is none.
	URL string `firestore:"url" json:"url,omitempty"`
	// Expires is when the record of the run may be deleted.
	Expires time.Time `firestore:"expires" json:"-"`
}

// Record is what the refresh service knows of one semester. It lives where no client can read it.
type Record struct {
	// Slot is the newest slot that a run finished with, whatever its outcome.
	Slot time.Time `firestore:"slot"`
	// FetchedAt is when the published list was asked of the school, so that a run which stood still cannot publish an
	// older list over a newer one.
	FetchedAt time.Time `firestore:"fetchedAt"`
	// Published are the last lists, newest first, at most keptLists. The first is the one that clients load.
	Published []Published `firestore:"published"`
	// Condemned objects are going to be deleted. A run never publishes one of them: see [Service.clean].
	Condemned []Object `firestore:"condemned"`
	// LastRun is the newest run.
	LastRun Run `firestore:"lastRun"`
}

// Object is one generation of an object in the bucket.
type Object struct {
	Name       string `firestore:"name"`
	Generation int64  `firestore:"generation"`
}

// Published is a list that clients load, or loaded.
type Published struct {
	Object
	// Hash is the SHA-256 of the JSON, in hexadecimal.
	Hash     string    `firestore:"hash"`
	Lectures int       `firestore:"lectures"`
	At       time.Time `firestore:"at"`
}

// semesterDocument and schoolDocument are what clients read; see the contract.
type semesterDocument struct {
	Year        int               `firestore:"year"`
	Term        semester.Term     `firestore:"term"`
	Periods     []semester.Period `firestore:"periods"`
	Status      semester.Status   `firestore:"status"`
	LecturesURL string            `firestore:"lecturesUrl"`
}

type schoolDocument struct {
	Name string `firestore:"name"`
	// LegacyID is beside the contract: the legacy REST server knows the school by it.
	LegacyID string `firestore:"legacyId,omitempty"`
}

// documents are the places of one semester in Firestore.
type documents struct {
	school, semester, record *firestore.DocumentRef
}

func documentsOf(client *firestore.Client, schoolID string, id semester.ID) documents {
	school := client.Collection("schools").Doc(schoolID)
	return documents{
		school:   school,
		semester: school.Collection("semesters").Doc(string(id)),
		record:   client.Collection("refreshes").Doc(schoolID).Collection("semesters").Doc(string(id)),
	}
}

// run is where one attempt is recorded. Two attempts never start in the same microsecond with the same slot.
func (d *documents) run(r *Run) *firestore.DocumentRef {
	return d.record.Collection("runs").Doc(fmt.Sprintf("%d-%d", r.Slot.UnixMilli(), r.Started.UnixMicro()))
}

// ReadRecord reads what is known of a semester; the zero record when it was never refreshed.
func ReadRecord(ctx context.Context, client *firestore.Client, schoolID string, id semester.ID) (Record, error) {
	var r Record
	ref := documentsOf(client, schoolID, id).record
	snap, err := ref.Get(ctx)
	return r, decode(ref, snap, err, &r)
}

// decode reads a document into value and leaves value alone when there is none.
func decode(ref *firestore.DocumentRef, snap *firestore.DocumentSnapshot, err error, value any) error {
	if status.Code(err) == codes.NotFound {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", ref.Path, err)
	}
	if err := snap.DataTo(value); err != nil {
		return fmt.Errorf("decode %s: %w", ref.Path, err)
	}
	return nil
}
