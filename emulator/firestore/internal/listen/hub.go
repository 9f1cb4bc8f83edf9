// Package listen delivers the changes of commits to listen streams.
//
// A [Hub] fans out the commits of one database. It finds the targets that a commit affects by
// document and collection, and within a collection by a value that the target's query requires, so
// that a commit costs nothing for other targets. The hub merges the changes into the pending
// changes of each target's [Stream], which sends them when its client is ready. A slow client
// therefore delays nobody, and its pending changes are bounded by the documents in its targets.
package listen

import (
	"sync"
	"time"

	"heek.kr/heektime/emulator/firestore/internal/store"
	"heek.kr/heektime/emulator/internal/resource"
	"heek.kr/heektime/emulator/internal/value"
)

// maxQueue is the number of commits that may wait for dispatch. Beyond it, targets are reset.
const maxQueue = 1 << 16

// lagTime is the delay after which a stream gets a global snapshot for commits in the collections
// of its targets that did not affect their results. An SDK keeps its own write pending until a
// global snapshot includes the write's time.
const lagTime = 300 * time.Millisecond

// Hub dispatches the commits of one database to its listen streams.
type Hub struct {
	db      *store.DB
	durable func(*store.Commit) bool // waits until a commit may be sent to clients; false: never
	last    func() *store.Snapshot   // what new targets see instead of the newest snapshot, unless it is nil

	presence presence

	qmu        sync.Mutex // guards the fields below; locked after the database's lock
	ready      *sync.Cond // signaled when queue is not empty
	progress   *sync.Cond // signaled when dispatched grows
	queue      []*store.Commit
	queued     uint64 // number of commits ever queued
	dispatched uint64 // number of those that were dispatched
	targets    int
	overflow   bool
	closed     bool

	mu           sync.Mutex
	docs         map[resource.Key]map[*target]bool
	collections  map[resource.Key]*queryIndex      // for queries of a single collection
	groups       map[string]*queryIndex            // by collection ID; "" for all collections
	dependencies map[resource.Key]map[*target]bool // by documents that authorizations depend on
	lag          map[*Stream]*store.Commit         // the last unreported commit without an effect
}

// NewHub returns the hub of db. It calls durable for each commit before it dispatches the commit, and drops
// the commit if durable is false. New targets start with the snapshot that last returns; nil is the newest.
func NewHub(db *store.DB, durable func(*store.Commit) bool, last func() *store.Snapshot) *Hub {
	h := &Hub{
		db: db, durable: durable, last: last,
		docs: map[resource.Key]map[*target]bool{}, collections: map[resource.Key]*queryIndex{}, groups: map[string]*queryIndex{},
		dependencies: map[resource.Key]map[*target]bool{}, lag: map[*Stream]*store.Commit{},
	}
	h.ready, h.progress = sync.NewCond(&h.qmu), sync.NewCond(&h.qmu)
	db.OnVisible(h.enqueue)
	go h.run()
	return h
}

// Close stops the hub.
func (h *Hub) Close() {
	h.qmu.Lock()
	defer h.qmu.Unlock()
	h.closed = true
	h.ready.Signal()
	h.progress.Broadcast()
}

// add registers a target for all commits after the snapshot that it returns, and returns the time of the read: now, and not
// that of the last commit. Firebase's web SDK relies on it: a tab that does not hold the connection asks for what was read
// later than all that it has of the collections with the same ID, and two targets without a commit in between would have the
// same time. All commits up to the snapshot have been dispatched once settle(queued) returns.
func (h *Hub) add(t *target) (snap *store.Snapshot, at value.Micros, queued uint64) {
	h.presence.enter(t.listener())
	h.mu.Lock()
	defer h.mu.Unlock()
	at = h.db.Now() - 1 // every commit from here on is later
	h.db.Locked(func(s *store.Snapshot) {
		h.qmu.Lock()
		defer h.qmu.Unlock()
		h.targets++
		snap, queued = s, h.queued
	})
	at = max(at, snap.Time)
	if s := h.last(); s != nil {
		snap, at = s, s.Time
	}
	t.since = snap.Time
	for _, k := range t.keys {
		if h.docs[k] == nil {
			h.docs[k] = map[*target]bool{}
		}
		h.docs[k][t] = true
	}
	if q := t.query; q != nil {
		if q.OneCollection() {
			addTo(h.collections, q.Collection(), t)
		} else {
			addTo(h.groups, q.Group, t)
		}
	}
	return snap, at, queued
}

// remove unregisters a target.
func (h *Hub) remove(t *target) {
	h.presence.leave(t.listener(), h.db.Now())
	h.mu.Lock()
	defer h.mu.Unlock()
	h.unwatchDependencies(t)
	for _, k := range t.keys {
		if delete(h.docs[k], t); len(h.docs[k]) == 0 {
			delete(h.docs, k)
		}
	}
	if q := t.query; q != nil {
		if q.OneCollection() {
			removeFrom(h.collections, q.Collection(), t)
		} else {
			removeFrom(h.groups, q.Group, t)
		}
	}
	h.qmu.Lock()
	h.targets--
	h.qmu.Unlock()
}

// removeStream unregisters a stream whose targets have been removed.
func (h *Hub) removeStream(s *Stream) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.lag, s)
}

// each calls f for every target.
func (h *Hub) each(f func(*target)) {
	for _, ts := range h.docs {
		for t := range ts {
			f(t)
		}
	}
	for _, x := range h.collections {
		x.each(f)
	}
	for _, x := range h.groups {
		x.each(f)
	}
}
