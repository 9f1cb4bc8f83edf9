package listen

import (
	"heek.kr/heektime/emulator/firestore/internal/query"
	"heek.kr/heektime/emulator/firestore/internal/store"
	"heek.kr/heektime/emulator/internal/resource"
)

// Judge says whether a target, documents or a query, may be served in the state of a view, and on which other documents
// that hinges. A target is judged when it is added, and again when one of those changes, when its own documents change,
// and when the hub doubts everything.
type Authorize func(keys []resource.Key, q *query.Query, v store.View) (hinges []resource.Key, err error)

// allowed judges a target. Whatever the verdict hinges on is from then on watched, from the moment of the verdict.
func (s *Stream) allowed(t *target, snap *store.Snapshot) error {
	for {
		keys, err := s.authorize(t.keys, t.query, snap.Latest())
		if err != nil {
			return err
		}
		now := s.hub.watchDependencies(t, keys)
		if same(snap, now, keys) {
			return nil
		}
		snap = now // something changed before it was watched
	}
}

func same(a, b *store.Snapshot, keys []resource.Key) bool {
	for _, k := range keys {
		if a.Latest().Get(k) != b.Latest().Get(k) {
			return false
		}
	}
	return true
}

// rejudge ends the doubtful targets that may no longer be served, as of a commit or, if that is nil, of now.
func (s *Stream) recheck(doubtful []*target, c *store.Commit) error {
	snap := s.hub.db.Snapshot()
	if c != nil {
		snap = c.Snapshot
	}
	for _, t := range doubtful {
		err := s.allowed(t, snap)
		if err == nil {
			continue
		}
		s.hub.remove(t)
		delete(s.targets, t.id)
		if err := s.Refuse(t.id, err); err != nil {
			return err
		}
	}
	return nil
}

// Doubt has all targets judged anew.
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

// hinge watches documents on which it hinges whether t may be served, instead of those before. It returns a snapshot all
// later changes to which will be told.
func (h *Hub) watchDependencies(t *target, keys []resource.Key) *store.Snapshot {
	if len(keys) == 0 && len(t.dependencies) == 0 { // only the stream's own goroutine changes them
		return h.db.Snapshot()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.unwatchDependencies(t)
	t.dependencies = keys
	for _, k := range keys {
		if h.dependencies[k] == nil {
			h.dependencies[k] = map[*target]bool{}
		}
		h.dependencies[k][t] = true
	}
	var now *store.Snapshot
	h.db.Locked(func(s *store.Snapshot) { now = s }) // a commit that is being made has perhaps been told already
	return now
}

// unhinge is under the lock.
func (h *Hub) unwatchDependencies(t *target) {
	for _, k := range t.dependencies {
		if delete(h.dependencies[k], t); len(h.dependencies[k]) == 0 {
			delete(h.dependencies, k)
		}
	}
	t.dependencies = nil
}
