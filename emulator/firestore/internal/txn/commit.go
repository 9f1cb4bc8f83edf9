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

// blocked says that a commit must wait for an older transaction.
type blocked struct{ by *txn }

func (blocked) Error() string { return "blocked by an older transaction" }

// recheck is how often a waiting commit looks again, as the transaction it waits for may expire by the clock.
const recheck = 20 * time.Millisecond

// Step is a write that was carried out, but not yet committed.
type Step struct {
	Write         *write.Write
	Before, After *store.Document // nil for none; what writes before it left is Before
}

// Judge says whether a commit may happen, when all of its writes have been carried out, or when the last of steps has
// failed; then it returns what the client is to be told of that. It runs while nothing else can be committed, perhaps
// several times, and may look at the Tx later, too.
type Authorize func(tx *store.Tx, steps []Step, failed error) error

// Commit carries out the writes, all or none, in their order, if judge allows it; nil allows everything. id is empty
// outside of a transaction. Contention that does not end in time is ABORTED.
func (m *Manager) Commit(ctx context.Context, id []byte, writes []*write.Write, judge Authorize) (*store.Commit, []write.Result, error) {
	var age uint64 // of this commit; outside of a transaction, it is as young as can be when it first comes
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
			if judge == nil {
				err = carryOut(tx, writes, results)
			} else {
				err = authorized(tx, writes, results, judge)
			}
			if err != nil {
				m.end(t)
				return err
			}
			if err := m.claim(tx, t, age); err != nil {
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

func carryOut(tx *store.Tx, writes []*write.Write, results []write.Result) (err error) {
	for i, w := range writes {
		if results[i], err = w.Apply(tx); err != nil {
			return err
		}
	}
	return nil
}

func authorized(tx *store.Tx, writes []*write.Write, results []write.Result, judge Authorize) (err error) {
	steps := make([]Step, len(writes))
	for i, w := range writes {
		steps[i] = Step{Write: w, Before: tx.Get(w.Key)}
		if results[i], err = w.Apply(tx); err != nil {
			return judge(tx, steps[:i+1], err)
		}
		steps[i].After = results[i].Doc
	}
	return judge(tx, steps, nil)
}

// end closes the transaction of a commit, if it has one.
func (m *Manager) end(t *txn) {
	if t != nil {
		m.finish(t)
	}
}

// committer returns the transaction that commits, nil for none.
func (m *Manager) committer(id []byte, writes []*write.Write) (*txn, error) {
	if len(id) == 0 {
		return nil, nil
	}
	t, err := m.use(id)
	if err != nil {
		return nil, err
	}
	if t.mode == readOnly && len(writes) > 0 {
		return nil, status.Error(codes.InvalidArgument, "Cannot modify documents in a read-only transaction.")
	}
	return t, nil
}

// claim makes sure that nobody's locks stand against the changes, and that what t has read still holds.
func (m *Manager) claim(tx *store.Tx, t *txn, age uint64) error {
	if t != nil && t.mode == optimistic && m.outdated(t, tx.Base()) {
		m.finish(t)
		return errContention()
	}
	now := m.db.Now()
	var oldest *txn
	meet := func(h *txn) {
		switch {
		case h == t || h.finished:
		case m.expired(h, now):
			m.finish(h)
		case oldest == nil || h.age < oldest.age:
			oldest = h
		}
	}
	holders := m.holders(tx)
	for _, h := range holders {
		meet(h)
	}
	if oldest == nil {
		return nil
	}
	for _, new := range tx.Changes {
		m.queues.contended(new.Key)
	}
	if oldest.age < age {
		return blocked{oldest}
	}
	for _, h := range holders {
		if h != t && !h.finished {
			h.lost = true
			m.release(h)
		}
	}
	return nil
}

// holders are the transactions that have locked what tx changes, some of them repeatedly.
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

// outdated reports whether anything that an optimistic transaction has read has changed.
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
