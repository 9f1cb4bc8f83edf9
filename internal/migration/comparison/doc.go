// Package comparison compares the old database with Firestore while both are in use, and explains each
// difference.
//
//	comparison.go   Config, Run, and Quick, the check of a switch
//	scan.go         the first look: a hash per user and side, in the order of user ids
//	inspect.go      a closer look at some users: document by document
//	explain.go      why two documents differ, and whether that is expected
//	settle.go       which differences are real, and which were only late
//	position.go     how far changes have flowed from one side to the other
//	schools.go      schools and semesters
//	report.go       Report, what was found
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
// maxLooks times.
package comparison
