// Package comparison compares the old database with Firestore while both are in use, and explains each
// difference.
//
//	comparison.go   Config and Run
//	estimate.go     what it bills
//	load.go         what conversion needs to know of all rows, and the sample; since.go users with later rows
//	rows.go         rows as documents, also of documents whose ids the old database cannot hold
//	scan.go         the first look: a hash per user and side, in the order of user ids
//	inspect.go      a closer look at some users: document by document
//	explain.go      why two documents differ, and whether that is expected
//	settle.go       which differences are real, and which were only late
//	arrive.go       Stream, which waits until what is on its way has arrived
//	schools.go      schools and semesters
//	report.go       Report, what was found
//	sample.go       Sample, users and rules for shadow reads; see package shadowread
//
// # Looks
//
// The first look streams users in ranges of their ids. Of a user it keeps one hash for each side, so memory
// does not depend on how much data there is. Users whose hashes differ are inspected.
//
// A difference is real only if nothing explains it: neither a rule of the mapping, nor that it was made on
// the new side, nor that the change is on its way. Changes are on their way all the time, so an
// unexplained difference is inspected again after the changes up to the last look have arrived. It counts if
// neither the row nor the document has changed since. Users who change all the time are inspected up to
// Config.Looks times.
package comparison
