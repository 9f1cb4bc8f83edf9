// Package txn runs transactions and commits on a database.
//
// A read-write transaction takes a shared lock on each document and query that it reads, as
// Firestore's server SDKs expect
// (https://firebase.google.com/docs/firestore/transaction-data-contention). Locks block commits,
// not reads. Conflicts are resolved by age (wound-wait): a commit aborts younger transactions that
// hold a lock on its documents, and waits a limited time for an older one. Only younger
// transactions wait for older ones, so there are no deadlocks. A transaction with optimistic
// concurrency takes no locks; its commit fails if anything it read has changed.
//
// All state is guarded by the database's own lock, which also serializes commits.
package txn

import (
	"crypto/rand"
	"encoding/binary"
	"time"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/emulator/firestore/internal/store"
	"heek.kr/heektime/emulator/internal/resource"
	"heek.kr/heektime/emulator/internal/value"
)

// The limits on a transaction's lifetime
// (https://firebase.google.com/docs/firestore/quotas#writes_and_transactions), in microseconds of
// the emulator's clock.
const (
	maxAge  = 270 * 1e6
	maxIdle = 60 * 1e6
)

// Manager holds the open transactions of one database.
type Manager struct {
	db       *store.DB
	lockWait time.Duration
	open     map[string]*txn
	docs     map[resource.Key][]*txn // the holders of locks on documents
	scans    map[*txn][]scan         // the locks on queries
	queues   queues
	seq      uint64
}

type txn struct {
	id       string
	age      uint64 // smaller is older; a retry keeps the age of its first attempt
	mode     mode
	view     store.View                       // of read-only and optimistic transactions
	keys     map[resource.Key]*store.Document // the documents read
	started  value.Micros
	used     value.Micros
	done     chan struct{} // closed when the locks are released
	released bool
	aborted  bool // in favor of an older transaction
}

type mode uint8

const (
	locking mode = iota
	optimistic
	readOnly
)

// scan reports whether a query of a transaction covers a document.
type scan func(*store.Document) bool

// New returns the manager of db's transactions. A commit waits at most lockWait for older
// transactions.
func New(db *store.DB, lockWait time.Duration) *Manager {
	return &Manager{db: db, lockWait: lockWait, open: map[string]*txn{}, docs: map[resource.Key][]*txn{}, scans: map[*txn][]scan{}, queues: newQueues()}
}

func errExpired() error {
	return status.Error(codes.InvalidArgument, "The referenced transaction has expired or is no longer valid.")
}

func errInvalid() error { return status.Error(codes.InvalidArgument, "Invalid transaction.") }

func errContention() error {
	return status.Error(codes.Aborted, "Too much contention on these documents. Please try again.")
}

// Begin starts a transaction and returns its ID.
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
	if len(retry) > 0 && len(retry) != idBytes {
		return nil, errInvalid()
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
		m.expire(now)
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

// newID returns an ID that contains the age, so that a retry can claim it.
func newID(age, seq uint64) string {
	b := make([]byte, idBytes)
	binary.BigEndian.PutUint64(b, age)
	binary.BigEndian.PutUint64(b[8:], seq)
	rand.Read(b[16:])
	return string(b)
}

// lookup returns an open transaction and marks it as used. The lock must be held.
func (m *Manager) lookup(id []byte) (*txn, error) {
	if len(id) != idBytes {
		return nil, errInvalid()
	}
	t := m.open[string(id)]
	if t == nil {
		return nil, errExpired()
	}
	now := m.db.Now()
	if m.expired(t, now) {
		m.finish(t)
		return nil, errExpired()
	}
	if t.aborted {
		return nil, errContention()
	}
	t.used = now
	return t, nil
}

func (m *Manager) expired(t *txn, now value.Micros) bool {
	return now-t.started > maxAge || now-t.used > maxIdle
}

func (m *Manager) expire(now value.Micros) {
	for _, t := range m.open {
		if m.expired(t, now) {
			m.finish(t)
		}
	}
}

// finish ends a transaction.
func (m *Manager) finish(t *txn) {
	m.release(t)
	delete(m.open, t.id)
}

// release releases the locks of a transaction.
func (m *Manager) release(t *txn) {
	if t.released {
		return
	}
	t.released = true
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

// Rollback ends a transaction without a commit. It is not an error if the transaction has already
// ended.
func (m *Manager) Rollback(id []byte) error {
	if len(id) != idBytes {
		return errInvalid()
	}
	m.db.Locked(func(*store.Snapshot) {
		if t := m.open[string(id)]; t != nil {
			m.finish(t)
		}
	})
	return nil
}

// Reset ends all transactions.
func (m *Manager) Reset() {
	m.db.Locked(func(*store.Snapshot) {
		for _, t := range m.open {
			m.finish(t)
		}
	})
}
