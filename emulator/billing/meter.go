package billing

import (
	"sync"

	"heek.kr/heektime/emulator/clock"
)

// Meter counts amounts by day, item and cause. A nil Meter counts nothing. It is safe for concurrent use.
type Meter struct {
	clock *clock.Clock
	mu    sync.Mutex
	sums  map[entry]int64
}

type entry struct {
	day   string // in Pacific time, YYYY-MM-DD
	item  Item
	cause Cause
}

// NewMeter returns a meter without any counts.
func NewMeter(c *clock.Clock) *Meter {
	return &Meter{clock: c, sums: map[entry]int64{}}
}

// Add adds an amount of an item.
func (m *Meter) Add(item Item, cause Cause, amount int64) {
	if m == nil || amount == 0 {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sums[entry{item: item, cause: cause}] += amount
}

// SetLevel says how much of a stored item exists from now on. name distinguishes what is stored: a
// database, a bucket, a job.
func (m *Meter) SetLevel(item Item, name string, amount int64) {}

// ActiveUser counts a user of Authentication as active in the current month.
func (m *Meter) ActiveUser(uid string) {}
