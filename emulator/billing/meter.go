package billing

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"heek.kr/heektime/emulator/clock"
)

// Meter counts amounts by day, item and cause. A nil Meter counts nothing. It is safe for concurrent use.
//
// It keeps a bounded number of causes for each day and item. When there are more, it keeps the dearest users
// with all that they did, and adds those of the others up under the user [Other]; if that is not enough, it
// keeps the dearest causes and adds the others up under [Other] alone. Nothing is lost from the totals.
type Meter struct {
	clock    *clock.Clock
	counters map[Item]*counter // of every item; never changes
	changed  atomic.Bool       // since the last save

	mu     sync.Mutex
	since  time.Time
	levels map[levelKey]*level
	active map[Month]map[uint64]struct{} // hashes of the active users' uids

	file *file // nil when the meter is in memory
}

// NewMeter returns a meter without any counts.
func NewMeter(c *clock.Clock) *Meter {
	m := &Meter{
		clock: c, counters: map[Item]*counter{}, since: c.Now(),
		levels: map[levelKey]*level{}, active: map[Month]map[uint64]struct{}{},
	}
	for _, info := range items {
		m.counters[info.item] = &counter{past: map[Date]map[Cause]int64{}}
	}
	return m
}

// Add adds an amount of an item. It ignores amounts that are not positive.
func (m *Meter) Add(item Item, cause Cause, amount int64) {
	if m != nil && amount > 0 {
		m.AddAt(m.clock.Now(), item, cause, amount)
	}
}

// AddAt is [Meter.Add] for a caller that knows the time of the meter's clock, which is half of Add's work.
func (m *Meter) AddAt(now time.Time, item Item, cause Cause, amount int64) {
	if m == nil || amount <= 0 {
		return
	}
	m.counter(item).add(now, cause, amount)
	if !m.changed.Load() { // a store would take the cache line from other processors each time
		m.changed.Store(true)
	}
}

// Now returns the time of the meter's clock, and the zero time for a nil Meter.
func (m *Meter) Now() time.Time {
	if m == nil {
		return time.Time{}
	}
	return m.clock.Now()
}

// Total returns how much of an item has been added since the program began. It is cheap: what a minute costs is
// the difference of two. What is stored is not in it.
func (m *Meter) Total(item Item) int64 {
	if m == nil {
		return 0
	}
	c := m.counter(item)
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.total
}

// counter returns an item's counter. An item that is not in the table has no price: a bug of the caller.
func (m *Meter) counter(item Item) *counter {
	c := m.counters[item]
	if c == nil {
		panic("billing: the item " + string(item) + " is missing in the table of items")
	}
	return c
}

// SetLevel says how much of a stored item exists from now on. name distinguishes what is stored: a
// database, a bucket, a job. The amounts of one item's names add up. A name whose amount is 0 is forgotten.
func (m *Meter) SetLevel(item Item, name string, amount int64) {
	if m == nil {
		return
	}
	counter, key := m.counter(item), levelKey{item, name}
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.clock.Now().Round(0) // without the monotonic reading: days are of the wall clock
	l := m.levels[key]
	if l == nil {
		if amount <= 0 {
			return
		}
		l = &level{at: now, date: DateOf(now)}
		_, l.end = l.date.bounds()
		m.levels[key] = l
	}
	l.integrate(now, counter, name)
	if l.amount = max(amount, 0); l.amount == 0 {
		l.flush(counter, name)
		delete(m.levels, key)
	}
	m.changed.Store(true)
}

// ActiveUser counts a user of Authentication as active in the current month.
func (m *Meter) ActiveUser(uid string) {
	if m == nil || uid == "" {
		return
	}
	now := m.clock.Now()
	month, hash := MonthOf(now), hashUID(uid)
	m.mu.Lock()
	users := m.active[month]
	if users == nil {
		users = map[uint64]struct{}{}
		m.active[month] = users
	}
	_, known := users[hash]
	users[hash] = struct{}{}
	m.mu.Unlock()
	if !known {
		m.counter(AuthActiveUsers).add(now, Cause{User: uid}, 1)
		m.changed.Store(true)
	}
}

// hashUID shortens a uid to eight bytes, so that a million active users are no burden. Among a million, the
// probability that two have the same hash is less than one in ten million.
func hashUID(uid string) uint64 {
	sum := sha256.Sum256([]byte(uid))
	return binary.LittleEndian.Uint64(sum[:])
}

// addSaturated adds without overflow.
func addSaturated(a, b int64) int64 {
	if sum := a + b; sum >= a {
		return sum
	}
	return math.MaxInt64
}
