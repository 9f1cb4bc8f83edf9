package schema

import (
	"time"

	"cloud.google.com/go/firestore"
)

// Field names of the schedule.
const (
	FieldSlots     = "slots"
	FieldNotBefore = "notBefore"
	FieldJobs      = "jobs"
)

// Schedule is schedules/refresh: the newest slot of each semester that was enqueued. It is one document for
// all semesters, so that a look at the clock costs one read however many schools there are.
type Schedule struct {
	Slots map[string]time.Time `firestore:"slots"`
	// NotBefore is when a school, by its ID, may be asked again: it responded with Retry-After.
	NotBefore map[string]time.Time `firestore:"notBefore"`
	// Jobs are the heartbeats of the scheduled jobs that watch each other, by the job's name.
	Jobs map[string]Heartbeat `firestore:"jobs"`
}

// Heartbeat says when a scheduled job ran. Package heartbeat decides how precisely.
type Heartbeat struct {
	// Since is when the job began to run without a long pause.
	Since time.Time `firestore:"since"`
	// Ran is its last run, Succeeded the last one without an error.
	Ran       time.Time `firestore:"ran"`
	Succeeded time.Time `firestore:"succeeded"`
}

// ScheduleDocument describes [Schedule].
var ScheduleDocument = Document{Path: "schedules/refresh", Writer: Servers, ServersOnly: true, Fields: serverFields(Schedule{})}

// ScheduleRef returns the document of the schedule.
func ScheduleRef(client *firestore.Client) *firestore.DocumentRef {
	return client.Doc(ScheduleDocument.Path)
}
