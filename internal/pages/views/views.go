// Package views counts how often the pages of shared timetables are viewed, for their owners, and by about how many
// people, for each day in Seoul.
//
// It keeps nothing about viewers. A viewer is a hash of their address and browser with a random salt; both are in
// memory only, and gone at midnight. So instances, and the processes before and after a restart, count a viewer each
// on their own.
//
// Views are gathered in memory, and written at most once a minute for each timetable, and when the service stops. A
// process that is killed loses those that it has not written.
package views

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"cloud.google.com/go/firestore"
	"golang.org/x/sync/errgroup"

	"heek.kr/heektime/internal/logline"
	"heek.kr/heektime/internal/pages/share"
	"heek.kr/heektime/internal/schema"
)

const (
	// writeEvery is how often the views of a timetable are written at most.
	writeEvery = time.Minute
	// maxTimetables bounds the timetables in memory. Beyond it, views of others are not counted until the next write.
	maxTimetables = 5000
	// maxViewers bounds the hashes in memory. Beyond it, viewers are not counted until midnight, but views are.
	maxViewers = 200_000
	// maxViewsOfOne is how many views of one viewer count on a day.
	maxViewsOfOne = 30
	// retention is how long the views of a day are kept.
	retention = 400 * 24 * time.Hour
	// writeTimeout bounds a write.
	writeTimeout = 5 * time.Second
	// closeTimeout bounds the writes when the service stops: it has eight seconds.
	closeTimeout = 7 * time.Second
	// writesAtATime bounds concurrent writes. Each waits for Firestore, some ten milliseconds, so closeTimeout is enough
	// for maxTimetables.
	writesAtATime = 32
)

// seoul is the time zone of days. Korea has had no other offset since 1988.
var seoul = time.FixedZone("KST", 9*60*60)

// Owners finds the owner of a public timetable: *share.Reader.
type Owners interface {
	Owner(ctx context.Context, username, timetableID string) (uid string, err error)
}

// Config holds a counter's dependencies. All are required.
type Config struct {
	Firestore *firestore.Client
	Owners    Owners
	Now       func() time.Time
	Log       *slog.Logger
}

// Counter counts views. It is safe for concurrent use.
type Counter struct {
	cfg Config

	mu         sync.Mutex
	day        schema.Date
	salt       []byte
	viewers    int                   // hashes in all timetables
	timetables map[string]*timetable // by address
	stop       chan struct{}
	stopped    sync.WaitGroup
}

// timetable is what is known of a timetable in memory.
type timetable struct {
	uid, id string // uid is "" if others may not see it
	checked time.Time
	seen    map[uint64]int // views by viewer
	pending map[schema.Date]schema.Views
	written time.Time // when the last write began
	writing bool
}

// checkEvery is how often the owner of a timetable is looked up.
const checkEvery = 10 * time.Minute

// New returns a counter, or an error naming the field that cfg lacks. The caller closes it.
func New(cfg Config) (*Counter, error) {
	if cfg.Firestore == nil || cfg.Owners == nil || cfg.Now == nil || cfg.Log == nil {
		return nil, errors.New("counter of views needs a Firestore client, owners, a clock and a logger")
	}
	c := &Counter{cfg: cfg, timetables: map[string]*timetable{}, stop: make(chan struct{})}
	c.stopped.Go(c.run)
	return c, nil
}

// run writes what no further view causes to be written. On Cloud Run an instance has little CPU between requests, so
// it may be late.
func (c *Counter) run() {
	ticker := time.NewTicker(writeEvery)
	defer ticker.Stop()
	for {
		select {
		case <-c.stop:
			return
		case <-ticker.C:
			c.writeAll(context.Background(), false)
		}
	}
}

// Close writes all views, or as many as there is time for.
func (c *Counter) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	close(c.stop)
	c.stopped.Wait()
	return c.writeAll(ctx, true)
}

// Count counts a view of a timetable by a viewer: any text that differs between people, such as an address. It returns
// when the views are written, if that is due. A timetable that others may not see is not counted.
//
// Billed: up to 2 reads every ten minutes for the owner, and 1 read and 1 write each minute.
func (c *Counter) Count(ctx context.Context, username, timetableID, viewer string) error {
	key := username + "/" + timetableID
	t, ok := c.known(key)
	if !ok {
		uid, err := c.cfg.Owners.Owner(ctx, username, timetableID)
		if err != nil && !errors.Is(err, share.ErrNotFound) {
			return err
		}
		if t = c.add(key, uid, timetableID); t == nil {
			return nil
		}
	}
	if !c.count(t, key, viewer) {
		return nil
	}
	// The views of others must not be lost because one viewer is gone.
	return c.write(context.WithoutCancel(ctx), t)
}

// known returns a timetable whose owner was looked up lately.
func (c *Counter) known(key string) (*timetable, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.timetables[key]
	return t, t != nil && c.cfg.Now().Sub(t.checked) < checkEvery
}

// add records the owner of a timetable. It returns nil if there are too many timetables in memory.
func (c *Counter) add(key, uid, id string) *timetable {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t := c.timetables[key]; t != nil && (t.uid == uid || len(t.pending) > 0) {
		t.checked = c.cfg.Now()
		return t
	}
	if len(c.timetables) >= maxTimetables {
		c.forget()
	}
	if len(c.timetables) >= maxTimetables {
		return nil
	}
	t := &timetable{uid: uid, id: id, checked: c.cfg.Now(), seen: map[uint64]int{}, pending: map[schema.Date]schema.Views{}}
	c.timetables[key] = t
	return t
}

// forget removes the timetables that have nothing to write.
func (c *Counter) forget() {
	for key, t := range c.timetables {
		if len(t.pending) == 0 && !t.writing {
			c.viewers -= len(t.seen)
			delete(c.timetables, key)
		}
	}
}

// count adds a view, and reports whether the timetable is due to be written.
func (c *Counter) count(t *timetable, key, viewer string) (due bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.uid == "" {
		return false
	}
	now := c.cfg.Now()
	c.turnDay(schema.Date(now.In(seoul).Format(time.DateOnly)))
	mac := hmac.New(sha256.New, c.salt)
	fmt.Fprintf(mac, "%q %q", key, viewer)
	hash := binary.BigEndian.Uint64(mac.Sum(nil))
	before, seen := t.seen[hash]
	if before >= maxViewsOfOne {
		return false
	}
	v := t.pending[c.day]
	v.Views++
	if seen || c.viewers < maxViewers {
		if !seen {
			v.Viewers++
			c.viewers++
		}
		t.seen[hash] = before + 1
	}
	t.pending[c.day] = v
	return !t.writing && now.Sub(t.written) >= writeEvery
}

// turnDay forgets the viewers of the day before.
func (c *Counter) turnDay(day schema.Date) {
	if c.day == day {
		return
	}
	c.day, c.salt, c.viewers = day, make([]byte, 32), 0
	rand.Read(c.salt) // never fails
	for _, t := range c.timetables {
		clear(t.seen)
	}
}

// writeAll writes the timetables that are due, or all that have something to write.
func (c *Counter) writeAll(ctx context.Context, all bool) error {
	c.mu.Lock()
	now := c.cfg.Now()
	c.turnDay(schema.Date(now.In(seoul).Format(time.DateOnly)))
	var due []*timetable
	for _, t := range c.timetables {
		if len(t.pending) > 0 && (all || !t.writing && now.Sub(t.written) >= writeEvery) {
			due = append(due, t)
		}
	}
	c.mu.Unlock()
	errs := make([]error, len(due))
	var writes errgroup.Group
	writes.SetLimit(writesAtATime)
	for i, t := range due {
		writes.Go(func() error {
			errs[i] = c.write(ctx, t)
			return nil
		})
	}
	writes.Wait() // the errors are in errs
	return errors.Join(errs...)
}

// write writes the views of a timetable. If that fails, they are written with the next ones.
func (c *Counter) write(ctx context.Context, t *timetable) error {
	c.mu.Lock()
	if t.writing {
		c.mu.Unlock()
		return nil
	}
	pending := t.pending
	t.pending, t.writing, t.written = map[schema.Date]schema.Views{}, true, c.cfg.Now()
	c.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	err := c.commit(ctx, t, pending)
	c.mu.Lock()
	defer c.mu.Unlock()
	t.writing = false
	if err != nil {
		c.cfg.Log.ErrorContext(ctx, "views are not written; they will be with the next ones", logline.FieldError, err.Error())
		for day, v := range pending {
			more := t.pending[day]
			t.pending[day] = schema.Views{Views: v.Views + more.Views, Viewers: v.Viewers + more.Viewers}
		}
	}
	return err
}

// commit adds the views to their documents, unless the timetable was deleted or made private. The transaction locks
// the timetable, so no views appear below one that is deleted.
func (c *Counter) commit(ctx context.Context, t *timetable, pending map[schema.Date]schema.Views) error {
	ref := schema.TimetableRef(schema.UserRef(c.cfg.Firestore, t.uid), t.id)
	err := c.cfg.Firestore.RunTransaction(ctx, func(_ context.Context, tx *firestore.Transaction) error {
		docs, err := tx.GetAll([]*firestore.DocumentRef{ref})
		if err != nil {
			return err
		}
		if !docs[0].Exists() || schema.ReadTimetable(docs[0]).Visibility != schema.Public {
			return nil
		}
		for day, v := range pending {
			v.Expires = c.cfg.Now().Add(retention)
			if err := tx.Set(schema.ViewsRef(ref, day), v.AddedTo(), firestore.MergeAll); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("write the views of %s: %w", schema.Path(ref), err)
	}
	return nil
}
