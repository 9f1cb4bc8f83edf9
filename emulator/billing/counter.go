package billing

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"
)

// How many causes a meter keeps for each item: before it makes room on the current day, after it has, and of
// each past day. Variables, because a test lowers them.
var (
	maxCauses     = 8192
	keptCauses    = 4096
	maxPastCauses = 1024
)

// counter has the sums of an item. Each item has its own, so that calls about different items do not wait for
// each other.
type counter struct {
	mu       sync.Mutex
	from, to int64 // the current day, in nanoseconds since 1970
	date     Date  // "" before the first amount
	total    int64 // since the program began
	sums     map[Cause]int64
	past     map[Date]map[Cause]int64
}

// add adds an amount to the sums of the day of now.
func (c *counter) add(now time.Time, cause Cause, amount int64) {
	at := now.UnixNano()
	c.mu.Lock()
	defer c.mu.Unlock()
	if at < c.from || at >= c.to {
		c.turnTo(DateOf(now))
	}
	c.total += amount
	c.sums[cause] += amount // nothing happens 2^63 times a day; one access of the map is a fifth of the time
	if len(c.sums) > maxCauses {
		c.sums = fold(c.sums, keptCauses)
	}
}

// addOn adds an amount to the sums of a day.
func (c *counter) addOn(date Date, cause Cause, amount int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	sums := c.past[date]
	if date == c.date {
		sums = c.sums
	}
	if sums == nil {
		sums = map[Cause]int64{}
		c.past[date] = sums
	}
	sums[cause] = addSaturated(sums[cause], amount)
}

// turnTo makes a day the current one. It may be one before: the machine's clock can be set back.
func (c *counter) turnTo(date Date) {
	if len(c.sums) > 0 {
		c.past[c.date] = fold(c.sums, maxPastCauses)
	}
	from, to := date.bounds()
	c.date, c.from, c.to = date, from.UnixNano(), to.UnixNano()
	c.sums = c.past[date]
	delete(c.past, date)
	if c.sums == nil {
		c.sums = map[Cause]int64{}
	}
}

// each calls f for each day with its sums. f must not keep them.
func (c *counter) each(f func(date Date, sums map[Cause]int64)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for date, sums := range c.past {
		f(date, sums)
	}
	if len(c.sums) > 0 {
		f(c.date, c.sums)
	}
}

// fold returns sums with at most about this many causes: see [Meter].
func fold(sums map[Cause]int64, most int) map[Cause]int64 {
	if len(sums) <= most {
		return sums
	}
	sums = foldUsers(sums, most)
	if len(sums) <= most {
		return sums
	}
	causes := make([]Cause, 0, len(sums))
	for cause := range sums {
		if cause != otherCause {
			causes = append(causes, cause)
		}
	}
	slices.SortFunc(causes, func(a, b Cause) int { return cmp.Or(cmp.Compare(sums[b], sums[a]), compareCauses(a, b)) })
	folded := make(map[Cause]int64, most)
	for _, cause := range causes[:most-1] {
		folded[cause] = sums[cause]
	}
	rest := sums[otherCause]
	for _, cause := range causes[most-1:] {
		rest = addSaturated(rest, sums[cause])
	}
	folded[otherCause] = rest
	return folded
}

// foldUsers adds up the less dear users. The dearest keep half of the room.
func foldUsers(sums map[Cause]int64, most int) map[Cause]int64 {
	type spending struct {
		user   string
		amount int64
		causes int
	}
	byUser := map[string]*spending{}
	for cause, amount := range sums {
		s := byUser[cause.User]
		if s == nil {
			s = &spending{user: cause.User}
			byUser[cause.User] = s
		}
		s.amount = addSaturated(s.amount, amount)
		s.causes++
	}
	all := make([]*spending, 0, len(byUser))
	for _, s := range byUser {
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b *spending) int {
		return cmp.Or(cmp.Compare(b.amount, a.amount), strings.Compare(a.user, b.user))
	})
	kept, room := map[string]bool{"": true, Other: true}, most/2
	for _, s := range all {
		if kept[s.user] {
			continue
		}
		if room -= s.causes; room < 0 {
			break
		}
		kept[s.user] = true
	}
	folded := map[Cause]int64{}
	for cause, amount := range sums {
		if !kept[cause.User] {
			cause = cause.withOtherUser()
		}
		folded[cause] = addSaturated(folded[cause], amount)
	}
	return folded
}

func compareCauses(a, b Cause) int {
	return cmp.Or(strings.Compare(a.User, b.User), strings.Compare(a.Service, b.Service),
		strings.Compare(a.Action, b.Action), strings.Compare(a.Collection, b.Collection))
}
