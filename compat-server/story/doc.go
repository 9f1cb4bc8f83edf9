// Package story has one test: the whole move from the old database to Firestore, while everybody writes.
//
// Real PostgreSQL, a stand-in for the old server, two instances of compat-server in front of it, the local
// cloud, and the processes of the tool run together. Old apps and new apps write all the time, and each
// keeps a model of what must be true: a request of a well-behaved app does not fail, an acknowledged write
// is neither lost nor doubled, and nobody reads a state from before their own write. Meanwhile the history
// copies, follows, switches, goes back, switches again and finishes, and a random source kills processes,
// restarts PostgreSQL and breaks the network between them. In the end both sides are equal.
//
// A fault excuses only what it must break: the requests in flight through a killed instance or a cut link.
// The killed tool excuses nothing. See faults_test.go.
//
// It is here, not in internal/tests, because it runs compat-server and is deleted with it.
//
//	go test ./compat-server/story                         # one history; with LONG_TESTS=1, ten
//	go test ./compat-server/story -histories 200 -seed 1  # more, by hand
package story
