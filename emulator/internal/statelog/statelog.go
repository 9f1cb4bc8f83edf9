// Package statelog makes the state of a small server durable: it writes each change, as JSON, to a
// write-ahead log, and replays the log at the next start.
package statelog

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/emulator/internal/wal"
)

// A new snapshot is written once this many bytes were added since the last one: at the start, and
// later.
const (
	openSnapshotBytes = 256 << 10
	snapshotBytes     = 4 << 20
)

// Log writes changes. Once a write has failed, it writes nothing more, and all calls return the error:
// memory and disk must not diverge unnoticed. A Log is safe for concurrent use. A nil *Log writes
// nothing and never fails.
type Log struct {
	wal       *wal.Log
	log       *slog.Logger
	state     func(add func(change any))
	snapshots sync.WaitGroup // the one that is being written

	mu           sync.Mutex
	last         uint64 // sequence number of the last change
	broken       error
	snapshotting bool
	limit        int64 // bytes since the last snapshot at which the next one is due
}

// Open passes all changes in the folder to apply, oldest first. Without a folder it returns nil, which
// writes nothing.
//
// Now and then the log is compacted: all its changes are replaced by those that state adds, which must
// build the current state from an empty one.
func Open(dir string, log *slog.Logger, apply func(record []byte) error, state func(add func(change any))) (*Log, error) {
	if dir == "" {
		return nil, nil
	}
	j, err := wal.Open(dir, apply)
	if err != nil {
		return nil, err
	}
	l := &Log{wal: j, log: log, state: state, limit: snapshotBytes}
	if j.Size() > openSnapshotBytes {
		l.snapshot()
		l.snapshots.Wait()
	}
	return l, nil
}

// Add writes a change of the state. It must be called with the mutex held that guards the state,
// because the order of the calls is the order of the changes. It does not wait for the disk.
func (l *Log) Add(change any) {
	if l == nil || l.Err() != nil {
		return
	}
	record, err := json.Marshal(change)
	if err != nil {
		l.fail(err)
		return
	}
	slot := l.wal.Reserve()
	slot.Fill(record)
	l.mu.Lock()
	l.last = max(l.last, slot.Seq)
	due := l.wal.Size() > l.limit && !l.snapshotting
	l.mu.Unlock()
	if due {
		l.snapshot()
	}
}

// snapshot collects the state, whose mutex is held, and starts writing it.
func (l *Log) snapshot() {
	s, err := l.wal.Rotate()
	if err != nil {
		l.fail(err)
		return
	}
	var records [][]byte
	size := int64(0)
	l.state(func(change any) {
		record, marshalErr := json.Marshal(change)
		err = errors.Join(err, marshalErr)
		records = append(records, record)
		size += int64(len(record))
	})
	l.mu.Lock()
	l.snapshotting = true
	l.mu.Unlock()
	l.snapshots.Go(func() {
		for _, record := range records {
			if err == nil {
				err = s.Write(record)
			}
		}
		if err == nil {
			err = s.Finish()
		} else {
			s.Abandon()
		}
		if err != nil {
			l.log.Warn("cannot write a snapshot to the data directory; trying again later", "error", err)
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		l.snapshotting = false
		// Not before the log has grown by the size of the state: otherwise a large state would be
		// written over and over.
		l.limit = l.wal.Size() + max(snapshotBytes, size)
	})
}

// Wait returns when everything that was added is on disk, or the error that prevents it.
func (l *Log) Wait() error {
	if l == nil {
		return nil
	}
	l.mu.Lock()
	last, err := l.last, l.broken
	l.mu.Unlock()
	if err != nil {
		return err
	}
	if err := l.wal.Wait(last); err != nil {
		l.fail(err)
	}
	return l.Err()
}

// Err returns why changes are no longer written, or nil.
func (l *Log) Err() error {
	if l == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.broken
}

// fail stops the log.
func (l *Log) fail(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.broken == nil {
		l.broken = fmt.Errorf("cannot write changes: %w", err)
		l.log.Error("cannot write to the data directory; rejecting changes from now on", "error", err)
	}
}

// Close waits for the last changes and closes the log.
func (l *Log) Close() error {
	if l == nil {
		return nil
	}
	l.snapshots.Wait()
	if err := l.wal.Close(); err != nil {
		return fmt.Errorf("close the log: %w", err)
	}
	return nil
}

// Written makes a change with the mutex held and returns once it is durable. When changes cannot be
// written, the error is UNAVAILABLE.
func Written[T any](l *Log, mu sync.Locker, change func() (T, error)) (T, error) {
	var none T
	if err := l.Err(); err != nil {
		return none, status.Error(codes.Unavailable, err.Error())
	}
	mu.Lock()
	result, err := change()
	mu.Unlock()
	if err != nil {
		return none, err
	}
	if err := l.Wait(); err != nil {
		return none, status.Error(codes.Unavailable, err.Error())
	}
	return result, nil
}
