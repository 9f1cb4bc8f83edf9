package billing

import (
	"math"
	"math/bits"
	"time"
)

// levelKey is what a level belongs to.
type levelKey struct {
	item Item
	name string
}

// level is how much of an item exists under a name, integrated over time.
type level struct {
	amount int64
	at     time.Time // until when it is integrated
	date   Date      // of at
	end    time.Time // of date

	// The amount times nanoseconds that no counter has yet, in 128 bits: a terabyte fills 64 bits in nine
	// milliseconds.
	high, low uint64
}

// integrate adds the time until now, each day's share to that day.
func (l *level) integrate(now time.Time, c *counter, name string) {
	for !now.Before(l.end) {
		l.accumulate(l.end)
		l.flush(c, name)
		l.date = DateOf(l.end)
		_, l.end = l.date.bounds()
	}
	if now.Before(l.at) { // the machine's clock was set back
		l.at, l.date = now, DateOf(now)
		_, l.end = l.date.bounds()
		return
	}
	l.accumulate(now)
}

// accumulate adds the time until t, which is on the same day.
func (l *level) accumulate(t time.Time) {
	if elapsed := t.Sub(l.at); elapsed > 0 {
		high, low := bits.Mul64(uint64(l.amount), uint64(elapsed))
		var carry uint64
		l.low, carry = bits.Add64(l.low, low, 0)
		l.high, _ = bits.Add64(l.high, high, carry)
	}
	l.at = t
}

// flush adds the whole seconds to the day's sums and keeps the fraction of a second.
func (l *level) flush(c *counter, name string) {
	const second = uint64(time.Second)
	seconds := int64(math.MaxInt64)
	if l.high < second/2 { // or the quotient does not fit
		var whole uint64
		whole, l.low = bits.Div64(l.high, l.low, second)
		seconds = int64(whole)
	} else {
		l.low = 0
	}
	l.high = 0
	if seconds > 0 {
		c.addOn(l.date, Cause{Collection: name}, seconds)
	}
}
