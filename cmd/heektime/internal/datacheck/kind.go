package datacheck

// Kind is a kind of inconsistency.
type Kind struct {
	Name string
	// Remedy says what to do.
	Remedy string
}

const copyBack = "copy the missing documents from a backup: heektime restore copy; see docs/restore.md"

// The kinds.
var (
	UnknownCollection   = Kind{"unknown collection", "no service uses it: delete it, or describe it in internal/schema"}
	InvalidValue        = Kind{"value that the schema does not allow", "correct the document, or " + copyBack}
	MissingReference    = Kind{"reference to a missing document", copyBack}
	ForeignReference    = Kind{"reference to another database", "heektime restore references makes it refer to the same path in this database; see docs/restore.md"}
	UserWithoutIndex    = Kind{"username that its user does not own", "the sweeper restores the index if nobody else has the name (heektime cleanup sweep); otherwise the user chooses another name"}
	IndexWithoutUser    = Kind{"username without user", "if the user was lost, " + copyBack + "; otherwise the sweeper frees the name (heektime cleanup sweep)"}
	OrphanedLecture     = Kind{"lecture without timetable", "if the timetable was lost, " + copyBack + "; otherwise the sweeper removes the lectures (heektime cleanup sweep)"}
	SemesterWithout     = Kind{"semester without school", copyBack + ", or wait for the next refresh of the school"}
	AnnouncementWithout = Kind{"announcement for a school that does not exist", "heektime announce end ID, then add it again for the school's ID"}
	UserDuringDeletion  = Kind{"user document of an account that is being deleted", "heektime user restore keeps the account, heektime user delete --now ends it"}
	OverdueDeletion     = Kind{"deletion that is overdue by a day", "read the cleanup service's log, then heektime cleanup purge"}
	InvalidCredential   = Kind{"credential under the wrong key", "nobody can sign in with it: delete the document, or copy it from a backup"}
	StrandedCredential  = Kind{"credential without user", copyBack}
	MissingList         = Kind{"semester whose course list is missing", "heektime refresh SCHOOL SEMESTER publishes it again"}
	WrongList           = Kind{"course list whose content does not match its name", "delete the object, then heektime refresh SCHOOL SEMESTER"}
	WrongListURL        = Kind{"lecturesUrl that is not the address of a list of its semester", "heektime refresh SCHOOL SEMESTER"}
	UnpublishedSemester = Kind{"semester that shows another list than its refreshes published", "heektime refresh SCHOOL SEMESTER --accept"}
)

// Kinds are all kinds, in the order of a report.
var Kinds = []Kind{
	UnknownCollection, InvalidValue, MissingReference, ForeignReference, UserWithoutIndex, IndexWithoutUser, OrphanedLecture,
	SemesterWithout, AnnouncementWithout, UserDuringDeletion, OverdueDeletion, InvalidCredential, StrandedCredential,
	MissingList, WrongList, WrongListURL, UnpublishedSemester,
}
