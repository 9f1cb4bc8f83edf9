package txn

import (
	"context"
	"errors"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/emulator/firestore/internal/store"
	"heek.kr/heektime/emulator/firestore/internal/write"
)

// blocked is the error of a commit that must wait for an older transaction.
type blocked struct{ by *txn }

func (blocked) Error() string { return "blocked by an older transaction" }

// recheck is how often a waiting commit checks whether the transaction it waits for has expired.
const recheck = 20 * time.Millisecond

// Step is a write that has been applied but not committed.
type Step struct {
	Write         *write.Write
	Before, After *store.Document // nil for none; Before includes the commit's earlier writes
}

// Authorize reports whether a commit is allowed. It is called after all writes have been applied,
// or with failed set after the last of steps has failed; then it returns the error for the client.
// It runs under the database's lock, possibly more than once, and may keep reading the Tx
// afterwards.
type Authorize func(tx *store.Tx, steps []Step, failed error) error

// Commit applies the writes in order, all or none, if authorize allows it; a nil authorize allows
// everything. id is empty outside of a transaction. Commit fails with ABORTED if contention does
// not end in time.
func (m *Manager) Commit(ctx context.Context, id []byte, writes []*write.Write, authorize Authorize) (*store.Commit, []write.Result, error) {
	var age uint64 // outside of a transaction, set at the first attempt
	results := make([]write.Result, len(writes))
	deadline := time.Now().Add(m.lockWait)
	for {
		c, err := m.db.Update(func(tx *store.Tx) error {
			t, err := m.committer(id, writes)
			if err != nil {
				return err
			}
			if t != nil {
				age = t.age
			} else if age == 0 {
				m.seq++
				age = m.seq
			}
			if authorize == nil {
				err = applyAll(tx, writes, results)
			} else {
				err = applyAuthorized(tx, writes, results, authorize)
			}
			if err != nil {
				m.end(t)
				return err
			}
			if err := m.checkLocks(tx, t, age); err != nil {
				return err
			}
			m.end(t)
			return nil
		})
		var b blocked
		if !errors.As(err, &b) {
			if err != nil {
				return nil, nil, err
			}
			return c, results, nil
		}
		if err := m.wait(ctx, b.by, deadline); err != nil {
			m.db.Locked(func(*store.Snapshot) { m.end(m.open[string(id)]) })
			return nil, nil, err
		}
	}
}

func applyAll(tx *store.Tx, writes []*write.Write, results []write.Result) (err error) {
	for i, w := range writes {
		if results[i], err = w.Apply(tx); err != nil {
			return err
		}
	}
	return nil
}

func applyAuthorized(tx *store.Tx, writes []*write.Write, results []write.Result, authorize Authorize) (err error) {
	steps := make([]Step, len(writes))
	for i, w := range writes {
		steps[i] = Step{Write: w, Before: tx.Get(w.Key)}
		if results[i], err = w.Apply(tx); err != nil {
			return authorize(tx, steps[:i+1], err)
		}
		steps[i].After = results[i].Doc
	}
	return authorize(tx, steps, nil)
}

// end finishes the transaction of a commit, if it has one.
func (m *Manager) end(t *txn) {
	if t != nil {
		m.finish(t)
	}
}

// committer returns the committing transaction, or nil outside of a transaction.
func (m *Manager) committer(id []byte, writes []*write.Write) (*txn, error) {
	if len(id) == 0 {
		return nil, nil
	}
	t, err := m.lookup(id)
	if err != nil {
		return nil, err
	}
	if t.mode == readOnly && len(writes) > 0 {
		return nil, status.Error(codes.InvalidArgument, "Cannot modify documents in a read-only transaction.")
	}
	return t, nil
}

// checkLocks makes sure that no other transaction has locked the changed documents, and that the
// documents read by t have not changed. It aborts younger lock holders and returns blocked for an
// older one.
func (m *Manager) checkLocks(tx *store.Tx, t *txn, age uint64) error {
	if t != nil && t.mode == optimistic && m.outdated(t, tx.Base()) {
		m.finish(t)
		return errContention()
	}
	now := m.db.Now()
	var oldest *txn
	consider := func(h *txn) {
		switch {
		case h == t || h.released:
		case m.expired(h, now):
			m.finish(h)
		case oldest == nil || h.age < oldest.age:
			oldest = h
		}
	}
	holders := m.holders(tx)
	for _, h := range holders {
		consider(h)
	}
	if oldest == nil {
		return nil
	}
	for _, new := range tx.Changes {
		m.queues.markContended(new.Key)
	}
	if oldest.age < age {
		return blocked{oldest}
	}
	for _, h := range holders {
		if h != t && !h.released {
			h.aborted = true
			m.release(h)
		}
	}
	return nil
}

// holders returns the transactions that hold a lock on a change of tx, possibly with duplicates.
func (m *Manager) holders(tx *store.Tx) []*txn {
	var out []*txn
	for old, new := range tx.Changes {
		out = append(out, m.docs[new.Key]...)
		for t, scans := range m.scans {
			if t.mode != locking {
				continue
			}
			for _, covers := range scans {
				if old.Exists() && covers(old) || new.Exists() && covers(new) {
					out = append(out, t)
					break
				}
			}
		}
	}
	return out
}

// outdated reports whether anything read by an optimistic transaction has changed.
func (m *Manager) outdated(t *txn, now *store.Snapshot) bool {
	for k, d := range t.keys {
		if now.Latest().Get(k) != d {
			return true
		}
	}
	if len(m.scans[t]) == 0 {
		return false
	}
	changes, ok := m.db.ChangesSinceLocked(t.view.Time())
	for _, c := range changes {
		for _, covers := range m.scans[t] {
			if c.Old.Exists() && covers(c.Old) || c.New.Exists() && covers(c.New) {
				return true
			}
		}
	}
	return !ok
}

// wait returns when t has released its locks, after a short while, or with an error at the
// deadline.
func (m *Manager) wait(ctx context.Context, t *txn, deadline time.Time) error {
	left := time.Until(deadline)
	if left <= 0 {
		return errContention()
	}
	timer := time.NewTimer(min(left, recheck))
	defer timer.Stop()
	select {
	case <-t.done:
	case <-timer.C:
	case <-ctx.Done():
		return status.FromContextError(ctx.Err()).Err()
	}
	return nil
}
