package service

import (
	"context"
	"fmt"
	"sync"

	"heek.kr/heektime/emulator/firestore/internal/store"
	"heek.kr/heektime/emulator/internal/resource"
	"heek.kr/heektime/emulator/internal/signal"
	"heek.kr/heektime/emulator/internal/value"
	"heek.kr/heektime/emulator/internal/wal"
)

// Follower receives all changes of all databases once they are durable.
type Follower interface {
	// Wants reports whether the follower wants changes of a database. It is called within commits
	// and must be quick.
	Wants(resource.Database) bool
	// Cursor returns the time up to which the follower has persisted the changes it took, 0 if it
	// has persisted none.
	Cursor(resource.Database) value.Micros
	// Take receives changes. Each database has one goroutine that calls it.
	Take(resource.Database, store.Unread)
	// Flush returns when everything taken from a database is persistent.
	Flush(resource.Database) error
}

// feed delivers the changes of one database to the follower.
type feed struct {
	db      *Database
	to      Follower
	closing <-chan struct{}
	wake    chan struct{} // holds at most one wake-up
	ended   chan struct{}

	mu    sync.Mutex
	taken signal.Signal
}

func (e *Engine) newFeed(d *Database) *feed {
	f := &feed{db: d, to: e.options.Follower, closing: e.closing, wake: make(chan struct{}, 1), ended: make(chan struct{})}
	d.Follow(func() bool { return f.to.Wants(d.Name) }, f.notify)
	f.notify() // for unread changes that were loaded
	return f
}

func (f *feed) notify() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// run delivers changes until the engine is closed, or changes cannot be made durable.
func (f *feed) run() {
	defer func() {
		close(f.ended)
		f.mu.Lock()
		f.taken.Fire()
		f.mu.Unlock()
	}()
	for {
		select {
		case <-f.closing:
			return
		case <-f.wake:
		}
		u := f.db.Unread()
		if f.db.waitDurable(u.UpTo) != nil {
			return
		}
		if len(u.Changes) > 0 || u.Lost {
			f.to.Take(f.db.Name, u)
		}
		f.db.Acknowledge(u)
		f.mu.Lock()
		f.taken.Fire()
		f.mu.Unlock()
	}
}

// settle returns when all current commits have been delivered.
func (f *feed) settle(ctx context.Context) error {
	upTo := f.db.Snapshot().Time
	return f.taken.Until(ctx, &f.mu, func() bool { return !f.db.HasUnread(upTo) || f.over() })
}

func (f *feed) over() bool {
	select {
	case <-f.ended:
		return true
	case <-f.closing:
		return true
	default:
		return false
	}
}

// flush returns when the follower has persisted the commits up to a snapshot, so that the log does
// not need them anymore.
func (f *feed) flush(s *store.Snapshot) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		select {
		case <-f.closing:
			cancel()
		case <-ctx.Done():
		}
	}()
	err := f.taken.Until(ctx, &f.mu, func() bool { return !f.db.HasUnread(s.Time) })
	if err != nil || f.over() {
		return wal.ErrClosed
	}
	if err := f.to.Flush(f.db.Name); err != nil {
		return fmt.Errorf("flush the follower of %s: %w", f.db.Name, err)
	}
	return nil
}

// Settle returns when all current commits have been delivered to the follower.
func (e *Engine) Settle(ctx context.Context) error {
	e.mu.RLock()
	var feeds []*feed
	for _, d := range e.dbs {
		if d.feed != nil {
			feeds = append(feeds, d.feed)
		}
	}
	e.mu.RUnlock()
	for _, f := range feeds {
		if err := f.settle(ctx); err != nil {
			return err
		}
	}
	return nil
}
