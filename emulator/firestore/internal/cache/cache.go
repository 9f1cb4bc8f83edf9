// Package cache keeps recently computed values, so that many callers that soon need the same one
// share it.
package cache

import "sync"

// size is the number of values kept: more than most commits change.
const size = 32

// Cache holds the most recently computed values by key, and evicts the oldest. The zero Cache is empty.
// It is safe for concurrent use.
type Cache[K comparable, V any] struct {
	mu      sync.Mutex
	entries [size]*entry[K, V]
	next    int // index of the entry to replace next
}

type entry[K comparable, V any] struct {
	key   K
	once  sync.Once
	value V
	err   error
}

// Get returns the value for key, and computes it if it is not cached. When several callers need it at
// the same time, one computes it and the others wait. Errors are cached, too.
func (c *Cache[K, V]) Get(key K, compute func() (V, error)) (V, error) {
	e := c.entry(key)
	e.once.Do(func() { e.value, e.err = compute() })
	return e.value, e.err
}

func (c *Cache[K, V]) entry(key K) *entry[K, V] {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range c.entries {
		if e != nil && e.key == key {
			return e
		}
	}
	e := &entry[K, V]{key: key}
	c.entries[c.next] = e
	c.next = (c.next + 1) % size
	return e
}
