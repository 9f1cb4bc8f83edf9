// Package ledger keeps the changes of a small server, as JSON in a journal, so that they survive the death of the
// process.
package ledger

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// journal keeps records in their order.
type journal interface {
	Append(record []byte) error // returns before the record is safe
	Sync() error                // returns when all records so far are safe
	Close() error
}

// Ledger keeps changes. Once one could not be kept, none is any more, and all calls say so: what is in memory and what
// is on disk must not part ways unnoticed. It is safe for concurrent use. A nil *Ledger keeps nothing and never fails.
type Ledger struct {
	journal journal
	log     *slog.Logger

	mu     sync.Mutex
	broken error
}

// Open gives all changes that the folder has to apply, oldest first, and keeps new ones there. Without a folder it
// returns nil, which keeps nothing.
func Open(dir string, log *slog.Logger, apply func(record []byte) error) (*Ledger, error) {
	if dir == "" {
		return nil, nil
	}
	return nil, errors.New("DataDir is not supported yet")
}

// Add keeps a change. It does not wait for the disk, so that it can be called with a mutex held; callers do, since the
// order of the changes is that of the calls.
func (l *Ledger) Add(change any) {
	if l == nil || l.Err() != nil {
		return
	}
	record, err := json.Marshal(change)
	if err == nil {
		err = l.journal.Append(record)
	}
	if err != nil {
		l.fail(err)
	}
}

// Wait returns when everything that was added before is safe, or with the reason why it is not.
func (l *Ledger) Wait() error {
	if l == nil {
		return nil
	}
	if err := l.Err(); err != nil {
		return err
	}
	if err := l.journal.Sync(); err != nil {
		l.fail(err)
	}
	return l.Err()
}

// Err is why changes are not kept any more, or nil.
func (l *Ledger) Err() error {
	if l == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.broken
}

func (l *Ledger) fail(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.broken == nil {
		l.broken = fmt.Errorf("changes can't be kept: %w", err)
		l.log.Error("the data directory can't be written; changes are refused from now on", "error", err)
	}
}

// Close waits for the last changes and closes the journal.
func (l *Ledger) Close() error {
	if l == nil {
		return nil
	}
	if err := l.journal.Close(); err != nil {
		return fmt.Errorf("closing the journal: %w", err)
	}
	return nil
}

// Written makes a change with the mutex held, and returns when it would survive the death of the process. Changes that
// can't be kept are refused with UNAVAILABLE.
func Written[T any](l *Ledger, mu sync.Locker, change func() (T, error)) (T, error) {
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
