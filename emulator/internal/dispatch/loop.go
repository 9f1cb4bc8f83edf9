package dispatch

import (
	"sync"
	"time"

	"github.com/tidwall/btree"

	"heek.kr/heektime/emulator/clock"
	"heek.kr/heektime/emulator/internal/signal"
)

// Loop calls start immediately, whenever wake fires, and at the time that start returned; the zero time means
// not before wake fires. It returns when over returns true. Both functions are called with mu held, which
// also guards wake.
func Loop(c *clock.Clock, mu sync.Locker, wake *signal.Signal, over func() bool, start func() time.Time) {
	for {
		mu.Lock()
		if over() {
			mu.Unlock()
			return
		}
		next, woken := start(), wake.Wait()
		mu.Unlock()
		if next.IsZero() {
			<-woken
		} else {
			c.Wait(woken, next)
		}
	}
}

// Next returns what to send next of waiting, which is sorted by due time: the item that has been due for the
// longest time or, with [Faults.Shuffle], a random due item. If none is due, it returns the next one that
// will be.
func Next[T any](faults *FaultInjector, waiting *btree.BTreeG[T], due func(T) time.Time, now time.Time) (T, bool) {
	first, ok := waiting.Min()
	if !ok || !faults.Shuffle || due(first).After(now) {
		return first, ok
	}
	var all []T
	waiting.Scan(func(t T) bool {
		if due(t).After(now) {
			return false
		}
		all = append(all, t)
		return true
	})
	return all[faults.random.IntN(len(all))], true
}
