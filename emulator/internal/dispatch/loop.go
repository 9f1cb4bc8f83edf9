package dispatch

import (
	"sync"
	"time"

	"github.com/tidwall/btree"

	"heek.kr/heektime/emulator/clock"
	"heek.kr/heektime/emulator/internal/signal"
)

// Loop calls start at once, whenever wake fires, and when the time comes that start returned; the zero time means that
// nothing is to be done before wake. It ends when over says so. Both are called with mu held, which guards wake, too.
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

// Next is what to send next of what waits, in the order of its times: the one that has been due for longest, or any that
// is due when [Faults.Shuffle] says so. When none is due it is the first that will be.
func Next[T any](m *FaultInjector, waiting *btree.BTreeG[T], due func(T) time.Time, now time.Time) (T, bool) {
	first, ok := waiting.Min()
	if !ok || !m.Shuffle || due(first).After(now) {
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
	return all[m.random.IntN(len(all))], true
}
