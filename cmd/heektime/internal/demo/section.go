package demo

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// section is one lecture of a term. Only registered counts are missing: they are made anew for every answer.
type section struct {
	course    *course
	class     int // 0 to 99; with the course's code unique within the term
	title     string
	professor string
	meetings  []meeting
	absent    bool   // professor and meetings, where there are none, stand as null instead of ""
	line, gap string // what the source puts between meetings, and between time and room
	credit    string
	english   bool
	online    bool
	limited   bool
	remark    string
	quota     int
}

func (s *section) identifier() string { return fmt.Sprintf("%s-%02d", s.course.code, s.class) }

// meeting is a day, the first and last of its periods, and a room, which may be "".
type meeting struct {
	day, first, last int
	room             string
}

// offer makes count sections out of the catalog, the most of them for liberal arts.
func offer(random *rand.Rand, catalog []course, staff staff, count int) []section {
	sections := make([]section, 0, count)
	order := random.Perm(len(catalog))
	used := make([]int, len(catalog))
	for len(sections) < count {
		for _, at := range order {
			c := &catalog[at]
			more := 1
			if c.division == "01" || random.IntN(3) == 0 {
				more += random.IntN(4)
			}
			// Schools count the section of a course that has only one as 00.
			start := 1
			if more == 1 {
				start = 0
			}
			if used[at] > 0 {
				start = used[at]
			}
			for class := start; class < start+more && class <= 99 && len(sections) < count; class++ {
				sections = append(sections, newSection(random, staff, c, class))
				used[at] = class + 1
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
		course: c, class: class, title: c.title, line: "<br>", gap: " ",
		professor: pick(random, staff[c.department.code]), credit: c.credit + "(" + c.hours + ")",
		english: random.IntN(9) == 0, online: random.IntN(40) == 0, limited: random.IntN(4) == 0,
		quota: 5 * (3 + random.IntN(30)), absent: random.IntN(2) == 0,
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
	soil(random, &s)
	return s
}

// newMeetings spreads a course over the week: two days of one period, one day of two, one long day, or three.
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
	case random.IntN(25) == 0: // lectures twice and an exercise elsewhere
		return []meeting{{0, period, period, usual}, {2, period, period, usual}, {4, 7, 8, room()}}
	case random.IntN(12) == 0: // one and a half
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

// soil does to a few sections what sources do to theirs: markup, entities, no-break and doubled spaces, padding.
func soil(random *rand.Rand, s *section) {
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
		s.line = "<br/>"
	case 1:
		s.line = "<BR>\n"
	case 2:
		s.line = " <br />"
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

// timeRoom spells the meetings as the source does: "화(1-2) 새벽관 401호<br>목(2) 새벽관 401호".
func (s *section) timeRoom() string {
	days := []string{"월", "화", "수", "목", "금", "토", "일"}
	var b strings.Builder
	for i, m := range s.meetings {
		if i > 0 {
			b.WriteString(s.line)
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
