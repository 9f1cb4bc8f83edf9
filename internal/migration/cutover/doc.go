// Package cutover moves a kind of data from the old database to Firestore, or back, while both are in use:
// heektime migrate switch, back and finish.
//
//	config.go     Config, and the tables of a kind
//	check.go      what must be true before a switch begins
//	attempt.go    a switch as a sequence of steps, with its limit, and what takes it back
//	forward.go    Switch: the steps to the new side
//	back.go       Back: the steps to the old side
//	guard.go      triggers that reject late writers
//	repair.go     Repair: what a killed tool left
//	aside.go      returns what had no place in the old database
//	finish.go     Finish: the end of the move
//
// # The steps forward
//
//  1. Servers read the state more often, so that they notice what follows. Meanwhile what has changed so far is applied
//     and compared.
//  2. The state holds writes of the kind. When all servers have acknowledged that, or after a lease, none sends any to
//     the old server.
//  3. The guard locks the kind's tables. That waits for the transactions in flight, and rejects later ones.
//  4. Everything up to there is applied to Firestore.
//  5. Both sides are compared.
//  6. The way back is prepared.
//  7. The state settles: reads go to Firestore. When all servers have acknowledged that, or after a lease, none reads
//     from the old server.
//  8. The state flips: held writes go to Firestore.
//  9. The guard becomes final.
//
// Until step 8 everything can be taken back, and is if a step fails or the limit passes. A killed tool
// takes nothing back, but the guard ends with the limit, servers take the state back a second later,
// and the next run, or heektime migrate follow, mends the rest. After step 8 only the guard is missing.
//
// # Back
//
// It is the same with the sides swapped: the way back drains instead of the stream forward, and the final guard
// opens just before the state flips.
package cutover
