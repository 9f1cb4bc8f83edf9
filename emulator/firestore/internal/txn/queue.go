package txn

import (
	"slices"
	"time"

	"heek.kr/heektime/emulator/internal/resource"
)

// After transactions have conflicted over a document, later transactions that read it queue for a
// moment: each waits until the older ones ahead of it are done. So when many callers increment the
// same counter, they take turns; without the queue, all but one would fail each time and retry
// after a second.
const (
	contendedFor = 2 * time.Second        // after the last conflict or wait
	maxQueueing  = 200 * time.Millisecond // after which a transaction reads anyway
	maxContended = 1 << 12
)

// queues holds the queues of contended documents.
type queues struct {
	until   map[resource.Key]time.Time // when a document stops being contended
	waiting map[resource.Key][]*txn
	in      map[*txn][]resource.Key // the queues that a transaction is in
}

func newQueues() queues {
	return queues{map[resource.Key]time.Time{}, map[resource.Key][]*txn{}, map[*txn][]resource.Key{}}
}

// markContended records a conflict over a document.
func (q queues) markContended(k resource.Key) {
	if len(q.until) >= maxContended {
		clear(q.until)
	}
	q.until[k] = time.Now().Add(contendedFor)
}

// ahead returns a transaction that t should wait for before it reads the documents, or nil.
func (q queues) ahead(m *Manager, t *txn, keys []resource.Key) *txn {
	if t.mode != locking || len(q.until) == 0 {
		return nil
	}
	for _, k := range keys {
		until, ok := q.until[k]
		if !ok {
			continue
		}
		if time.Now().After(until) {
			delete(q.until, k)
			continue
		}
		if _, has := t.keys[k]; has {
			continue
		}
		for _, list := range [][]*txn{m.docs[k], q.waiting[k]} {
			for _, h := range list {
				if h != t && !h.released && h.age < t.age {
					q.markContended(k)
					return h
				}
			}
		}
	}
	return nil
}

// enter adds t to the queues of the documents.
func (q queues) enter(t *txn, keys []resource.Key) {
	if _, ok := q.in[t]; ok {
		return
	}
	q.in[t] = keys
	for _, k := range keys {
		q.waiting[k] = append(q.waiting[k], t)
	}
}

// leave removes t from all queues.
func (q queues) leave(t *txn) {
	for _, k := range q.in[t] {
		list := slices.DeleteFunc(q.waiting[k], func(x *txn) bool { return x == t })
		if q.waiting[k] = list; len(list) == 0 {
			delete(q.waiting, k)
		}
	}
	delete(q.in, t)
}
