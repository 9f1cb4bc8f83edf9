package pushplan

import (
	"slices"
	"time"

	"heek.kr/heektime/internal/listdiff"
	"heek.kr/heektime/internal/schema"
)

// Message is what students of one lecture are told.
type Message struct {
	// Identifier and Title are those of the lecture now, or before it was removed. Former is its code before.
	Identifier, Former, Title string
	// Topics are the codes that students may have for it.
	Topics []string
	// Before and After have the fields that differ and that a student needs, as in a change.
	Before, After map[string]any
	// Removed lectures are no longer in the list, Returned ones are in it again.
	Removed, Returned bool
	// Undone means that an earlier message of this day no longer applies.
	Undone bool
	// Day is the day in Seoul. Messages of one lecture and day replace each other.
	Day string
	// Through is the time of the last change that the message is about.
	Through time.Time
	// Sent are the topics, with language, that have got the message already.
	Sent []string

	// The lecture's entry in the state.
	stored string
	told   time.Time
}

// needed are the fields that students are notified of. Nobody misses a class because of the others.
var needed = []string{schema.FieldTimes, schema.FieldProfessor, schema.FieldTitle, schema.FieldCredit}

// Concerns reports whether students may be notified of how a lecture changed.
func Concerns(l *schema.LectureChange) bool {
	return l.Kind != schema.LectureChanged || slices.ContainsFunc(needed, func(name string) bool { _, changed := l.After[name]; return changed })
}

// usable reports whether a change can be sent. Students know of no first list, and one in which too much
// changes is a new list for everybody.
func usable(c *schema.Change) bool { return c.From != "" && c.Complete }

// track is what happened to one lecture, whatever its code.
type track struct {
	code  string // now
	steps []step
	entry schema.PushedLecture
}

// step is one change of a lecture.
type step struct {
	at           time.Time
	from, to     string // its code
	title        string
	before       map[string]any
	after        map[string]any
	kind         schema.ChangeKind
	wasIn, nowIn bool // the list
}

// follow returns what happened to each lecture, and to those of the state.
func follow(changes []schema.Change, s State) []*track {
	f := follower{byCode: map[string]*track{}, through: s.Through}
	pending := slices.Clone(s.Lectures)
	slices.SortStableFunc(pending, func(a, b schema.PushedLecture) int { return a.Told.Compare(b.Told) })
	attach := func(before time.Time) {
		for len(pending) > 0 && (before.IsZero() || pending[0].Told.Before(before)) {
			f.of(pending[0].Identifier).entry = pending[0]
			pending = pending[1:]
		}
	}
	for i := range changes {
		attach(changes[i].At)
		if usable(&changes[i]) {
			f.apply(&changes[i])
		}
	}
	attach(time.Time{})
	return f.all
}

type follower struct {
	all     []*track
	byCode  map[string]*track
	through time.Time
}

// of returns the track of the lecture that has a code at present.
func (f *follower) of(code string) *track {
	t := f.byCode[code]
	if t == nil {
		t = &track{code: code, entry: schema.PushedLecture{Told: f.through}}
		f.all, f.byCode[code] = append(f.all, t), t
	}
	return t
}

// apply adds a change. Codes move all at the same time: lectures may exchange theirs.
func (f *follower) apply(c *schema.Change) {
	moved := map[string]*track{}
	for _, l := range c.Lectures {
		if l.Kind == schema.LectureMoved {
			moved[l.Identifier] = f.of(formerCode(l))
		}
	}
	for _, t := range moved {
		delete(f.byCode, t.code)
	}
	for _, l := range c.Lectures {
		t, from := (*track)(nil), l.Identifier
		if l.Kind == schema.LectureMoved {
			t, from = moved[l.Identifier], formerCode(l)
		} else {
			t = f.of(l.Identifier)
		}
		t.code = l.Identifier
		t.steps = append(t.steps, step{
			at: c.At, from: from, to: l.Identifier, title: l.Title, before: l.Before, after: l.After, kind: l.Kind,
			wasIn: l.Kind != schema.LectureAdded, nowIn: l.Kind != schema.LectureRemoved,
		})
	}
	for code, t := range moved {
		f.byCode[code] = t
	}
}

// formerCode returns the code that a lecture had before it moved.
func formerCode(l schema.LectureChange) string {
	code, _ := l.Before[schema.FieldIdentifier].(string)
	return code
}

// codeAt returns the code that the lecture had at a time.
func (t *track) codeAt(at time.Time) string {
	for _, s := range t.steps {
		if s.at.After(at) {
			return s.from
		}
	}
	return t.code
}

// last returns the time of the last change, or told if there is none.
func (t *track) last(told time.Time) time.Time {
	if n := len(t.steps); n > 0 && t.steps[n-1].at.After(told) {
		return t.steps[n-1].at
	}
	return told
}

// goneAt reports whether the lecture was not in the list at a time.
func (t *track) goneAt(at time.Time) (gone bool) {
	for _, s := range t.steps {
		if !s.at.After(at) {
			gone = !s.nowIn
		}
	}
	return gone
}

// message returns what students have not been told, nil if nothing.
//
// On the device it replaces the messages of this day, so it says what those said, too. And it says what no longer
// applies of what they said: a field that is as it was before all of them is news for those who got one.
func (t *track) message(entry schema.PushedLecture, today bool) *Message {
	news := []*Message{t.messageAfter(entry.Told, entry.Gone)}
	if !entry.Perhaps.IsZero() {
		news = append(news, t.messageAfter(entry.Perhaps, t.goneAt(entry.Perhaps)))
	}
	if !slices.ContainsFunc(news, func(m *Message) bool { return m != nil }) {
		return nil
	}
	if today {
		news = slices.Insert(news, 0, t.messageAfter(entry.Base, true))
	}
	message := news[0]
	for _, m := range news[1:] {
		switch {
		case m == nil:
		case message == nil:
			message = m
			message.Undone = true
		default:
			message.add(m)
		}
	}
	return message
}

// messageAfter returns how the lecture differs from what it was after a change at a time, nil if in nothing
// that students are told. gone means that it was in their timetables, but not in the list.
func (t *track) messageAfter(told time.Time, gone bool) *Message {
	i := slices.IndexFunc(t.steps, func(s step) bool { return s.at.After(told) })
	if i < 0 {
		return nil
	}
	steps := t.steps[i:]
	first, last := steps[0], steps[len(steps)-1]
	m := &Message{
		Identifier: last.to, Former: first.from, Title: last.title,
		Before: map[string]any{}, After: map[string]any{}, Removed: first.wasIn && !last.nowIn,
	}
	switch {
	case m.Removed:
		return m
	case !last.nowIn: // added and removed again
		return nil
	case !first.wasIn:
		// Only a lecture that was there before can be in a timetable.
		if m.Returned = gone; gone {
			return m
		}
		return nil
	}
	before, after := map[string]any{}, map[string]any{}
	for _, s := range steps {
		for name, value := range s.before {
			if _, known := before[name]; !known {
				before[name] = value
			}
		}
		for name, value := range s.after {
			after[name] = value
		}
	}
	for _, name := range listdiff.Fields(before, after) {
		if slices.Contains(needed, name) {
			m.Before[name], m.After[name] = before[name], after[name]
		}
	}
	if len(m.After) == 0 && m.Identifier == m.Former {
		return nil
	}
	return m
}

// add adds what a newer message says and m does not, because it was undone since.
func (m *Message) add(newer *Message) {
	m.Returned = m.Returned || newer.Returned
	for name, value := range newer.After {
		if _, known := m.After[name]; !known {
			m.Before[name], m.After[name] = newer.Before[name], value
		}
	}
	if m.Former == m.Identifier {
		m.Former = newer.Former
	}
}
