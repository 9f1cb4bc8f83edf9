package loginthrottle

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"heek.kr/heektime/internal/schema"
)

// This file holds the state of one instance.

// keyed limits concurrency by key. Callers beyond the limit wait, in order.
type keyed struct {
	most int

	mu sync.Mutex
	m  map[string]*keyedSlot
}

type keyedSlot struct {
	slots chan struct{}
	users int
}

// acquire waits for a slot of the key. The caller must call release exactly once. The error is the
// context's.
func (k *keyed) acquire(ctx context.Context, key string) (release func(), err error) {
	k.mu.Lock()
	if k.m == nil {
		k.m = map[string]*keyedSlot{}
	}
	s := k.m[key]
	if s == nil {
		s = &keyedSlot{slots: make(chan struct{}, k.most)}
		k.m[key] = s
	}
	s.users++
	k.mu.Unlock()
	leave := func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		if s.users--; s.users == 0 {
			delete(k.m, key)
		}
	}
	select {
	case s.slots <- struct{}{}:
		return func() { <-s.slots; leave() }, nil
	case <-ctx.Done():
		leave()
		return nil, ctx.Err()
	}
}

// cache holds documents for a few seconds. Only rejections use it: a document that another instance has
// changed since can make a client wait a little longer, but cannot admit an attempt.
type cache struct {
	mu sync.Mutex
	m  map[string]cached
}

type cached struct {
	attempts *schema.Attempts
	at       time.Time
}

const (
	// cacheFor is how long a document is cached.
	cacheFor = 5 * time.Second
	// maxCached limits the cache to a few megabytes, at no more than 15 kB per document.
	maxCached = 512
)

func (c *cache) get(id string, now time.Time) *schema.Attempts {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.m[id]
	if age := now.Sub(e.at); !ok || age < 0 || age > cacheFor {
		return nil
	}
	return e.attempts
}

// put caches a document, which must not change any more.
func (c *cache) put(id string, a *schema.Attempts, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.m == nil {
		c.m = map[string]cached{}
	}
	makeRoom(c.m, id, maxCached)
	c.m[id] = cached{a, now}
}

func (c *cache) drop(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.m, id)
}

// makeRoom deletes an arbitrary entry if the map is full and id is not in it.
func makeRoom[V any](m map[string]V, id string, most int) {
	if _, ok := m[id]; ok || len(m) < most {
		return
	}
	for other := range m {
		delete(m, other)
		return
	}
}

// leases are the payments that this instance has taken from networks' buckets and not used yet.
type leases struct {
	mu sync.Mutex
	m  map[string]lease
}

type lease struct {
	free int
	size int // of the last lease, in payments
}

// maxLeases limits the memory of leases to about a megabyte. What a dropped lease held counts as failed
// attempts.
const maxLeases = 4096

func (l *leases) take(id string, n int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.m[id]
	if e.free < n {
		return false
	}
	e.free -= n
	l.m[id] = e
	return true
}

// has reports whether the network has a payment left.
func (l *leases) has(id string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.m[id].free > 0
}

func (l *leases) add(id string, n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.m[id]
	e.free += n
	l.set(id, e)
}

// nextSize returns the size of the network's next lease, in payments.
func (l *leases) nextSize(id string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return min(max(1, 2*l.m[id].size), maxLease)
}

func (l *leases) grow(id string, size, free int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.m[id]
	e.size = size
	e.free += free
	l.set(id, e)
}

func (l *leases) set(id string, e lease) {
	if e == (lease{}) {
		return
	}
	if l.m == nil {
		l.m = map[string]lease{}
	}
	makeRoom(l.m, id, maxLeases)
	l.m[id] = e
}

// lookups limits how often an instance reads an address's document for a network that has reached its
// limit, only to find out whether the network is known there.
type lookups struct {
	mu sync.Mutex
	m  map[string]*rate.Limiter
}

const (
	lookupsPerSecond = 5
	lookupBurst      = 500
)

func (l *lookups) allow(id string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.m == nil {
		l.m = map[string]*rate.Limiter{}
	}
	limiter := l.m[id]
	if limiter == nil {
		makeRoom(l.m, id, maxLeases)
		limiter = rate.NewLimiter(lookupsPerSecond, lookupBurst)
		l.m[id] = limiter
	}
	return limiter.AllowN(now, 1)
}

// pause waits a random time that grows with each try.
func pause(ctx context.Context, try int) error {
	select {
	case <-time.After(time.Duration(rand.Int64N(int64(5*time.Millisecond) << try))):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
