package demo

import (
	"math/rand/v2"
	"slices"
	"time"
)

// Change is one change to the list of a term.
type Change struct {
	Year       int
	Term       string // Korea University's code, such as 2R
	Identifier string // course code and section, as in a course list
	Kind       ChangeKind
}

// ChangeKind is how a lecture changed.
type ChangeKind string

const (
	TimeMoved   ChangeKind = "time moved"
	RoomChanged ChangeKind = "room changed"
	Added       ChangeKind = "added"
	Removed     ChangeKind = "removed"
)

// Change makes n changes, or one for each lecture if there are fewer, to the list of each term that is
// not over. The kinds of change alternate. The result depends only on the seed and earlier calls, so
// two universities with the same seed and calls stay equal.
func (u *University) Change(n int) []Change {
	u.mu.Lock()
	defer u.mu.Unlock()
	var all []Change
	for _, l := range u.lists {
		if !l.changing {
			continue
		}
		var done []Change
		l.sections, done = u.changed(l, n, l.random, l.changes)
		l.changes += len(done)
		all = append(all, done...)
	}
	u.applyDrift()
	return all
}

// A time slot of Drift lasts 10 minutes and has its own changes.
const (
	slotSeconds = 600
	slotChanges = 5
)

// Drift keeps the lists changing: in each slot of ten minutes, a few lectures of each term that is not
// over differ from the base list. The result depends only on the seed, the calls of [University.Change]
// and the slot that contains now, so a restart does not look like a change. Frequent calls are cheap.
func (u *University) Drift(now time.Time) {
	slot := now.Unix() / slotSeconds
	u.mu.Lock()
	defer u.mu.Unlock()
	if slot != u.slot {
		u.slot = slot
		u.applyDrift()
	}
}

// applyDrift applies the drift of the current slot to the lists.
func (u *University) applyDrift() {
	for i, l := range u.lists {
		l.shown = l.sections
		if l.changing && u.slot != 0 {
			random := rand.New(rand.NewPCG(u.seed+uint64(i), uint64(u.slot)))
			l.shown, _ = u.changed(l, slotChanges, random, int(u.slot%4))
		}
	}
}

// changed returns a copy of the list with n changes, whose kinds alternate beginning with kind start.
func (u *University) changed(l *termList, n int, random *rand.Rand, start int) ([]section, []Change) {
	n = min(max(n, 0), len(l.sections))
	sections := slices.Clone(l.sections)
	changes := make([]Change, 0, n)
	var removed []int
	for i, at := range random.Perm(len(sections))[:n] {
		s := &sections[at]
		kind := []ChangeKind{TimeMoved, RoomChanged, Added, Removed}[(start+i)%4]
		if kind == RoomChanged && len(s.meetings) == 0 {
			kind = TimeMoved
		}
		if kind == Removed && len(removed)+1 == len(l.sections) {
			kind = TimeMoved // an empty list would be a failure, not a change
		}
		switch kind {
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
			class := nextClass(sections, s.course)
			if class > 99 {
				kind, s.meetings = TimeMoved, moved(random, s.meetings)
				break
			}
			sections = append(sections, newSection(random, u.staff, s.course, class))
			s = &sections[len(sections)-1]
		}
		changes = append(changes, Change{l.year, l.term, s.identifier(), kind})
	}
	slices.Sort(removed)
	for _, at := range slices.Backward(removed) {
		sections = slices.Delete(sections, at, at+1)
	}
	return sections, changes
}

// moved moves the first meeting to a weekday without a meeting. A lecture without a time gets one.
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

// nextClass returns the number after the course's highest section number.
func nextClass(sections []section, c *course) int {
	class := 0
	for i := range sections {
		if sections[i].course == c {
			class = max(class, sections[i].class+1)
		}
	}
	return class
}
