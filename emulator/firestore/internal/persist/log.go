// Package persist makes the commits of a database durable, and loads them again, with a write-ahead
// log.
package persist

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"

	"heek.kr/heektime/emulator/firestore/internal/store"
	"heek.kr/heektime/emulator/internal/value"
	"heek.kr/heektime/emulator/internal/wal"
)

// minLogBytes is the least size of the log, in bytes, at which it is compacted. It must also be twice
// as large as the last snapshot.
const minLogBytes = 4 << 20

// Log is the write-ahead log of one database.
type Log struct {
	db       *store.DB
	wal      *wal.Log
	logger   *slog.Logger
	instance [8]byte

	// BeforeCompact, if set, is called before a snapshot replaces the commits up to it. It returns
	// when nobody needs those commits anymore, or with an error that keeps them. It must be set
	// before the database is used.
	BeforeCompact func(*store.Snapshot) error

	snapshotBytes atomic.Int64 // approximate size of the last snapshot
	failedBytes   atomic.Int64 // size of the log when the last compaction failed, 0 if it succeeded
	compacting    atomic.Bool
	background    sync.WaitGroup

	mu     sync.Mutex
	recent []*store.Snapshot // the newest durable one that is known, and those after it
}

// Open loads a database from a directory and keeps its commits there from now on. The database must
// be new and not yet in use. since is the time up to which the database's follower has read its
// changes; 0 means that there is no follower.
func Open(dir string, db *store.DB, logger *slog.Logger, since value.Micros) (*Log, error) {
	l := &Log{db: db, logger: logger}
	rand.Read(l.instance[:])
	loader := store.NewLoader(db)
	loader.Follow(since)
	isNew := true
	var loaded int64
	w, err := wal.Open(dir, func(record []byte) error {
		isNew = false
		loaded += int64(len(record))
		return l.replay(loader, record)
	})
	if err != nil {
		return nil, err
	}
	loader.Finish()
	l.wal = w
	l.snapshotBytes.Store(loaded - w.Size())
	l.recent = []*store.Snapshot{db.Snapshot()}
	db.OnCommit(l.reserve)
	if isNew {
		if err := w.Append(l.instanceRecord(db.Snapshot())); err != nil {
			w.Close()
			return nil, err
		}
	}
	return l, nil
}

// InstanceID distinguishes this database from a deleted one that had the same name.
func (l *Log) InstanceID() [8]byte { return l.instance }

func (l *Log) instanceRecord(s *store.Snapshot) []byte {
	return binary.AppendUvarint(append([]byte{recordInstance}, l.instance[:]...), uint64(s.Time))
}

// reserve reserves the commit's position in the log under the database's lock. The record itself is
// encoded and written after the lock is released.
func (l *Log) reserve(c *store.Commit) (after func()) {
	slot := l.wal.Reserve()
	c.Snapshot.Seq = slot.Seq
	l.mu.Lock()
	l.recent = append(l.recent, c.Snapshot)
	l.forget()
	l.mu.Unlock()
	return func() {
		slot.Fill(encodeCommit(c))
		l.compactIfLarge()
	}
}

// forget drops the snapshots before the newest durable one. The caller holds mu.
func (l *Log) forget() {
	durable := l.wal.Durable()
	n := 0
	for n+1 < len(l.recent) && l.recent[n+1].Seq <= durable {
		n++
	}
	l.recent = slices.Delete(l.recent, 0, n)
}

// Stopped returns the last durable snapshot if the log has failed, because the disk is full for example,
// and nil while it works. Later commits are in memory only, so nobody may see them.
func (l *Log) Stopped() (last *store.Snapshot, err error) {
	if err = l.wal.Err(); err == nil {
		return nil, nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.forget()
	return l.recent[0], err
}

func (l *Log) compactIfLarge() {
	if l.wal.Size() <= max(2*l.snapshotBytes.Load(), l.failedBytes.Load()+minLogBytes) || !l.compacting.CompareAndSwap(false, true) {
		return
	}
	l.background.Go(func() {
		defer l.compacting.Store(false)
		if err := l.Compact(); err != nil && !errors.Is(err, wal.ErrClosed) {
			l.failedBytes.Store(l.wal.Size())
			l.logger.Error("firestore: compaction failed; the log is kept as it is", "database", l.db.Name, "error", err)
		}
	})
}

// Wait returns when all commits in a snapshot are durable.
func (l *Log) Wait(s *store.Snapshot) error { return l.wal.Wait(s.Seq) }

// Compact writes the current state as a snapshot, which replaces the older records. Commits continue
// in the meantime.
func (l *Log) Compact() error {
	var snap *store.Snapshot
	var to *wal.Snapshot
	var err error
	l.db.Locked(func(s *store.Snapshot) {
		snap = s
		to, err = l.wal.Rotate()
	})
	if err != nil {
		return err
	}
	if l.BeforeCompact != nil {
		err = l.BeforeCompact(snap)
	}
	var size int64
	write := func(record []byte) {
		if err == nil {
			size += int64(len(record))
			err = to.Write(record)
		}
	}
	write(l.instanceRecord(snap))
	batch := []byte{recordDocs}
	snap.Latest().All(func(d *store.Document) bool {
		if batch = appendOp(batch, d); len(batch) > 1<<16 {
			write(batch)
			batch = batch[:1]
		}
		return err == nil
	})
	write(batch)
	if err == nil {
		err = to.Finish()
	}
	if err != nil {
		to.Abandon()
		return err
	}
	l.snapshotBytes.Store(size)
	l.failedBytes.Store(0)
	return nil
}

// Close waits for a running compaction and for all commits to be durable, and releases the directory.
func (l *Log) Close() error {
	l.background.Wait()
	return l.wal.Close()
}
