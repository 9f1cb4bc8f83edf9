package txn

import (
	"slices"
	"time"

	"heek.kr/heektime/emulator/internal/resource"
)

// When transactions have lost against each other over a document, the next ones that read it queue for a moment: each
// waits until the older ones ahead of it are done. So many callers that increment one counter take turns, instead of
// all but one failing each time and coming back after a second.
const (
	contendedFor = 2 * time.Second        // since the last conflict or wait
	maxQueueing  = 200 * time.Millisecond // then a transaction reads all the same
	maxContended = 1 << 12
)

// queues are the documents that are contended for.
type queues struct {
	until   map[resource.Key]time.Time
	waiting map[resource.Key][]*txn
	in      map[*txn][]resource.Key
}

func newQueues() queues {
	return queues{map[resource.Key]time.Time{}, map[resource.Key][]*txn{}, map[*txn][]resource.Key{}}
}

// contended notes that transactions met over a document.
func (q queues) contended(k resource.Key) {
	if len(q.until) >= maxContended {
		clear(q.until)
	}
	q.until[k] = time.Now().Add(contendedFor)
}

// first returns a transaction that t should wait for before it reads the documents, nil for none.
func (q queues) first(m *Manager, t *txn, keys []resource.Key) *txn {
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
				if h != t && !h.finished && h.age < t.age {
					q.contended(k)
					return h
				}
			}
		}
	}
	return nil
}

// enter puts t into the queues of documents.
func (q queues) enter(t *txn, keys []resource.Key) {
	if _, ok := q.in[t]; ok {
		return
	}
	q.in[t] = keys
	for _, k := range keys {
		q.waiting[k] = append(q.waiting[k], t)
	}
}

// leave takes t out of all queues.
func (q queues) leave(t *txn) {
	for _, k := range q.in[t] {
		list := slices.DeleteFunc(q.waiting[k], func(x *txn) bool { return x == t })
		if q.waiting[k] = list; len(list) == 0 {
			delete(q.waiting, k)
		}
	}
	delete(q.in, t)
}
