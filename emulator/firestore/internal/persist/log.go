// Package persist keeps the commits of a database in a journal.
package persist

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"

	"heek.kr/heektime/emulator/firestore/internal/store"
	"heek.kr/heektime/emulator/internal/value"
	"heek.kr/heektime/emulator/internal/wal"
)

// A snapshot is written when the logs since the last one are both larger than this and twice as large as it was.
const minLog = 4 << 20

// Log keeps one database.
type Log struct {
	db     *store.DB
	j      *wal.Log
	logger *slog.Logger
	life   [8]byte

	// Before, if it is set, returns when the commits up to a snapshot are needed no more, or with a reason to keep
	// them. Nothing else prevents that a snapshot replaces them. To be set before the database is used.
	Before func(*store.Snapshot) error

	snapshot   atomic.Int64 // the size of the last snapshot in bytes, roughly
	failed     atomic.Int64 // the size of the logs when a snapshot failed; 0 since one succeeded
	compacting atomic.Bool
	background sync.WaitGroup
}

// Open loads a database, which must be new and not yet in use, from a directory, and keeps its commits there from now
// on. The database's follower has taken all changes up to since; 0 means that there is none.
func Open(dir string, db *store.DB, logger *slog.Logger, since value.Micros) (*Log, error) {
	l := &Log{db: db, logger: logger}
	rand.Read(l.life[:])
	loader := store.NewLoader(db)
	loader.Since(since)
	known := false
	var loaded int64
	j, err := wal.Open(dir, func(record []byte) error {
		known = true
		loaded += int64(len(record))
		return l.replay(loader, record)
	})
	if err != nil {
		return nil, err
	}
	loader.Finish()
	l.j = j
	l.snapshot.Store(loaded - j.Size())
	db.OnCommit(func(c *store.Commit) func() {
		slot := j.Reserve()
		c.Snapshot.Seq = slot.Seq
		return func() { l.write(slot, c) }
	})
	if !known {
		if err := j.Append(l.lifeRecord(db.Snapshot())); err != nil {
			j.Close()
			return nil, err
		}
	}
	return l, nil
}

// Life tells this database from another that has, or had, the same name.
func (l *Log) Life() [8]byte { return l.life }

func (l *Log) lifeRecord(s *store.Snapshot) []byte {
	return binary.AppendUvarint(append([]byte{recordLife}, l.life[:]...), uint64(s.Time))
}

// write writes a commit to its slot; [Log.Wait] for its snapshot returns when it is durable.
func (l *Log) write(slot *wal.Slot, c *store.Commit) {
	slot.Fill(encodeCommit(c))
	if l.j.Size() > max(2*l.snapshot.Load(), l.failed.Load()+minLog) && l.compacting.CompareAndSwap(false, true) {
		l.background.Go(func() {
			defer l.compacting.Store(false)
			if err := l.Compact(); err != nil && !errors.Is(err, wal.ErrClosed) {
				l.failed.Store(l.j.Size())
				l.logger.Error("firestore: snapshot failed; the log is kept as it is", "database", l.db.Name, "error", err)
			}
		})
	}
}

// Wait returns when everything that a snapshot shows is durable.
func (l *Log) Wait(s *store.Snapshot) error { return l.j.Wait(s.Seq) }

// Compact writes the database down as it is, so that older records can go. Commits go on meanwhile.
func (l *Log) Compact() error {
	var snap *store.Snapshot
	var to *wal.Snapshot
	var err error
	l.db.Locked(func(s *store.Snapshot) {
		snap = s
		to, err = l.j.Rotate()
	})
	if err != nil {
		return err
	}
	if l.Before != nil {
		err = l.Before(snap)
	}
	var size int64
	write := func(record []byte) {
		if err == nil {
			size += int64(len(record))
			err = to.Write(record)
		}
	}
	write(l.lifeRecord(snap))
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
	l.snapshot.Store(size)
	l.failed.Store(0)
	return nil
}

// Close waits for what is under way and releases the directory.
func (l *Log) Close() error {
	l.background.Wait()
	return l.j.Close()
}
