package deployment

import (
	"heek.kr/heektime/internal/deployment/spec"
	"heek.kr/heektime/internal/schema"
)

// Types of events.
const (
	documentDeleted = "google.cloud.firestore.document.v1.deleted"
	documentWritten = "google.cloud.firestore.document.v1.written" // created, changed or deleted
)

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
	}, {
		ID: "lecture-written", Purpose: "makes the topics of the user's devices follow the timetable",
		Event: documentWritten, Database: spec.DefaultDatabase, Document: schema.LecturePattern,
		Target: spec.Target{Service: "functions", Path: "/lecture-written", Account: EventarcAccount},
	}, {
		ID: "subscription-deleted", Purpose: "removes a forgotten device from its topics",
		Event: documentDeleted, Database: spec.DefaultDatabase, Document: schema.SubscriptionPattern,
		Target: spec.Target{Service: "functions", Path: "/subscription-deleted", Account: EventarcAccount},
	}, {
		ID: "follow-written", Purpose: "has the followers of a user counted",
		Event: documentWritten, Database: spec.DefaultDatabase, Document: schema.FollowPattern,
		Target: spec.Target{Service: "functions", Path: "/follow-written", Account: EventarcAccount},
	}}
}
