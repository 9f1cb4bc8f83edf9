// Package snapshotcopy copies the old database to Firestore: heektime migrate copy.
//
//	run.go       Run, and what happens when it is killed and run again
//	source.go    the replication slot and the snapshot
//	rows.go      copies the rows of a kind
//	sweep.go     removes documents whose rows are gone
//	prepare.go   what the old database needs before
//	dryrun.go    DryRun, which writes nothing
//	progress.go  how much is done, and how long the rest takes
//
// # Nothing falls between copy and follow
//
// A new replication slot begins at a position of the old database's log and exports a snapshot of the
// database at exactly that position. The rows are copied from the snapshot, and heektime migrate follow
// applies all changes after the position.
//
// The snapshot ends with its connection. A copy that was killed or lost its connection continues after the last row
// that it noted, with a new, later snapshot; the slot stays where it was. Rows that were copied from the
// first snapshot may be out of date then, but they have changed after the slot's position, so following
// reads them again. The same holds for rows that have since been deleted.
//
// A copy that had finished starts over with a new slot. It is the remedy when the slot or the cluster was
// lost: documents of rows that are gone meanwhile are found by comparing both sides, and removed.
package snapshotcopy
