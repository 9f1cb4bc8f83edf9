package spec

import (
	"regexp"
	"slices"
	"strings"
)

// Trigger is a trigger of Eventarc: it sends the events of some documents to a function, as
// CloudEvents with Firestore's protobuf as data.
type Trigger struct {
	ID      string
	Purpose string
	// Event is the type of the events.
	Event string
	// Database is the id of the database whose documents these are. [DefaultDatabase] stands for the
	// database that services use: a trigger moves with them. See [Trigger.DatabaseAt].
	Database string
	// Document is the path pattern of the documents, such as users/{uid}.
	Document string
	// Target is the function: a path of a service.
	Target Target
}

// DefaultDatabase is the id of the database that clients and services use unless told otherwise.
const DefaultDatabase = "(default)"

// DatabaseIDs matches what Google accepts as the id of a database, and DatabaseIDForm describes it.
//
// Source: https://cloud.google.com/firestore/docs/reference/rest/v1/projects.databases/create
var DatabaseIDs = regexp.MustCompile(`^(?:\(default\)|[a-z][-a-z0-9]{2,61}[a-z0-9])$`)

// DatabaseIDForm is what [DatabaseIDs] matches, in words.
const DatabaseIDForm = "(default), or 4 to 63 lower-case letters, digits and hyphens"

// DatabaseAt is the id of the database that the trigger watches at a place.
func (t *Trigger) DatabaseAt(p Place) string {
	if t.Database == DefaultDatabase && p.Database != "" {
		return p.Database
	}
	return t.Database
}

// firestoreEvents are the event types of Firestore documents.
//
// Source: https://cloud.google.com/eventarc/docs/reference/supported-events
var firestoreEvents = []string{
	"google.cloud.firestore.document.v1.created",
	"google.cloud.firestore.document.v1.updated",
	"google.cloud.firestore.document.v1.deleted",
	"google.cloud.firestore.document.v1.written",
}

var (
	// triggerID: up to 63 lower-case letters, digits and dashes, starting with a letter.
	//
	// Source: https://cloud.google.com/eventarc/docs/reference/rest/v1/projects.locations.triggers/create
	triggerID = regexp.MustCompile(`^[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?$`)
	// patternSegment is a literal, *, a capture {name} or {name=*}.
	//
	// Source: https://cloud.google.com/eventarc/docs/path-patterns
	patternSegment = regexp.MustCompile(`^(?:[^{}*/]+|\*|\{[A-Za-z_][A-Za-z0-9_]*(?:=\*)?\})$`)
)

func (d *Deployment) checkTriggers(f *faults) {
	seen, paths := map[string]bool{}, map[string]bool{}
	for _, t := range d.Triggers {
		f := f.in("trigger", t.ID)
		if !triggerID.MatchString(t.ID) {
			f.addf("an id has up to 63 lower-case letters, digits and dashes, and starts with a letter")
		}
		f.unique(seen, t.ID)
		if !slices.Contains(firestoreEvents, t.Event) {
			f.addf("event type %q is not an event of Firestore", t.Event)
		}
		if !DatabaseIDs.MatchString(t.Database) {
			f.addf("database %q: an id is %s", t.Database, DatabaseIDForm)
		}
		segments := strings.Split(t.Document, "/")
		if len(segments)%2 != 0 || slices.ContainsFunc(segments, func(s string) bool { return !patternSegment.MatchString(s) }) {
			f.addf("document %q is not the path pattern of a document", t.Document)
		}
		d.checkTarget(f, t.Target)
		f.unique(paths, t.Target.Service+t.Target.Path)
	}
}
