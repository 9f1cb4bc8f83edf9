// Package schema owns what HeekTime keeps in Firestore: paths, documents, field names, bounds and id
// rules. No other package spells a collection or a field (internal/tests/architecture checks that).
//
// Each document has a file with its struct, its path functions and, for documents that clients read or
// write, a [Document] that describes its fields:
//
//	school.go semester.go period.go     what is offered, written by servers, read by everyone
//	announcement.go                     what operators tell users
//	change.go                           how a course list differs from the one before, likewise
//	user.go username.go                 accounts and who has which username
//	timetable.go lecture.go             what users save
//	views.go                            how often shared timetables are viewed
//	follow.go                           who follows whom
//	courselist.go                       the course list, an object in Cloud Storage
//	stop.go                             whether an operator has stopped writes
//	refresh.go schedule.go credential.go attempts.go deletion.go sweep.go    for servers only
//	migration.go                        the move from the old database, for servers and operators only
//
// document.go explains descriptions, id.go which ids Firestore accepts, read.go reads a document that may
// not exist, and codec.go converts between structs and maps of fields.
//
// firestore.rules repeats the fields and bounds of client documents, because rules cannot import Go.
// Package schemarules compares the two, so they cannot drift apart. docs/schema.md is generated from the
// descriptions, and docs/change-the-schema.md walks through a change.
package schema
