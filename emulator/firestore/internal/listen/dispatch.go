package listen

import (
	"time"

	"heek.kr/heektime/emulator/firestore/internal/store"
)

// event tells a stream about a change that affects a target, or that a target must be authorized
// again.
type event struct {
	target  *target
	change  store.Change
	recheck bool // without a change
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

// run dispatches commits until the hub is closed.
func (h *Hub) run() {
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
			if !h.durable(c) {
				continue
			}
			h.dispatch(c, overflow)
			overflow = false
		}
		h.qmu.Lock()
		h.dispatched = queued
		h.progress.Broadcast()
		h.qmu.Unlock()
	}
}

// settle waits until the first n queued commits have been dispatched.
func (h *Hub) settle(n uint64) {
	h.qmu.Lock()
	defer h.qmu.Unlock()
	for h.dispatched < n && !h.closed {
		h.progress.Wait()
	}
}

// dispatch merges the changes of a commit into the streams that it affects. lost means that earlier
// commits were dropped.
func (h *Hub) dispatch(c *store.Commit, lost bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if lost || c.Reset {
		h.each(func(t *target) {
			if c.Time > t.since {
				t.stream.reset(t, c)
			}
		})
		return
	}
	events := map[*Stream][]event{}
	for _, ch := range c.Changes {
		for t := range h.dependencies[ch.New.Key] {
			events[t.stream] = append(events[t.stream], event{target: t, recheck: true})
		}
		h.match(ch, func(t *target) {
			if c.Time > t.since {
				events[t.stream] = append(events[t.stream], event{target: t, change: ch})
			}
		}, func(t *target) { h.noteLag(t, c) })
	}
	for _, key := range c.Touched {
		now := c.Snapshot.Latest().Get(key)
		if now == nil {
			now = &store.Document{Key: key, Deleted: true}
		}
		h.match(store.Change{New: now}, func(t *target) {
			if c.Time > t.since && events[t.stream] == nil {
				events[t.stream] = []event{} // report the commit's time, without a change
			}
		}, func(t *target) { h.noteLag(t, c) })
	}
	for s, list := range events {
		delete(h.lag, s)
		s.merge(c, list)
	}
}

// match calls hit for the targets that a change affects, and miss for other targets in its
// collection that were checked.
func (h *Hub) match(ch store.Change, hit, miss func(*target)) {
	key := ch.New.Key
	for t := range h.docs[key] {
		hit(t)
	}
	if x := h.collections[key.Collection()]; x != nil {
		x.match(ch, hit, miss)
	}
	if len(h.groups) == 0 {
		return
	}
	if x := h.groups[key.Group()]; x != nil {
		x.match(ch, hit, miss)
	}
	if x := h.groups[""]; x != nil {
		x.match(ch, hit, miss)
	}
}

// noteLag schedules a report to t's stream of the time of a commit that does not affect it.
func (h *Hub) noteLag(t *target, c *store.Commit) {
	if c.Time <= t.since {
		return
	}
	if len(h.lag) == 0 {
		time.AfterFunc(lagTime, h.reportLag)
	}
	h.lag[t.stream] = c
}

func (h *Hub) reportLag() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for s, c := range h.lag {
		s.merge(c, nil)
	}
	clear(h.lag)
}
