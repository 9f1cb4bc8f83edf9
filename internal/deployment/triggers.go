package deployment

import (
	"heek.kr/heektime/internal/deployment/spec"
	"heek.kr/heektime/internal/schema"
)

const documentDeleted = "google.cloud.firestore.document.v1.deleted"

// triggers are the functions. Eventarc retries an event for 24 hours.
func triggers() []spec.Trigger {
	return []spec.Trigger{{
		ID: "timetable-deleted", Purpose: "removes the lectures of a deleted timetable",
		Event: documentDeleted, Database: spec.DefaultDatabase, Document: schema.TimetablePattern,
		Target: spec.Target{Service: "functions", Path: "/timetable-deleted", Account: EventarcAccount},
	}, {
		ID: "user-deleted", Purpose: "purges the account of a user whose document was deleted",
		Event: documentDeleted, Database: spec.DefaultDatabase, Document: schema.UserPattern,
		Target: spec.Target{Service: "functions", Path: "/user-deleted", Account: EventarcAccount},
	}}
}
