package listen

import (
	"slices"

	"heek.kr/heektime/emulator/firestore/internal/query"
	"heek.kr/heektime/emulator/firestore/internal/store"
	"heek.kr/heektime/emulator/internal/resource"
)

// Authorize reports whether a target, which is either documents or a query, may be served in the
// state of a view. It returns the other documents that the decision depends on. A target is
// authorized when it is added, and again when one of its dependencies or one of its own documents
// changes, and after [Hub.Recheck].
type Authorize func(keys []resource.Key, q *query.Query, v store.View) (dependencies []resource.Key, err error)

// authorizeTarget authorizes a target and watches the documents that the decision depends on,
// without a gap between the two.
func (s *Stream) authorizeTarget(t *target, snap *store.Snapshot) error {
	for {
		keys, err := s.authorize(t.keys, t.query, snap.Latest())
		if err != nil {
			return err
		}
		now := s.hub.watchDependencies(t, keys)
		if unchanged(snap, now, keys) {
			return nil
		}
		snap = now // a dependency changed before it was watched
	}
}

func unchanged(a, b *store.Snapshot, keys []resource.Key) bool {
	for _, k := range keys {
		if a.Latest().Get(k) != b.Latest().Get(k) {
			return false
		}
	}
	return true
}

// recheck rejects those of targets that may no longer be served as of a commit, or as of now if c
// is nil.
func (s *Stream) recheck(targets []*target, c *store.Commit) error {
	snap := s.hub.db.Snapshot()
	if c != nil {
		snap = c.Snapshot
	}
	for _, t := range targets {
		err := s.authorizeTarget(t, snap)
		if err == nil {
			continue
		}
		s.hub.remove(t)
		delete(s.targets, t.id)
		if err := s.Reject(t.id, err); err != nil {
			return err
		}
	}
	return nil
}

// Recheck authorizes all targets again.
func (h *Hub) Recheck() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.each(func(t *target) {
		t.stream.mu.Lock()
		t.recheck = true
		t.stream.mu.Unlock()
		t.stream.wake()
	})
}

// watchDependencies replaces the watched dependencies of t. It returns a snapshot after which every
// change of a dependency leads to a recheck.
func (h *Hub) watchDependencies(t *target, keys []resource.Key) *store.Snapshot {
	if len(keys) == 0 && len(t.dependencies) == 0 { // only the stream's own goroutine changes them
		return h.db.Snapshot()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if !slices.Equal(t.dependencies, keys) {
		t.recheckPending()
	}
	h.unwatchDependencies(t)
	t.dependencies = keys
	for _, k := range keys {
		if h.dependencies[k] == nil {
			h.dependencies[k] = map[*target]bool{}
		}
		h.dependencies[k][t] = true
	}
	var now *store.Snapshot
	h.db.Locked(func(s *store.Snapshot) { now = s }) // after any commit that is in progress
	return now
}

// recheckPending has the target's pending changes authorized before they are sent. They may end with a
// commit that changed a dependency when it was not watched yet: one that took a right away, which a
// later commit then gave back.
func (t *target) recheckPending() {
	t.stream.mu.Lock()
	defer t.stream.mu.Unlock()
	t.recheck = t.recheck || len(t.pending) > 0 || t.stale
}

// unwatchDependencies must be called under the lock.
func (h *Hub) unwatchDependencies(t *target) {
	for _, k := range t.dependencies {
		if delete(h.dependencies[k], t); len(h.dependencies[k]) == 0 {
			delete(h.dependencies, k)
		}
	}
	t.dependencies = nil
}
