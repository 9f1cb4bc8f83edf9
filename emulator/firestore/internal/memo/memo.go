// Package memo remembers what was made last, for those who soon ask for the same.
package memo

import "sync"

// places is how many things are remembered: more than one commit mostly changes.
const places = 32

// Memo remembers values by their key; those that were made long ago are forgotten. The zero Memo is empty. It is safe for
// concurrent use.
type Memo[K comparable, V any] struct {
	mu   sync.Mutex
	made [places]*entry[K, V]
	next int // the place of the one that is made next
}

type entry[K comparable, V any] struct {
	key   K
	once  sync.Once
	value V
	err   error
}

// Get is the value of a key, made by make if it is not remembered. Of several who ask at once, one makes it and the others
// wait. An error is remembered, too.
func (m *Memo[K, V]) Get(key K, make func() (V, error)) (V, error) {
	e := m.entry(key)
	e.once.Do(func() { e.value, e.err = make() })
	return e.value, e.err
}

func (m *Memo[K, V]) entry(key K) *entry[K, V] {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, e := range m.made {
		if e != nil && e.key == key {
			return e
		}
	}
	e := &entry[K, V]{key: key}
	m.made[m.next] = e
	m.next = (m.next + 1) % places
	return e
}
