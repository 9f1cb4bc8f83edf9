// Package listen tells listeners what commits have changed.
//
// A [Hub] spreads the commits of one database. It finds the targets that a commit concerns by their documents and
// collections, and within a collection by a value that their query asks for, so that a commit costs nothing for all
// others. What it finds it leaves with the target's [Stream], where changes of one document run together; the stream
// sends when its reader is ready. So a slow reader delays nobody, and what waits for it is bounded by what it listens
// to.
package listen

import (
	"sync"
	"time"

	"heek.kr/heektime/emulator/firestore/internal/store"
	"heek.kr/heektime/emulator/internal/resource"
)

// maxQueue is how many commits may wait to be spread. Beyond it, listeners start anew.
const maxQueue = 1 << 16

// lagging streams, with targets on a collection that was written without any effect on their results, are told of
// the time that has passed after this long: an SDK waits for it to forget its own pending write.
const lagTime = 300 * time.Millisecond

// Hub spreads the commits of one database to the streams that listen to it.
type Hub struct {
	db      *store.DB
	durable func(*store.Commit) // waits until a commit may be shown

	qmu      sync.Mutex // guards what follows; taken under the database's lock
	ready    *sync.Cond
	told     *sync.Cond
	queue    []*store.Commit
	queued   uint64 // how many commits were ever queued
	spreads  uint64 // and how many of them were spread
	targets  int
	overflow bool
	closed   bool

	mu           sync.Mutex
	docs         map[resource.Key]map[*target]bool
	colls        map[resource.Key]*watched         // by collection, for queries of a single one
	groups       map[string]*watched               // by collection id, for collection groups; "" for all
	dependencies map[resource.Key]map[*target]bool // by documents that decide whether targets may be served
	lag          map[*Stream]*store.Commit
}

// NewHub makes the hub of db. durable is called for each commit before it is shown to anybody.
func NewHub(db *store.DB, durable func(*store.Commit)) *Hub {
	h := &Hub{
		db: db, durable: durable,
		docs: map[resource.Key]map[*target]bool{}, colls: map[resource.Key]*watched{}, groups: map[string]*watched{},
		dependencies: map[resource.Key]map[*target]bool{}, lag: map[*Stream]*store.Commit{},
	}
	h.ready, h.told = sync.NewCond(&h.qmu), sync.NewCond(&h.qmu)
	db.OnCommit(func(c *store.Commit) (after func()) {
		h.enqueue(c)
		return nil
	})
	go h.spread()
	return h
}

// Close stops the hub.
func (h *Hub) Close() {
	h.qmu.Lock()
	defer h.qmu.Unlock()
	h.closed = true
	h.ready.Signal()
	h.told.Broadcast()
}

func (h *Hub) enqueue(c *store.Commit) {
	h.qmu.Lock()
	defer h.qmu.Unlock()
	if h.targets == 0 {
		return
	}
	if len(h.queue) == maxQueue {
		h.queue, h.overflow = h.queue[:0], true
	}
	h.queue = append(h.queue, c)
	h.queued++
	h.ready.Signal()
}

// spread runs until the hub is closed.
func (h *Hub) spread() {
	for {
		h.qmu.Lock()
		for len(h.queue) == 0 && !h.closed {
			h.ready.Wait()
		}
		commits, overflow, queued := h.queue, h.overflow, h.queued
		h.queue, h.overflow = nil, false
		closed := h.closed
		h.qmu.Unlock()
		if closed {
			return
		}
		for _, c := range commits {
			h.durable(c)
			h.tell(c, overflow)
			overflow = false
		}
		h.qmu.Lock()
		h.spreads = queued
		h.told.Broadcast()
		h.qmu.Unlock()
	}
}

// settle waits until the first n queued commits are spread.
func (h *Hub) settle(n uint64) {
	h.qmu.Lock()
	defer h.qmu.Unlock()
	for h.spreads < n && !h.closed {
		h.told.Wait()
	}
}

// tell leaves what a commit does with the streams that it concerns.
func (h *Hub) tell(c *store.Commit, lost bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if lost || c.Reset {
		h.each(func(t *target) {
			if c.Time > t.since {
				t.stream.restart(t, c)
			}
		})
		return
	}
	hits := map[*Stream][]hit{}
	add := func(t *target, ch store.Change) {
		if c.Time > t.since {
			hits[t.stream] = append(hits[t.stream], hit{target: t, change: ch})
		}
	}
	for _, ch := range c.Changes {
		for t := range h.dependencies[ch.New.Key] {
			hits[t.stream] = append(hits[t.stream], hit{target: t, doubt: true})
		}
		h.concerned(ch, func(t *target) { add(t, ch) }, func(t *target) { h.late(t, c) })
	}
	for _, key := range c.Touched {
		now := c.Snapshot.Latest().Get(key)
		if now == nil {
			now = &store.Document{Key: key, Deleted: true}
		}
		h.concerned(store.Change{New: now}, func(t *target) {
			if c.Time > t.since {
				if hits[t.stream] == nil {
					hits[t.stream] = []hit{} // only the time is news
				}
			}
		}, func(t *target) { h.late(t, c) })
	}
	for s, list := range hits {
		delete(h.lag, s)
		s.offer(c, list)
	}
}

// hit is a change that concerns a target, or a doubt whether it may still be served.
type hit struct {
	target *target
	change store.Change
	doubt  bool
}

// late notes that a stream is to be told of the time of a commit that has no effect on it.
func (h *Hub) late(t *target, c *store.Commit) {
	if c.Time <= t.since {
		return
	}
	if len(h.lag) == 0 {
		time.AfterFunc(lagTime, h.catchUp)
	}
	h.lag[t.stream] = c
}

func (h *Hub) catchUp() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for s, c := range h.lag {
		s.offer(c, nil)
	}
	clear(h.lag)
}

// concerned calls hit for the targets that a change concerns, and near for those that only look at its collection.
func (h *Hub) concerned(ch store.Change, hit, near func(*target)) {
	key := ch.New.Key
	for t := range h.docs[key] {
		hit(t)
	}
	if w := h.colls[key.Collection()]; w != nil {
		w.concerned(ch, hit, near)
	}
	if len(h.groups) == 0 {
		return
	}
	if w := h.groups[key.Group()]; w != nil {
		w.concerned(ch, hit, near)
	}
	if w := h.groups[""]; w != nil {
		w.concerned(ch, hit, near)
	}
}

// add registers a target, so that it is told of every commit after the snapshot that add returns. Every commit up to
// that snapshot is spread once settle returns for queued.
func (h *Hub) add(t *target) (snap *store.Snapshot, queued uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.db.Locked(func(s *store.Snapshot) {
		h.qmu.Lock()
		defer h.qmu.Unlock()
		h.targets++
		snap, queued = s, h.queued
	})
	t.since = snap.Time
	for _, k := range t.keys {
		if h.docs[k] == nil {
			h.docs[k] = map[*target]bool{}
		}
		h.docs[k][t] = true
	}
	if q := t.query; q != nil {
		if q.All {
			addTo(h.groups, q.Group, t)
		} else {
			addTo(h.colls, q.Collection(), t)
		}
	}
	return snap, queued
}

// remove forgets a target.
func (h *Hub) remove(t *target) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.unwatchDependencies(t)
	for _, k := range t.keys {
		if delete(h.docs[k], t); len(h.docs[k]) == 0 {
			delete(h.docs, k)
		}
	}
	if q := t.query; q != nil {
		if q.All {
			removeFrom(h.groups, q.Group, t)
		} else {
			removeFrom(h.colls, q.Collection(), t)
		}
	}
	h.qmu.Lock()
	h.targets--
	h.qmu.Unlock()
}

// forget drops what is noted for a stream that ends.
func (h *Hub) forget(s *Stream) {
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
	for _, w := range h.colls {
		w.each(f)
	}
	for _, w := range h.groups {
		w.each(f)
	}
}
