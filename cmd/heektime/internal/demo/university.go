// Package demo is an invented Korean university and its course registration server.
//
// With it, HeekTime runs, and its tests pass, on machines that cannot reach a real school. From a seed,
// [NewUniversity] generates colleges, departments, courses, professors and about five thousand lectures
// a semester. [University.Handler] serves them over HTTP in the format of Korea University's course
// search, so the course service reads them with the same adapter as the real school.
//
// The course lists can change ([University.Change], [University.Drift]), and the server can fail in
// many ways ([University.Fail]). [SchoolFile] is the university's school file.
package demo

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
)

// MaxLectures bounds the lectures of one semester. Beyond it, identifiers would run out.
const MaxLectures = 100_000

// University is the invented university. It is safe for concurrent use.
type University struct {
	seed     uint64
	staff    staff
	session  string       // value of the session cookie
	requests atomic.Int64 // so far; the counts of registered students depend on it

	mu      sync.Mutex
	lists   []*termList
	failure Failure
	slot    int64 // time slot of Drift; 0 before its first call
}

// termList is the course list of one term.
type termList struct {
	year     int
	term     string // Korea University's code: 1R spring, 1S summer, 2R fall, 2W winter
	changing bool   // false once the term is over
	sections []section
	shown    []section // sections with the drift of the current slot
	random   *rand.Rand
	changes  int
}

// NewUniversity generates a university with the given number of lectures, from 1 to [MaxLectures], in
// each regular semester and a twentieth of that in each seasonal one. The same seed and number give
// the same university, to the byte.
//
// It has the four terms of 2026. The lists of the last two can still change.
func NewUniversity(seed uint64, lectures int) *University {
	lectures = min(max(lectures, 1), MaxLectures)
	random := rand.New(rand.NewPCG(seed, 0))
	u := &University{seed: seed, session: fmt.Sprintf("%016X%016X", random.Uint64(), random.Uint64())}
	catalog := newCatalog(random)
	u.staff = newStaff(random, catalog)
	for i, l := range []termList{
		{year: 2026, term: "1R"},
		{year: 2026, term: "1S"},
		{year: 2026, term: "2R", changing: true},
		{year: 2026, term: "2W", changing: true},
	} {
		l.random = rand.New(rand.NewPCG(seed, uint64(i+1)))
		count := lectures
		if l.term == "1S" || l.term == "2W" {
			count = max(1, lectures/20)
		}
		l.sections = newSections(l.random, catalog, u.staff, count)
		l.shown = l.sections
		u.lists = append(u.lists, &l)
	}
	return u
}

// shown returns the current list of a term, and whether the university has the term. The slice is
// never modified.
func (u *University) shown(year, term string) ([]section, bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, l := range u.lists {
		if fmt.Sprint(l.year) == year && l.term == term {
			return l.shown, true
		}
	}
	return nil, false
}
