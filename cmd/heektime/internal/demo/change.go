package demo

import (
	"math/rand/v2"
	"slices"
	"time"
)

// Change is one thing that became different in a term's list.
type Change struct {
	Year       int
	Term       string // as the server spells it, for instance 2R
	Identifier string // course code and section, as in a course list
	What       What
}

// What says how a lecture changed.
type What string

const (
	TimeMoved   What = "time moved"
	RoomChanged What = "room changed"
	Added       What = "added"
	Removed     What = "removed"
)

// Change changes n different lectures in each term that is not over, in turn: a time moved, a room changed, a lecture added, one removed.
// A list that is shorter changes as a whole. What happens follows from the seed and the calls before, so two
// universities that were treated alike stay alike.
func (u *University) Change(n int) []Change {
	u.mu.Lock()
	defer u.mu.Unlock()
	var all []Change
	for _, l := range u.lists {
		if !l.changing {
			continue
		}
		var done []Change
		l.sections, done = u.alter(l, n, l.random, l.changes)
		l.changes += len(done)
		all = append(all, done...)
	}
	u.show()
	return all
}

// A slot of Drift lasts 10 minutes and has a handful of changes of its own.
const (
	slotSeconds = 600
	slotChanges = 5
)

// Drift lets the university live: in every ten minutes of the clock, a handful of lectures in each term that is not over
// differ from the rest of the day. The list depends on nothing but the seed, the calls of [University.Change] and the ten
// minutes that now is in; so a restart does not look like a change. Calling it often costs nothing.
func (u *University) Drift(now time.Time) {
	slot := now.Unix() / slotSeconds
	u.mu.Lock()
	defer u.mu.Unlock()
	if slot != u.slot {
		u.slot = slot
		u.show()
	}
}

// show puts the slot's drift over the lists.
func (u *University) show() {
	for i, l := range u.lists {
		l.shown = l.sections
		if l.changing && u.slot != 0 {
			random := rand.New(rand.NewPCG(u.seed+uint64(i), uint64(u.slot)))
			l.shown, _ = u.alter(l, slotChanges, random, int(u.slot%4))
		}
	}
}

// alter returns a copy of the list with n changes, the kinds of which take turns from start.
func (u *University) alter(l *list, n int, random *rand.Rand, start int) ([]section, []Change) {
	n = min(max(n, 0), len(l.sections))
	sections := slices.Clone(l.sections)
	changes := make([]Change, 0, n)
	var removed []int
	for i, at := range random.Perm(len(sections))[:n] {
		s := &sections[at]
		what := []What{TimeMoved, RoomChanged, Added, Removed}[(start+i)%4]
		if what == RoomChanged && len(s.meetings) == 0 {
			what = TimeMoved
		}
		if what == Removed && len(removed)+1 == len(l.sections) {
			what = TimeMoved // an emptied list is a failure, not a change
		}
		switch what {
		case TimeMoved:
			s.meetings = moved(random, s.meetings)
		case RoomChanged:
			s.meetings = slices.Clone(s.meetings)
			for old := s.meetings[0].room; s.meetings[0].room == old; {
				s.meetings[0].room = newRoom(random)
			}
		case Removed:
			removed = append(removed, at)
		case Added:
			class := freeClass(sections, s.course)
			if class > 99 {
				what, s.meetings = TimeMoved, moved(random, s.meetings)
				break
			}
			sections = append(sections, newSection(random, u.staff, s.course, class))
			s = &sections[len(sections)-1]
		}
		changes = append(changes, Change{l.year, l.term, s.identifier(), what})
	}
	slices.Sort(removed)
	for _, at := range slices.Backward(removed) {
		sections = slices.Delete(sections, at, at+1)
	}
	return sections, changes
}

// moved puts the first meeting on a weekday that has none. A lecture without a time gets one.
func moved(random *rand.Rand, meetings []meeting) []meeting {
	if len(meetings) == 0 {
		period := 1 + random.IntN(6)
		return []meeting{{random.IntN(5), period, period + 1, newRoom(random)}}
	}
	meetings = slices.Clone(meetings)
	for {
		day := random.IntN(5)
		if !slices.ContainsFunc(meetings, func(m meeting) bool { return m.day == day }) {
			meetings[0].day = day
			return meetings
		}
	}
}

// freeClass is one above the course's highest section.
func freeClass(sections []section, c *course) int {
	class := 0
	for i := range sections {
		if sections[i].course == c {
			class = max(class, sections[i].class+1)
		}
	}
	return class
}
