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

// Follower is told of all changes of all databases, once they are durable.
type Follower interface {
	// Wants reports whether changes of a database are to be handed over. It must be quick.
	Wants(resource.Database) bool
	// Cursor is the time up to which the follower has kept what it was handed; 0 before anything.
	Cursor(resource.Database) value.Micros
	// Take hands over changes. It is called by one goroutine for each database.
	Take(resource.Database, store.Unread)
	// Keep returns when all that was taken from a database is safe.
	Keep(resource.Database) error
}

// feed hands the changes of one database to the follower.
type feed struct {
	db      *Database
	to      Follower
	closing <-chan struct{}
	wake    chan struct{} // one wake-up waits at most
	ended   chan struct{}

	mu    sync.Mutex
	taken signal.Signal
}

func (e *Engine) newFeed(d *Database) *feed {
	f := &feed{db: d, to: e.options.Follower, closing: e.closing, wake: make(chan struct{}, 1), ended: make(chan struct{})}
	d.Follow(func() bool { return f.to.Wants(d.Name) }, f.poke)
	f.poke() // for what was loaded
	return f
}

func (f *feed) poke() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// run hands changes over until the engine is closed. A change that can't be made durable is handed to nobody.
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
		if f.db.wait(u.Upto) != nil {
			return
		}
		if len(u.Changes) > 0 || u.Lost {
			f.to.Take(f.db.Name, u)
		}
		f.db.Took(u)
		f.mu.Lock()
		f.taken.Fire()
		f.mu.Unlock()
	}
}

// settle returns when everything that is committed by now has been handed over.
func (f *feed) settle(ctx context.Context) error {
	upto := f.db.Snapshot().Time
	return f.taken.Until(ctx, &f.mu, func() bool { return !f.db.Waiting(upto) || f.over() })
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

// before returns when the commits up to a snapshot are needed no more: the follower has kept what they did.
func (f *feed) before(s *store.Snapshot) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		select {
		case <-f.closing:
			cancel()
		case <-ctx.Done():
		}
	}()
	err := f.taken.Until(ctx, &f.mu, func() bool { return !f.db.Waiting(s.Time) })
	if err != nil || f.over() {
		return wal.ErrClosed
	}
	if err := f.to.Keep(f.db.Name); err != nil {
		return fmt.Errorf("the follower of %s does not keep what it was told: %w", f.db.Name, err)
	}
	return nil
}

// Settle returns when the follower was told of everything that is committed by now.
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
