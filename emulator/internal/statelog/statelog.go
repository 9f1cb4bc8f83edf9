// Package statelog keeps the changes of a small server, as JSON in a journal, so that they survive the death of the
// process.
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

// Sizes of what was added since the last snapshot, in bytes, at which a new one is written: when the folder is opened,
// and later on.
const (
	openSnapshotBytes = 256 << 10
	snapshotBytes     = 4 << 20
)

// Ledger keeps changes. Once one could not be kept, none is any more, and all calls say so: what is in memory and what
// is on disk must not part ways unnoticed. It is safe for concurrent use. A nil *Ledger keeps nothing and never fails.
type Log struct {
	journal   *wal.Log
	log       *slog.Logger
	state     func(add func(change any))
	snapshots sync.WaitGroup // of the one that is being written

	mu           sync.Mutex
	last         uint64 // the journal's number of the last change
	broken       error
	snapshotting bool
	limit        int64 // bytes since the last snapshot at which the next one is due
}

// Open gives all changes that the folder has to apply, oldest first, and keeps new ones there. Without a folder it
// returns nil, which keeps nothing.
//
// Now and then it replaces all changes by those that state adds, which must make the present state from nothing.
func Open(dir string, log *slog.Logger, apply func(record []byte) error, state func(add func(change any))) (*Log, error) {
	if dir == "" {
		return nil, nil
	}
	j, err := wal.Open(dir, apply)
	if err != nil {
		return nil, err
	}
	l := &Log{journal: j, log: log, state: state, limit: snapshotBytes}
	if j.Size() > openSnapshotBytes {
		l.snapshot()
		l.snapshots.Wait()
	}
	return l, nil
}

// Add keeps a change that was made to the state. It does not wait for the disk, so that it can be called with the
// mutex held that guards the state; it must be, since the order of the changes is that of the calls.
func (l *Log) Add(change any) {
	if l == nil || l.Err() != nil {
		return
	}
	record, err := json.Marshal(change)
	if err != nil {
		l.fail(err)
		return
	}
	slot := l.journal.Reserve()
	slot.Fill(record)
	l.mu.Lock()
	l.last = max(l.last, slot.Seq)
	due := l.journal.Size() > l.limit && !l.snapshotting
	l.mu.Unlock()
	if due {
		l.snapshot()
	}
}

// snapshot takes hold of the state, whose mutex is held, and begins to write it down.
func (l *Log) snapshot() {
	s, err := l.journal.Rotate()
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
			l.log.Warn("a snapshot of the data directory could not be written; the next one will be tried later", "error", err)
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		l.snapshotting = false
		// Not before as much was added as there is: else a large state would be written over and over.
		l.limit = l.journal.Size() + max(snapshotBytes, size)
	})
}

// Wait returns when everything that was added before is safe, or with the reason why it is not.
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
	if err := l.journal.Wait(last); err != nil {
		l.fail(err)
	}
	return l.Err()
}

// Err is why changes are not kept any more, or nil.
func (l *Log) Err() error {
	if l == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.broken
}

// fail ends the keeping of changes.
func (l *Log) fail(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.broken == nil {
		l.broken = fmt.Errorf("changes can't be kept: %w", err)
		l.log.Error("the data directory can't be written; changes are refused from now on", "error", err)
	}
}

// Close waits for the last changes and closes the journal.
func (l *Log) Close() error {
	if l == nil {
		return nil
	}
	l.snapshots.Wait()
	if err := l.journal.Close(); err != nil {
		return fmt.Errorf("closing the journal: %w", err)
	}
	return nil
}

// Written makes a change with the mutex held, and returns when it would survive the death of the process. Changes that
// can't be kept are refused with UNAVAILABLE.
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
