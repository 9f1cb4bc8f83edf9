package story

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
)

// The objects of the legacy API. Fields that only one of the servers sends are left out.
type timetableObject struct {
	ID       string              `json:"id"`
	Title    string              `json:"title"`
	User     struct{ ID string } `json:"user"`
	Semester struct{ ID string } `json:"semester"`
	Lectures []lectureObject     `json:"lectures"`
}

type lectureObject struct {
	ID         string       `json:"id,omitempty"`
	Identifier string       `json:"identifier"`
	Title      string       `json:"title"`
	Professor  string       `json:"professor"`
	Credit     float64      `json:"credit"`
	Times      []timeObject `json:"times"`
	Category   []string     `json:"category"`
	Tags       []tagObject  `json:"tags"`
}

type timeObject struct {
	Weekday   int    `json:"weekday"`
	TimeBegin int    `json:"timeBegin"`
	TimeEnd   int    `json:"timeEnd"`
	Room      string `json:"room"`
}

type tagObject struct {
	Name string `json:"name"`
}

// same reports whether two lectures are equal except for their ids.
func (l lectureObject) same(other lectureObject) bool {
	l.ID, other.ID = "", ""
	return reflect.DeepEqual(l, other)
}

// model is what a user's timetables must be. Requests without a response leave it open whether they were
// carried out, until a list shows that they were: then they must stay.
type model struct {
	timetables map[string]*timetable
	// maybe are the titles of timetables that may exist.
	maybe map[string]bool
}

// timetable is a timetable that exists.
type timetable struct {
	id, title string
	lectures  map[string]*lecture
	// maybe are lectures that may exist, by title.
	maybe map[string]lectureObject
}

// lecture is a lecture that exists, unless it may have been deleted.
type lecture struct {
	lectureObject
	// next is what it may be instead, since a PUT had no response; nil if there was none.
	next *lectureObject
	// mayBeGone means that a DELETE had no response.
	mayBeGone bool
}

// settled reports whether it is known what the lecture is. Apps leave others alone: a request without a
// response may still be carried out.
func (l *lecture) settled() bool { return l.next == nil && !l.mayBeGone }

func isLost(err error) bool {
	var l *lost
	return errors.As(err, &l)
}

func (m *model) maybeTimetable(title string) {
	if m.maybe == nil {
		m.maybe = map[string]bool{}
	}
	m.maybe[title] = true
}

func (m *model) addTimetable(t timetableObject) error {
	if m.timetables == nil {
		m.timetables = map[string]*timetable{}
	}
	if m.timetables[t.ID] != nil {
		return fmt.Errorf("a new timetable has the id %s of another", t.ID)
	}
	added := &timetable{id: t.ID, title: t.Title, lectures: map[string]*lecture{}}
	m.timetables[t.ID] = added
	for _, l := range t.Lectures {
		if err := added.addLecture(l.ID, l); err != nil {
			return err
		}
	}
	return nil
}

func (t *timetable) addLecture(id string, l lectureObject) error {
	if t.lectures[id] != nil {
		return fmt.Errorf("a new lecture has the id %s of another", id)
	}
	t.lectures[id] = &lecture{lectureObject: l}
	return nil
}

func (t *timetable) maybeLecture(l lectureObject) {
	if t.maybe == nil {
		t.maybe = map[string]lectureObject{}
	}
	t.maybe[l.Title] = l
}

func (t *timetable) putLecture(id string, l lectureObject) { t.lectures[id].lectureObject = l }
func (t *timetable) maybePut(id string, l lectureObject)   { t.lectures[id].next = &l }
func (t *timetable) deleteLecture(id string)               { delete(t.lectures, id) }
func (t *timetable) maybeDelete(id string)                 { t.lectures[id].mayBeGone = true }

// anyTimetable returns one of the timetables, nil if there is none.
func (m *model) anyTimetable(r *rand.Rand) *timetable {
	ids := slices.Sorted(maps.Keys(m.timetables))
	if len(ids) == 0 {
		return nil
	}
	return m.timetables[ids[r.IntN(len(ids))]]
}

// anyLecture returns one of the settled lectures with its timetable, nil if there is none.
func (m *model) anyLecture(r *rand.Rand) (*timetable, string) {
	t := m.anyTimetable(r)
	if t == nil {
		return nil, ""
	}
	var ids []string
	for _, id := range slices.Sorted(maps.Keys(t.lectures)) {
		if t.lectures[id].settled() {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return nil, ""
	}
	return t, ids[r.IntN(len(ids))]
}

// compare compares all timetables of the user with the model, and settles what it left open.
// It ignores others.
func (m *model) compare(list []timetableObject, ignore func(timetableObject) bool) error {
	var errs []error
	seen := map[string]bool{}
	for _, t := range list {
		switch known := m.timetables[t.ID]; {
		case known == nil && ignore(t):
			continue
		case seen[t.ID]:
			errs = append(errs, fmt.Errorf("timetable %s (%s) is there twice", t.ID, t.Title))
		case known != nil && known.title != t.Title:
			errs = append(errs, fmt.Errorf("timetable %s has the title %q, want %q", t.ID, t.Title, known.title))
		case known != nil:
			errs = append(errs, known.compare(t.Lectures))
		case m.maybe[t.Title]:
			delete(m.maybe, t.Title)
			errs = append(errs, m.addTimetable(t))
		default:
			errs = append(errs, fmt.Errorf("timetable %s (%s) exists, but nobody created it, or it is doubled", t.ID, t.Title))
		}
		seen[t.ID] = true
	}
	for id, t := range m.timetables {
		if !seen[id] {
			errs = append(errs, fmt.Errorf("timetable %s (%s) is lost", id, t.title))
		}
	}
	return errors.Join(errs...)
}

func (t *timetable) compare(list []lectureObject) error {
	var errs []error
	seen := map[string]bool{}
	for _, l := range list {
		maybe, mayExist := t.maybe[l.Title]
		switch known := t.lectures[l.ID]; {
		case seen[l.ID]:
			errs = append(errs, fmt.Errorf("lecture %s (%s) is there twice", l.ID, l.Title))
		case known != nil && known.next != nil && l.same(*known.next):
			// Once it is seen it must stay.
			known.lectureObject, known.next = *known.next, nil
		case known != nil && !l.same(known.lectureObject):
			errs = append(errs, fmt.Errorf("lecture %s is %+v, want %+v or %+v", l.ID, l, known.lectureObject, known.next))
		case known != nil:
		case mayExist && l.same(maybe):
			delete(t.maybe, l.Title)
			errs = append(errs, t.addLecture(l.ID, maybe))
		default:
			errs = append(errs, fmt.Errorf("lecture %s (%s) exists, but was deleted, never added, or is doubled", l.ID, l.Title))
		}
		seen[l.ID] = true
	}
	for id, l := range t.lectures {
		switch {
		case seen[id]:
		case l.mayBeGone:
			delete(t.lectures, id)
		default:
			errs = append(errs, fmt.Errorf("lecture %s (%s) of timetable %s is lost", id, l.Title, t.id))
		}
	}
	return errors.Join(errs...)
}

// isNew reports whether a new app made the timetable.
func isNew(t timetableObject) bool { return strings.HasPrefix(t.Title, newPrefix) }

func isOld(t timetableObject) bool { return !isNew(t) }
