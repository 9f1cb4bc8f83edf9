// Package walstream receives the changes of the old database from PostgreSQL's logical replication, and
// manages the slot that keeps them.
//
//	conn.go      Conn, a replication connection, and the slot
//	stream.go    Stream, which receives events: transactions, their changes, and how far PostgreSQL is
//	decode.go    rows of the plugin pgoutput
//	failover.go  whether a promoted standby has everything that was applied
//	snapshot.go  Snapshot, which transactions a reader sees
//
// # What the stream promises
//
// PostgreSQL sends a transaction when it has committed, whole, in the order of the commits. It keeps
// everything after the position that [Stream.Confirm] confirmed last, through restarts and crashes of
// either side, and sends it again to the next connection. So every change arrives at least once.
//
// # What it does not promise
//
// A transaction can arrive before other sessions see it: PostgreSQL writes the commit to its log first,
// from which the stream comes, and ends the transaction after that, with synchronous replication much
// later. A process that reads rows after an event must first wait until a [Snapshot] contains the event's
// transaction.
// Source: https://www.postgresql.org/docs/current/logicaldecoding-explanation.html and
// https://www.postgresql.org/docs/current/warm-standby.html#SYNCHRONOUS-REPLICATION
package walstream
