// Package demo is an invented Korean university and its course registration server.
//
// HeekTime shows what it does on a machine that can reach no school, and its tests do not depend on one. So this package
// makes a university up: a seed gives colleges, departments, courses, professors and some five thousand lectures a semester
// ([NewUniversity]), and [University.Handler] serves them over HTTP in the shape of Korea University's course search. The
// course service reads it with the same adapter as the real school and cannot tell.
//
// The university can be made to live ([University.Change], [University.Drift]) and to misbehave ([University.Fail]).
// [SchoolFile] is the school file that goes with it.
package demo

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
)

// MaxLectures bounds the lectures of one semester: codes of course and section would run out.
const MaxLectures = 100_000

// University is the whole of it. It is safe for concurrent use.
type University struct {
	seed     uint64
	staff    staff
	session  string       // the value of the cookie that the server hands out
	requests atomic.Int64 // answered so far; registered counts move with it

	mu      sync.Mutex
	lists   []*list
	failure Failure
	slot    int64 // of Drift; 0 before its first call
}

// list is what one term offers.
type list struct {
	year     int
	term     string // as the server spells it: 1R spring, 1S summer, 2R autumn, 2W winter
	changing bool   // false once the term is over
	sections []section
	shown    []section // sections with the current slot's drift
	random   *rand.Rand
	changes  int
}

// NewUniversity makes a university with that many lectures in each regular semester and a twentieth of it in each seasonal
// one. lectures is held between 1 and [MaxLectures]. The same seed and count make the same university, to the byte.
//
// Open to queries are the four terms of 2026; the two of the second half are not over yet and can change.
func NewUniversity(seed uint64, lectures int) *University {
	lectures = min(max(lectures, 1), MaxLectures)
	random := rand.New(rand.NewPCG(seed, 0))
	u := &University{seed: seed, session: fmt.Sprintf("%016X%016X", random.Uint64(), random.Uint64())}
	catalog := newCatalog(random)
	u.staff = newStaff(random, catalog)
	for i, l := range []list{
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
		l.sections = offer(l.random, catalog, u.staff, count)
		l.shown = l.sections
		u.lists = append(u.lists, &l)
	}
	return u
}

// shown is the current list of a term and whether the term is open. The slice is never written to again.
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
