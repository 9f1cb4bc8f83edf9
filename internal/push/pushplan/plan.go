// Package pushplan decides which changes of a course list students are notified of, and when. It has no clock
// and no clients: [Make] computes everything from the change documents, from what was sent before, and from
// the time.
//
//   - Nobody is notified between 22:00 and 8:00 in Seoul. What changed at night is one message in the morning.
//   - A lecture has at most two messages a day, and the second replaces the first on the device: a room that
//     changes is news, and so is its way back. What happens after that waits until the next morning.
//   - A message says what differs from what students were last told, so a change that is undone before its
//     message is sent says nothing.
//
// The days are Seoul's.
package pushplan

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"heek.kr/heektime/internal/schema"
)

const (
	// maxPerDay is how many messages about one lecture are sent on a day.
	maxPerDay = 2
	// Window is how long a change is news. Changes that are older are not sent, if none could be sent for so
	// long.
	Window = 48 * time.Hour
	// MaxLectures bounds the lectures of the stored state. One takes some 200 bytes, and its topics, while they are
	// sent, 200 more; a document has at most 1 MiB.
	MaxLectures = 2000
	// maxMoves bounds the codes in it.
	maxMoves = 2000
)

// Plan says what to do at one time.
type Plan struct {
	// Due are the messages to send now, by identifier.
	Due []Message
	// ListDue means that students are to be told now that the list changed, without its lectures. Record with
	// [State.ListSent] that they were.
	ListDue bool
	// Next is when to plan again, zero if only a new change can be a reason.
	Next time.Time
	// State is what to store. Record with [State.Sending] and [State.Sent] what is sent.
	State State
}

// State is what students have been told. It is the content of a [schema.Push] document.
type State schema.Push

// From returns the time from which the changes are needed to plan at a time: those after it.
func (s State) From(now time.Time) time.Time {
	from := s.Through
	for _, l := range s.Lectures {
		from = earlier(from, earlier(l.Told, l.Base))
	}
	if oldest := now.Add(-Window); from.Before(oldest) {
		return oldest
	}
	return from
}

func earlier(a, b time.Time) time.Time {
	if b.IsZero() || a.Before(b) {
		return a
	}
	return b
}

// Make plans what students are notified of at a time. changes are the change documents after
// [State.From], the oldest first.
func Make(changes []schema.Change, s State, now time.Time) Plan {
	if s.Through.IsZero() {
		s.Through = now.Add(-Window)
	}
	p := Plan{State: State{
		Through: s.Through, Moves: slices.Clone(s.Moves), Removed: slices.Clone(s.Removed), ListChanged: s.ListChanged, ListTold: s.ListTold,
	}}
	for _, t := range follow(changes, s) {
		p.add(t, s, now)
	}
	for i := range changes {
		p.State.consider(&changes[i], s.Through)
	}
	for i := range p.Due {
		m := &p.Due[i]
		m.Topics = p.State.codes(m)
	}
	slices.SortFunc(p.Due, func(a, b Message) int { return strings.Compare(a.Identifier, b.Identifier) })
	p.addList(changes, s.Through, now)
	p.State.bound()
	return p
}

// addList plans the message that tells students only that the list changed: their lectures cannot be compared, or too
// many of them differ. There is one a day at most.
func (p *Plan) addList(changes []schema.Change, through, now time.Time) {
	for i := range changes {
		if c := &changes[i]; c.At.After(through) && c.From != "" && !c.Complete && c.Removed+c.Changed+c.Moved > 0 {
			p.State.ListChanged = c.At
		}
	}
	switch {
	case p.State.ListChanged.IsZero():
	case now.Sub(p.State.ListChanged) > Window:
		p.State.ListChanged = time.Time{}
	case IsQuiet(now), !p.State.ListTold.IsZero() && sameDay(p.State.ListTold, now):
		p.later(now)
	default:
		p.ListDue = true
	}
}

// later plans again in the morning.
func (p *Plan) later(now time.Time) {
	if at := NextMorning(now); p.Next.IsZero() || at.Before(p.Next) {
		p.Next = at
	}
}

// ListSent records that students were told that the list changed.
func (s *State) ListSent(now time.Time) { s.ListChanged, s.ListTold = time.Time{}, now }

// add plans the messages about one lecture.
func (p *Plan) add(t *track, s State, now time.Time) {
	entry := t.entry
	if entry.Identifier == "" {
		entry.Identifier = t.codeAt(entry.Told)
		entry.Gone = slices.Contains(s.Removed, entry.Identifier)
	}
	if !entry.Next.IsZero() && t.last(entry.Told).After(entry.Next) {
		count(&entry) // somebody may have received it
		entry.Perhaps, entry.Tried, entry.Next, entry.Topics = entry.Next, time.Time{}, time.Time{}, nil
	}
	today := !entry.Sent.IsZero() && sameDay(entry.Sent, now)
	if !today {
		entry.Count, entry.Base = 0, time.Time{}
	}
	message := t.message(entry, today)
	if message == nil {
		if today {
			if last := t.last(entry.Told); last.After(entry.Told) {
				entry.Told, entry.Identifier, entry.Gone = last, t.code, t.goneAt(last)
			}
			entry.Perhaps, entry.Tried, entry.Next, entry.Topics = time.Time{}, time.Time{}, time.Time{}, nil
			p.State.Lectures = append(p.State.Lectures, entry)
		}
		return
	}
	p.State.Lectures = append(p.State.Lectures, entry)
	if IsQuiet(now) || today && entry.Count >= maxPerDay {
		p.later(now)
		return
	}
	message.stored, message.told, message.Through = entry.Identifier, entry.Told, t.last(entry.Told)
	message.Day = now.In(Seoul).Format(time.DateOnly)
	if entry.Next.Equal(message.Through) {
		message.Sent = entry.Topics
	}
	p.Due = append(p.Due, *message)
}

// consider records that a change was planned for, and which lectures it removed and moved.
func (s *State) consider(c *schema.Change, through time.Time) {
	if !c.At.After(through) {
		return
	}
	s.Through = c.At
	if !usable(c) {
		return
	}
	now := map[string]string{} // codes of lectures that moved
	used := map[string]bool{}  // codes that lectures have after the change
	for _, l := range c.Lectures {
		switch l.Kind {
		case schema.LectureRemoved:
			if !slices.Contains(s.Removed, l.Identifier) {
				s.Removed = append(s.Removed, l.Identifier)
			}
			continue
		case schema.LectureMoved:
			now[formerCode(l)] = l.Identifier
		}
		used[l.Identifier] = true
	}
	s.Removed = slices.DeleteFunc(s.Removed, func(code string) bool { return used[code] })
	for i := range s.Moves {
		if code, moved := now[s.Moves[i].To]; moved {
			s.Moves[i].To = code
		}
	}
	for _, from := range slices.Sorted(maps.Keys(now)) {
		s.Moves = append(s.Moves, schema.PushedMove{From: from, To: now[from]})
	}
	// A code that a lecture has again says nothing about the one that had it before.
	s.Moves = slices.DeleteFunc(s.Moves, func(m schema.PushedMove) bool { return used[m.From] })
}

// codes returns the codes that students may have for the lecture of a message: the one that they were told last,
// the one that it has now, and all that it had before, because they need not take a move over.
func (s *State) codes(m *Message) []string {
	codes := []string{m.Former}
	for _, code := range append([]string{m.Identifier}, s.formerCodes(m.Identifier)...) {
		if !slices.Contains(codes, code) {
			codes = append(codes, code)
		}
	}
	return codes
}

func (s *State) formerCodes(code string) (former []string) {
	for _, m := range s.Moves {
		if m.To == code {
			former = append(former, m.From)
		}
	}
	return former
}

func (s *State) bound() {
	if more := len(s.Lectures) - MaxLectures; more > 0 {
		// Of some lectures, a third message on a day is better than none of others.
		slices.SortStableFunc(s.Lectures, func(a, b schema.PushedLecture) int {
			if a.Sent.IsZero() || b.Sent.IsZero() {
				return cmp.Or(b.Sent.Compare(a.Sent), a.Told.Compare(b.Told))
			}
			return a.Sent.Compare(b.Sent)
		})
		s.Lectures = s.Lectures[more:]
	}
	s.Moves = s.Moves[max(0, len(s.Moves)-maxMoves):]
	s.Removed = s.Removed[max(0, len(s.Removed)-maxMoves):]
}

// Sending records that a message is about to be sent. If the process dies before it records the outcome, students
// may have got the message.
func (s *State) Sending(m *Message, now time.Time) {
	l := s.entry(m)
	l.Tried, l.Next = now, m.Through
}

// Sent records a message that was sent to all of its topics.
func (s *State) Sent(m *Message) {
	l := s.entry(m)
	told(l, m.Identifier, m.Removed)
}

// NotSent records a message that was sent to some of its topics only, or to none.
func (s *State) NotSent(m *Message, reached []string) {
	l := s.entry(m)
	if l.Topics = reached; len(reached) == 0 {
		l.Tried, l.Next = time.Time{}, time.Time{}
	}
}

// told records that students got the message that was tried last. The lecture had this identifier, or was gone.
func told(l *schema.PushedLecture, identifier string, gone bool) {
	count(l)
	l.Identifier, l.Gone, l.Told = identifier, gone, l.Next
	l.Perhaps, l.Tried, l.Next, l.Topics = time.Time{}, time.Time{}, time.Time{}, nil
}

// count counts the message that was tried last.
func count(l *schema.PushedLecture) {
	if l.Sent.IsZero() || !sameDay(l.Sent, l.Tried) {
		l.Count, l.Base = 0, l.Told
	}
	l.Sent = l.Tried
	l.Count++
}

// entry returns the entry of the lecture that a message of this plan is about.
func (s *State) entry(m *Message) *schema.PushedLecture {
	for i := range s.Lectures {
		if l := &s.Lectures[i]; l.Identifier == m.stored && l.Told.Equal(m.told) {
			return l
		}
	}
	return &schema.PushedLecture{} // bound removed it
}
