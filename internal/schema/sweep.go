package schema

import (
	"time"

	"cloud.google.com/go/firestore"
)

// Field names of the sweep, for updates. The last report is in [FieldLast].
const (
	FieldPosition   = "position"
	FieldUnfinished = "unfinished"
	FieldCounted    = "counted"
	FieldLease      = "lease"
	FieldEnded      = "ended"
	FieldFailed     = "failed"
)

// Sweep is sweeps/state: where the sweeper stopped, and what its last run did.
type Sweep struct {
	Position SweepPosition `firestore:"position"`
	// Unfinished are users with more data than a run checks, those postponed longest first.
	Unfinished []UnfinishedUser `firestore:"unfinished"`
	// Counted is the uid from which the next run looks for accounts with very many documents, the first if empty.
	Counted string `firestore:"counted"`
	// Lease is until when a run is in progress, zero if none is.
	Lease time.Time `firestore:"lease"`
	// Last reports what the last run did, Ended is when it ended.
	Last  SweepReport `firestore:"last"`
	Ended time.Time   `firestore:"ended"`
	// Failed is how many runs in a row ended with an error.
	Failed int `firestore:"failed"`
}

// SweepPosition is where a run stopped, so that the next one can continue.
type SweepPosition struct {
	// Stage by its name, the first if empty.
	Stage string `firestore:"stage"`
	// Token is the place within the stage.
	Token string `firestore:"token"`
	// Done is how many documents of the page at Token are done, Inner the place within the next one.
	Done  int    `firestore:"done"`
	Inner string `firestore:"inner"`
}

// UnfinishedUser is where the next sweep continues with a user.
type UnfinishedUser struct {
	UID string `firestore:"uid"`
	// Token is the place within the user's timetables.
	Token string `firestore:"token"`
}

// SweepReport is what a run of the sweeper did.
type SweepReport struct {
	// Busy means that another run is in progress, so this one did nothing.
	Busy bool `firestore:"-" json:"busy,omitempty"`
	// Whole means that the run reached the end. Otherwise the next one continues where it stopped.
	Whole bool `firestore:"whole" json:"whole"`
	// Operations of Firestore and Cloud Storage that were billed.
	Operations int `firestore:"operations" json:"operations"`
	// Looked is how many documents and objects were checked.
	Looked int `firestore:"looked" json:"looked"`
	// What was repaired.
	Lectures  int `firestore:"lectures" json:"lectures"`
	Accounts  int `firestore:"accounts" json:"accounts"`
	Usernames int `firestore:"usernames" json:"usernames"`
	Users     int `firestore:"users" json:"users"`
	Runs      int `firestore:"runs" json:"runs"`
	Objects   int `firestore:"objects" json:"objects"`
	Marks     int `firestore:"marks" json:"marks"`
	// Postponed counts users with more data than a run checks, whose rest is left for the next sweep.
	Postponed int `firestore:"postponed" json:"postponed"`
	// Odd counts what a person should check, Examples describes the first of it.
	Odd      int      `firestore:"odd" json:"odd"`
	Examples []string `firestore:"examples" json:"examples,omitempty"`
}

// SweepDocument describes [Sweep].
var SweepDocument = Document{Path: "sweeps/state", Writer: Servers, ServersOnly: true, Fields: serverFields(Sweep{})}

// SweepRef returns the document of the sweep.
func SweepRef(client *firestore.Client) *firestore.DocumentRef { return client.Doc(SweepDocument.Path) }
