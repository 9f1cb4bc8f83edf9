package demo

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// section is one lecture of a term, without the count of registered students, which is made up for
// every response.
type section struct {
	course    *course
	class     int // 0 to 99, unique within the course and term
	title     string
	professor string
	meetings  []meeting
	nulls     bool   // a missing professor or time is null instead of ""
	lineBreak string // between meetings
	gap       string // between time and room
	credit    string
	english   bool
	online    bool
	limited   bool
	remark    string
	quota     int
}

func (s *section) identifier() string { return fmt.Sprintf("%s-%02d", s.course.code, s.class) }

// meeting is one meeting a week. The room may be "".
type meeting struct {
	day         int // from Monday = 0
	first, last int // periods
	room        string
}

// newSections generates count sections of the catalog's courses. Liberal-arts courses have the most.
func newSections(random *rand.Rand, catalog []course, staff staff, count int) []section {
	sections := make([]section, 0, count)
	order := random.Perm(len(catalog))
	used := make([]int, len(catalog))
	for len(sections) < count {
		for _, i := range order {
			c := &catalog[i]
			more := 1
			if c.division == "01" || random.IntN(3) == 0 {
				more += random.IntN(4)
			}
			// The only section of a course has the number 00.
			start := 1
			if more == 1 {
				start = 0
			}
			if used[i] > 0 {
				start = used[i]
			}
			for class := start; class < start+more && class <= 99 && len(sections) < count; class++ {
				sections = append(sections, newSection(random, staff, c, class))
				used[i] = class + 1
			}
		}
	}
	slices.SortFunc(sections, func(a, b section) int {
		return cmp.Or(strings.Compare(a.course.code, b.course.code), a.class-b.class)
	})
	return sections
}

func newSection(random *rand.Rand, staff staff, c *course, class int) section {
	s := section{
		course: c, class: class, title: c.title, lineBreak: "<br>", gap: " ",
		professor: pick(random, staff[c.department.code]), credit: c.credit + "(" + c.hours + ")",
		english: random.IntN(9) == 0, online: random.IntN(40) == 0, limited: random.IntN(4) == 0,
		quota: 5 * (3 + random.IntN(30)), nulls: random.IntN(2) == 0,
	}
	if random.IntN(25) == 0 {
		s.professor += ", " + pick(random, staff[c.department.code])
	} else if random.IntN(30) == 0 {
		s.professor = ""
	}
	if random.IntN(6) == 0 {
		s.remark = pick(random, remarks())
	}
	if s.english {
		s.title += "(영강)"
	}
	if !c.untimed && random.IntN(60) != 0 {
		s.meetings = newMeetings(random, c)
	}
	addNoise(random, &s)
	return s
}

// newMeetings schedules a course: usually one period on two days or two periods on one, sometimes a
// longer meeting or three meetings.
func newMeetings(random *rand.Rand, c *course) []meeting {
	room := func() string {
		if random.IntN(35) == 0 {
			return ""
		}
		return newRoom(random)
	}
	period, usual := 1+random.IntN(6), room()
	switch {
	case c.practical:
		period = 1 + random.IntN(4)
		return []meeting{{random.IntN(5), period, period + 2, usual}}
	case c.hours == "1":
		return []meeting{{random.IntN(5), period, period, usual}}
	case c.hours == "2" || random.IntN(5) == 0:
		day := random.IntN(5)
		if random.IntN(40) == 0 {
			day = 5
		}
		return []meeting{{day, period, period + 1, usual}}
	case random.IntN(25) == 0: // two lectures and an exercise class in another room
		return []meeting{{0, period, period, usual}, {2, period, period, usual}, {4, 7, 8, room()}}
	case random.IntN(12) == 0: // two periods and one period in another room
		return []meeting{{1, period, period + 1, usual}, {3, period, period, room()}}
	}
	day := random.IntN(3)
	return []meeting{{day, period, period, usual}, {day + 2, period, period, usual}}
}

func newRoom(random *rand.Rand) string {
	building := pick(random, buildings())
	switch random.IntN(20) {
	case 0:
		return fmt.Sprintf("%s B%d%02d호", building, 1+random.IntN(2), 1+random.IntN(12))
	case 1:
		return building + " 대강의실"
	}
	return fmt.Sprintf("%s %d%02d호", building, 1+random.IntN(7), 1+random.IntN(25))
}

// addNoise adds to a few sections what real sources contain: markup, entities, no-break and repeated
// spaces, padding.
func addNoise(random *rand.Rand, s *section) {
	switch random.IntN(40) {
	case 0:
		s.title = strings.ReplaceAll(s.title, " ", "&nbsp;")
	case 1:
		s.title = strings.ReplaceAll(s.title, " ", "\u00a0")
	case 2:
		s.title = " " + s.title + "  "
	case 3:
		s.title += "<br>- 캡스톤&middot;디자인 -"
	case 4:
		s.title = "&lt;융합&gt;" + s.title
	}
	switch random.IntN(30) {
	case 0:
		s.lineBreak = "<br/>"
	case 1:
		s.lineBreak = "<BR>\n"
	case 2:
		s.lineBreak = " <br />"
	case 3:
		s.gap = "&nbsp;"
	case 4:
		s.gap = "\u00a0"
	case 5:
		s.gap = "  "
	}
	switch random.IntN(30) {
	case 0:
		s.credit = strings.Replace(s.credit, "(", "(  ", 1)
	case 1:
		s.professor = strings.ReplaceAll(s.professor, " ", "&nbsp;") + "\u00a0"
	}
}

// timeRoom formats the meetings as Korea University does: "화(1-2) 새벽관 401호<br>목(2) 새벽관 401호".
func (s *section) timeRoom() string {
	days := []string{"월", "화", "수", "목", "금", "토", "일"}
	var b strings.Builder
	for i, m := range s.meetings {
		if i > 0 {
			b.WriteString(s.lineBreak)
		}
		b.WriteString(days[m.day])
		if m.first == m.last {
			fmt.Fprintf(&b, "(%d)", m.first)
		} else {
			fmt.Fprintf(&b, "(%d-%d)", m.first, m.last)
		}
		if m.room != "" {
			b.WriteString(s.gap + m.room)
		}
	}
	return b.String()
}
