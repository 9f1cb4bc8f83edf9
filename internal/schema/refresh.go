package schema

import (
	"fmt"
	"time"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/internal/importreport"
)

const (
	refreshes = "refreshes"
	runs      = "runs"
)

// Field names of refreshes and runs, for updates and queries.
const (
	FieldCondemned = "condemned"
	FieldExpires   = "expires"
	FieldRecent    = "recent"
	FieldHeldBack  = "heldBack"
)

// Refresh is refreshes/{schoolId}/semesters/{semesterId}: what the refresh service keeps about one semester.
type Refresh struct {
	// Slot is the newest slot that a run finished with, whatever its outcome.
	Slot time.Time `firestore:"slot"`
	// FetchedAt is when the service requested the published list from the school. A run that was
	// suspended cannot publish an older list over a newer one.
	FetchedAt time.Time `firestore:"fetchedAt"`
	// Published are the last lists, newest first. Clients load the first.
	Published []Published `firestore:"published"`
	// Condemned objects are about to be deleted. No run publishes one of them.
	Condemned []Object `firestore:"condemned"`
	// LastRun is the newest run.
	LastRun Run `firestore:"lastRun"`
	// Failing counts the runs since the last one that read a good list.
	Failing Failing `firestore:"failing"`
	// Recent are lectures that changed in the 24 hours before the last change, those that changed last at
	// the end, for [LectureChange].Repeats.
	Recent []RecentChange `firestore:"recent"`
	// HeldBack is how a list that was held back as suspicious differs from the published one: what accepting it
	// would publish. Its At is zero if the last list was not held back. If it is not complete, Lectures are
	// the first of them.
	HeldBack Change `firestore:"heldBack"`
	// Notify is when students are to be notified of the last change, zero once a task for that surely exists.
	Notify time.Time `firestore:"notify"`
}

// Failing is a series of runs that published nothing. It is zero after a good run.
type Failing struct {
	// Since is when the first of them started.
	Since time.Time `firestore:"since"`
	// Runs is their number; Slots is how many of them no retry follows.
	Runs  int `firestore:"runs"`
	Slots int `firestore:"slots"`
	// Reported is when the service last logged that the list keeps failing.
	Reported time.Time `firestore:"reported"`
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

// Outcome is how a run ended. Package refresh lists the outcomes.
type Outcome string

// Run is refreshes/{schoolId}/semesters/{semesterId}/runs/{run}: one attempt to refresh a semester.
type Run struct {
	Slot    time.Time `firestore:"slot" json:"slot"`
	Started time.Time `firestore:"started" json:"started"`
	Ended   time.Time `firestore:"ended" json:"ended"`
	Outcome Outcome   `firestore:"outcome" json:"outcome"`
	// Reason says, for a person, why a run failed or was held back.
	Reason string `firestore:"reason" json:"reason,omitempty"`
	// Retry is whether the task is retried.
	Retry bool `firestore:"retry" json:"retry,omitempty"`
	// Report accounts for the rows of the school's list.
	Report importreport.Report `firestore:"report" json:"report"`
	// Lectures in the list, its size as JSON and its size compressed; 0 if no list could be read.
	Lectures    int   `firestore:"lectures" json:"lectures"`
	RawBytes    int64 `firestore:"rawBytes" json:"rawBytes"`
	StoredBytes int64 `firestore:"storedBytes" json:"storedBytes"`
	// URL is the gs:// address of the list that is published after the run, "" if there is none.
	URL string `firestore:"url" json:"url,omitempty"`
	// Expires is when Firestore may delete the document.
	Expires time.Time `firestore:"expires" json:"-"`
}

// RefreshDocument describes [Refresh], RunDocument describes [Run].
var (
	RefreshDocument = Document{Path: "refreshes/{schoolId}/semesters/{semesterId}", Writer: Servers, ServersOnly: true, Fields: serverFields(Refresh{})}
	RunDocument     = Document{Path: RefreshDocument.Path + "/runs/{run}", Writer: Servers, ServersOnly: true, Fields: serverFields(Run{})}
)

// RefreshedSchools is the collection below which the refreshes of each school are.
func RefreshedSchools(client *firestore.Client) *firestore.CollectionRef {
	return client.Collection(refreshes)
}

// Refreshes is the collection of a school's refreshes. school is a document of [RefreshedSchools].
func Refreshes(school *firestore.DocumentRef) *firestore.CollectionRef {
	return below(school, semesters)
}

// RefreshRef returns the document of a semester's refreshes, nil if no document can have the ids.
func RefreshRef(client *firestore.Client, schoolID string, id SemesterID) *firestore.DocumentRef {
	return child(Refreshes(child(RefreshedSchools(client), schoolID)), string(id))
}

// RunRef returns the document of a run. Two runs never start in the same microsecond with the same slot.
// Ids sort by slot.
func RunRef(refresh *firestore.DocumentRef, r *Run) *firestore.DocumentRef {
	return child(below(refresh, runs), fmt.Sprintf("%d-%d", r.Slot.UnixMilli(), r.Started.UnixMicro()))
}

// OldestRuns queries when the runs of a semester expire, the oldest run first. The field itself is not
// indexed.
func OldestRuns(refresh *firestore.DocumentRef) firestore.Query {
	return below(refresh, runs).OrderBy(firestore.DocumentID, firestore.Asc).Select(FieldExpires)
}

// ExpiryOf returns when a document expires. ok is false if it does not say.
func ExpiryOf(doc *firestore.DocumentSnapshot) (at time.Time, ok bool) {
	at, ok = doc.Data()[FieldExpires].(time.Time)
	return at, ok
}
