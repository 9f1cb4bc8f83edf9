// Package reverse brings changes of Firestore to the old database, so that one can move back for weeks after
// a switch, see package cutover.
//
// A listen stream reports every change of users, timetables and lectures in consistent points. Each
// point is one transaction of PostgreSQL that also stores the point's position, so every change is applied
// once, in order, whatever is killed when. The transactions have a replication origin, by which the stream
// in the other direction knows and skips them.
//
//	run.go          Run, the loop: connects, listens, applies, starts over
//	stream.go       consistent points of a listen stream
//	position.go     Begin, and where the stream is
//	apply.go        a point's transaction, and what has to be read before it
//	transaction.go  the statements of a transaction, which go to PostgreSQL together
//	changes.go      the documents of a point
//	users.go        users as rows
//	rows.go         timetables and lectures as rows
//	rowset.go       which row a document has
//	guard.go        who may write the tables
//	names.go        usernames that depend on other users
//	backfill.go     documents that new apps wrote before the first switch
//	reconcile.go    compares everything, after changes were lost
//	counts.go       compares how many documents there are, after deletions may have been lost
//	passwords.go    which old password hashes may stay
//	sweep.go        finds passwords that were set in Authentication directly
//	aside.go        what has no place in the old database
//	decode.go       documents of the wire
//
// # Which side wins
//
// While a kind is on the new side, every document is applied: nobody else writes the rows. Otherwise the old
// server writes them, too, and the stream also reports what the other direction has just written. Then a
// document replaces a row only if its updatedAt is later, and a document without a row is read again after
// everything that the old database had committed by then was applied: the row may have been deleted there.
//
// # Passwords
//
// The new side keeps passwords in Firebase Authentication, which shows nobody its hashes. The hash in the old
// database stays only while it is the account's password: from the moment the new side has a password
// for the account, or the credential with the old hash is gone, that hash is replaced by one that no password
// matches. compat-server lets such an account sign in through Authentication after a move back. A hash that the
// old server writes after that counts again, and package passwords removes the password in Authentication.
package reverse
