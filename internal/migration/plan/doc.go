// Package plan says what moving the old database to Firestore would do, before anything is written: the
// report of heektime migrate plan, which a person signs off.
//
//	plan.go          Run: reads and converts every row
//	group.go         findings of the same sort, with examples
//	semesters.go     semesters and schools that have no document in Firestore
//	requirements.go  what the old database needs, with the commands that mend it
package plan
