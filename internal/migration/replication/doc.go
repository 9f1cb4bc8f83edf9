// Package replication applies the changes of the old database to Firestore as they happen: heektime
// migrate follow.
//
//	run.go        Run, which connects, reconnects, and says why it cannot go on
//	session.go    one connection's work, from the position that was applied last
//	check.go      what must be true before a session starts
//	receive.go    collects the changes that arrive while others are applied
//	batch.go      the rows that a batch of changes affects
//	apply.go      writes the documents of a batch
//	position.go   writes migrations/position, and how far it is behind
//	problem.go    Problem, which no retry mends
//	drain.go      Drain, with which a switch waits until everything up to a position has been applied
//
// # How changes become documents
//
// A change only says which rows to read again. The rows are read as they are now, converted and written,
// or their documents deleted. So applying a change twice, late or together with later ones does no harm,
// and the order within a batch does not matter.
//
// The position moves on after everything up to it has been written, and PostgreSQL may forget changes
// after that. A process that is killed anywhere applies some changes again.
//
// Changes of a kind of data that has moved to Firestore are not applied: Firestore has newer data. They
// are from writers that got past the guard, and are logged.
package replication
