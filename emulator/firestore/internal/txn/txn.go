// Package txn runs transactions and commits on a database.
//
// A read-write transaction takes a shared lock on each document and query that it reads, as Firestore's server SDKs
// expect (https://firebase.google.com/docs/firestore/transaction-data-contention). Locks stop commits, not reads. Who
// is older goes first: a commit that meets a lock of a younger transaction aborts that one; a commit that meets a lock
// of an older one waits for it, for a bounded time. As only the younger ever waits for the older, nobody waits in a
// circle. A transaction that asks for optimistic concurrency takes no locks; its commit fails when anything it read
// has changed.
//
// All state is guarded by the database's own lock, under which commits happen.
package txn

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"time"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/emulator/firestore/internal/query"
	"heek.kr/heektime/emulator/firestore/internal/store"
	"heek.kr/heektime/emulator/internal/resource"
	"heek.kr/heektime/emulator/internal/value"
)

// How long transactions live (https://firebase.google.com/docs/firestore/quotas#writes_and_transactions), in
// microseconds of the emulator's clock.
const (
	maxAge  = 270 * 1e6
	maxIdle = 60 * 1e6
)

// Manager holds the open transactions of one database.
type Manager struct {
	db       *store.DB
	lockWait time.Duration
	open     map[string]*txn
	docs     map[resource.Key][]*txn // who holds a lock on a document
	scans    map[*txn][]scan         // and on queries
	queues   queues
	seq      uint64
}

type txn struct {
	id       string
	age      uint64 // smaller is older; a retry keeps the age of its first attempt
	mode     mode
	view     store.View // of read-only and optimistic transactions
	keys     map[resource.Key]*store.Document
	started  value.Micros
	used     value.Micros
	done     chan struct{} // closed when it no longer holds locks
	finished bool
	lost     bool // aborted in favour of an older one
}

type mode uint8

const (
	locking mode = iota
	optimistic
	readOnly
)

// scan is what a query of a transaction covers.
type scan func(*store.Document) bool

// New makes the manager of db's transactions. A commit waits at most lockWait for older transactions.
func New(db *store.DB, lockWait time.Duration) *Manager {
	return &Manager{db: db, lockWait: lockWait, open: map[string]*txn{}, docs: map[resource.Key][]*txn{}, scans: map[*txn][]scan{}, queues: newQueues()}
}

func errExpired() error {
	return status.Error(codes.InvalidArgument, "The referenced transaction has expired or is no longer valid.")
}

func errContention() error {
	return status.Error(codes.Aborted, "Too much contention on these documents. Please try again.")
}

// Begin opens a transaction and returns its id.
func (m *Manager) Begin(o *pb.TransactionOptions) ([]byte, error) {
	t := &txn{keys: map[resource.Key]*store.Document{}, done: make(chan struct{})}
	var retry []byte
	var at *value.Micros
	switch x := o.GetMode().(type) {
	case *pb.TransactionOptions_ReadOnly_:
		t.mode = readOnly
		if rt := x.ReadOnly.GetReadTime(); rt != nil {
			r := value.MicrosOf(rt.AsTime())
			at = &r
		}
	case *pb.TransactionOptions_ReadWrite_:
		retry = x.ReadWrite.GetRetryTransaction()
		if x.ReadWrite.GetConcurrencyMode() == pb.TransactionOptions_OPTIMISTIC {
			t.mode = optimistic
		}
	}
	if at != nil {
		v, err := m.db.ViewAt(*at)
		if err != nil {
			return nil, err
		}
		t.view = v
	}
	m.db.Locked(func(s *store.Snapshot) {
		now := m.db.Now()
		m.sweep(now)
		if at == nil {
			t.view = s.Latest()
		}
		m.seq++
		t.age = m.seq
		if len(retry) == idBytes {
			t.age = min(t.age, binary.BigEndian.Uint64(retry))
		}
		t.started, t.used = now, now
		t.id = newID(t.age, m.seq)
		m.open[t.id] = t
	})
	return []byte(t.id), nil
}

const idBytes = 24

// newID makes an id that carries the age, so that a retry can show it.
func newID(age, seq uint64) string {
	b := make([]byte, idBytes)
	binary.BigEndian.PutUint64(b, age)
	binary.BigEndian.PutUint64(b[8:], seq)
	rand.Read(b[16:])
	return string(b)
}

// use returns an open transaction. The lock is held.
func (m *Manager) use(id []byte) (*txn, error) {
	t := m.open[string(id)]
	if t == nil {
		return nil, errExpired()
	}
	now := m.db.Now()
	if m.expired(t, now) {
		m.finish(t)
		return nil, errExpired()
	}
	if t.lost {
		return nil, errContention()
	}
	t.used = now
	return t, nil
}

func (m *Manager) expired(t *txn, now value.Micros) bool {
	return now-t.started > maxAge || now-t.used > maxIdle
}

func (m *Manager) sweep(now value.Micros) {
	for _, t := range m.open {
		if m.expired(t, now) {
			m.finish(t)
		}
	}
}

// finish closes a transaction.
func (m *Manager) finish(t *txn) {
	m.release(t)
	delete(m.open, t.id)
}

// release gives up the locks of a transaction.
func (m *Manager) release(t *txn) {
	if t.finished {
		return
	}
	t.finished = true
	close(t.done)
	m.queues.leave(t)
	delete(m.scans, t)
	if t.mode != locking {
		return
	}
	for k := range t.keys {
		holders := m.docs[k]
		for i, h := range holders {
			if h == t {
				holders = append(holders[:i:i], holders[i+1:]...)
				break
			}
		}
		if len(holders) == 0 {
			delete(m.docs, k)
		} else {
			m.docs[k] = holders
		}
	}
}

// ReadDocs locks documents for a transaction and returns the view to read them from.
func (m *Manager) ReadDocs(ctx context.Context, id []byte, keys []resource.Key) (v store.View, err error) {
	deadline := time.Now().Add(min(maxQueueing, m.lockWait))
	for {
		var first *txn
		m.db.Locked(func(s *store.Snapshot) {
			var t *txn
			if t, err = m.use(id); err != nil {
				return
			}
			if first = m.queues.first(m, t, keys); first != nil && time.Now().Before(deadline) {
				m.queues.enter(t, keys)
				return
			}
			first = nil
			m.queues.leave(t)
			v = m.lockDocs(s, t, keys)
		})
		if err != nil || first == nil {
			return v, err
		}
		if err := m.wait(ctx, first, deadline); err != nil && ctx.Err() != nil {
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

// ReadQuery locks what a query covers for a transaction and returns the view to run it on.
func (m *Manager) ReadQuery(id []byte, q *query.Query) (store.View, error) {
	return m.ReadScan(id, q.Match)
}

// ReadScan is [Manager.ReadQuery] for any set of documents.
func (m *Manager) ReadScan(id []byte, covers func(*store.Document) bool) (v store.View, err error) {
	m.db.Locked(func(s *store.Snapshot) {
		var t *txn
		if t, err = m.use(id); err != nil {
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

// Rollback gives a transaction up. Doing so twice, or for one that has ended, is no error.
func (m *Manager) Rollback(id []byte) error {
	if len(id) != idBytes {
		return status.Error(codes.InvalidArgument, "Invalid transaction.")
	}
	m.db.Locked(func(*store.Snapshot) {
		if t := m.open[string(id)]; t != nil {
			m.finish(t)
		}
	})
	return nil
}

// Reset closes all transactions.
func (m *Manager) Reset() {
	m.db.Locked(func(*store.Snapshot) {
		for _, t := range m.open {
			m.finish(t)
		}
	})
}
