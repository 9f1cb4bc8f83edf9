package billing

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Usage is what a [Meter] has counted until a moment.
type Usage struct {
	// Since is when the counting began and Until the moment.
	Since time.Time `json:"since"`
	Until time.Time `json:"until"`
	// Days are the days on which something was counted, in order.
	Days []Day `json:"days"`
}

// Day is what was counted on a day.
type Day struct {
	Date Date `json:"date"`
	// Amounts are in the order of the items and of their causes.
	Amounts []Amount `json:"amounts"`
}

// Amount is an amount of an item for a cause: of a stored item, its level integrated over the seconds of the
// day.
type Amount struct {
	Item   Item  `json:"item"`
	Cause  Cause `json:"cause"`
	Amount int64 `json:"amount"`
}

// Usage returns what has been counted until now.
func (m *Meter) Usage() Usage {
	if m == nil {
		return Usage{}
	}
	m.mu.Lock()
	now := m.clock.Now().Round(0)
	for key, l := range m.levels {
		l.integrate(now, m.counters[key.item], key.name)
		l.flush(m.counters[key.item], key.name)
	}
	since := m.since
	m.mu.Unlock()
	sums := daySums{}
	for item, c := range m.counters {
		c.each(func(date Date, amounts map[Cause]int64) {
			for cause, amount := range amounts {
				sums.add(date, item, cause, amount)
			}
		})
	}
	return Usage{Since: since.UTC(), Until: now.UTC(), Days: sums.days()}
}

// Amount returns how much of an item was counted, of every cause on every day.
func (u Usage) Amount(item Item) int64 {
	return u.AmountOf(item, func(Cause) bool { return true })
}

// AmountOf returns how much of an item was counted for the causes that is accepts.
func (u Usage) AmountOf(item Item, is func(Cause) bool) int64 {
	var sum int64
	for _, day := range u.Days {
		for _, a := range day.Amounts {
			if a.Item == item && is(a.Cause) {
				sum = addSaturated(sum, a.Amount)
			}
		}
	}
	return sum
}

// Between returns what was counted after from and until to, two usages of the same meter.
//
// A cause whose amount is smaller in to than in from is one that the meter had no room for meanwhile. Its
// amount is in that of [Other], from which the difference is taken.
func Between(from, to Usage) Usage {
	sums, missing := daySums{}, daySums{}
	for _, day := range to.Days {
		for _, a := range day.Amounts {
			sums.add(day.Date, a.Item, a.Cause, a.Amount)
		}
	}
	for _, day := range from.Days {
		for _, a := range day.Amounts {
			left := a.Amount - sums.take(day.Date, a.Item, a.Cause, a.Amount)
			if left > 0 {
				missing.add(day.Date, a.Item, a.Cause, left)
			}
		}
	}
	for _, day := range missing.days() {
		for _, a := range day.Amounts {
			left := a.Amount - sums.take(day.Date, a.Item, a.Cause.withOtherUser(), a.Amount)
			sums.take(day.Date, a.Item, otherCause, left)
		}
	}
	return Usage{Since: from.Until, Until: to.Until, Days: sums.days()}
}

// months returns the months in which something was counted, the latest first.
func (u Usage) months() []Month {
	months := []Month{}
	for _, day := range slices.Backward(u.Days) {
		if month := day.Date.Month(); len(months) == 0 || months[len(months)-1] != month {
			months = append(months, month)
		}
	}
	return months
}

// check rejects a usage that no meter returns.
func (u Usage) check() error {
	for i, day := range u.Days {
		if err := day.Date.check(); err != nil {
			return err
		}
		if i > 0 && day.Date <= u.Days[i-1].Date {
			return fmt.Errorf("the days are not in order: %s is after %s", day.Date, u.Days[i-1].Date)
		}
		for _, a := range day.Amounts {
			if !a.Item.known() {
				return fmt.Errorf("%s: there is no item %q", day.Date, string(a.Item))
			}
			if a.Amount <= 0 {
				return fmt.Errorf("%s: the amount of %s is %d", day.Date, a.Item, a.Amount)
			}
		}
	}
	return nil
}

// daySums has sums by day, item and cause.
type daySums map[Date]map[Item]map[Cause]int64

func (s daySums) add(date Date, item Item, cause Cause, amount int64) {
	byItem := s[date]
	if byItem == nil {
		byItem = map[Item]map[Cause]int64{}
		s[date] = byItem
	}
	byCause := byItem[item]
	if byCause == nil {
		byCause = map[Cause]int64{}
		byItem[item] = byCause
	}
	byCause[cause] = addSaturated(byCause[cause], amount)
}

// take subtracts up to an amount and returns how much it was.
func (s daySums) take(date Date, item Item, cause Cause, amount int64) int64 {
	byCause := s[date][item]
	taken := min(amount, byCause[cause])
	if taken <= 0 {
		return 0
	}
	if byCause[cause] -= taken; byCause[cause] == 0 {
		delete(byCause, cause)
	}
	return taken
}

// days returns the sums in order.
func (s daySums) days() []Day {
	days := []Day{}
	for _, date := range slices.Sorted(maps.Keys(s)) {
		day := Day{Date: date}
		for _, info := range items {
			first := len(day.Amounts)
			for cause, amount := range s[date][info.item] {
				day.Amounts = append(day.Amounts, Amount{info.item, cause, amount})
			}
			slices.SortFunc(day.Amounts[first:], func(a, b Amount) int { return compareCauses(a.Cause, b.Cause) })
		}
		if len(day.Amounts) > 0 {
			days = append(days, day)
		}
	}
	return days
}

// String lists the totals: "3 firestore.reads, 1 firestore.writes".
func (u Usage) String() string {
	totals := map[Item]int64{}
	for _, day := range u.Days {
		for _, a := range day.Amounts {
			totals[a.Item] = addSaturated(totals[a.Item], a.Amount)
		}
	}
	var parts []string
	for _, info := range items {
		if n := totals[info.item]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, info.item))
		}
	}
	return cmp.Or(strings.Join(parts, ", "), "nothing")
}
