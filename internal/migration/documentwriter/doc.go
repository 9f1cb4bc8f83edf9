// Package documentwriter writes the documents that rows of the old database become. heektime migrate copy
// and follow share it.
//
//	fence.go   Claim, after which only this process writes, and Advance, which moves the position
//	write.go   Commit, which writes documents in chunks
//	users.go   WriteUsers, which keeps usernames unique while users exchange them
//	accounts.go  Accounts, which knows what everyone is called; passwords.go which hashes have changed
//	trees.go   Descendants, the documents below those of rows that are gone
//	ramp.go    Ramp, the pace at which Firestore should get new traffic
//
// # Why writes are fenced
//
// A process that follows the old database reads a row and writes its document. Suppose it stalls in
// between, its successor applies a later change of the row, the kind of data moves to Firestore, and a
// user changes the document there. If the first process then continued, it would overwrite all that with
// what it once read. So every write is part of a transaction that reads migrations/position and requires
// that this process still holds it. Firestore's transactions are serializable, so the process that
// claimed the position first can write nothing after its successor's claim. This bills one read per
// chunk of up to 200 writes.
package documentwriter
