package txn

import (
	"context"
	"time"

	"heek.kr/heektime/emulator/firestore/internal/query"
	"heek.kr/heektime/emulator/firestore/internal/store"
	"heek.kr/heektime/emulator/internal/resource"
)

// ReadDocs locks documents for a transaction and returns the view to read them from. Contended
// documents may make it wait for older transactions.
func (m *Manager) ReadDocs(ctx context.Context, id []byte, keys []resource.Key) (v store.View, err error) {
	deadline := time.Now().Add(min(maxQueueing, m.lockWait))
	for {
		var ahead *txn
		m.db.Locked(func(s *store.Snapshot) {
			var t *txn
			if t, err = m.lookup(id); err != nil {
				return
			}
			if ahead = m.queues.ahead(m, t, keys); ahead != nil && time.Now().Before(deadline) {
				m.queues.enter(t, keys)
				return
			}
			ahead = nil
			m.queues.leave(t)
			v = m.lockDocs(s, t, keys)
		})
		if err != nil || ahead == nil {
			return v, err
		}
		if err := m.wait(ctx, ahead, deadline); err != nil && ctx.Err() != nil {
			return v, err
		}
	}
}

func (m *Manager) lockDocs(s *store.Snapshot, t *txn, keys []resource.Key) store.View {
	v := t.view
	if t.mode == readOnly {
		return v
	}
	if t.mode == locking {
		v = s.Latest()
	}
	for _, k := range keys {
		if _, ok := t.keys[k]; ok {
			continue
		}
		t.keys[k] = v.Get(k)
		if t.mode == locking {
			m.docs[k] = append(m.docs[k], t)
		}
	}
	return v
}

// ReadQuery locks the documents that a query covers, including future ones, for a transaction and
// returns the view to run the query on.
func (m *Manager) ReadQuery(id []byte, q *query.Query) (store.View, error) {
	return m.ReadScan(id, q.Match)
}

// ReadScan is like [Manager.ReadQuery] for any set of documents.
func (m *Manager) ReadScan(id []byte, covers func(*store.Document) bool) (v store.View, err error) {
	m.db.Locked(func(s *store.Snapshot) {
		var t *txn
		if t, err = m.lookup(id); err != nil {
			return
		}
		if v = t.view; t.mode == readOnly {
			return
		}
		if t.mode == locking {
			v = s.Latest()
		}
		m.scans[t] = append(m.scans[t], covers)
	})
	return v, err
}
