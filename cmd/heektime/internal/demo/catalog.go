package demo

import (
	"fmt"
	"math/rand/v2"
)

// course is an entry of the catalog, which is the same in every term. division is 00 for the courses of
// a department and 01 for liberal arts.
type course struct {
	code, title, category string
	credit, hours         string
	division              string
	collegeCode           string
	department            department
	practical             bool // has long meetings
	untimed               bool // such as a thesis or internship: no time, no room
}

// newCatalog generates all courses of the university.
func newCatalog(random *rand.Rand) []course {
	var catalog []course
	for _, college := range colleges() {
		for _, d := range college.departments {
			catalog = append(catalog, majorCourses(random, college.code, d)...)
		}
	}
	return append(catalog, liberalArtsCourses(random)...)
}

func majorCourses(random *rand.Rand, collegeCode string, d department) []course {
	var courses []course
	number := 101
	add := func(title string) *course {
		c := course{code: fmt.Sprintf("%s%03d", d.prefix, number), title: title, category: "전공선택", credit: "3", hours: "3",
			division: "00", collegeCode: collegeCode, department: d}
		if random.IntN(5) == 0 {
			c.category = "전공필수"
		}
		number += 1 + random.IntN(8)
		courses = append(courses, c)
		return &courses[len(courses)-1]
	}
	for i, ending := range d.field.endings() {
		for _, topic := range d.topics {
			c := add(topic + ending)
			switch {
			case i == 2 && (d.field == science || d.field == engineering):
				c.practical, c.credit, c.hours = true, "1", "2"
			case d.field == arts && i < 4:
				c.practical, c.credit, c.hours = true, "2", "4"
			case random.IntN(12) == 0:
				c.credit, c.hours = "2", "2"
			}
		}
	}
	for _, title := range []string{"졸업논문", "현장실습", "학과 진로탐색"} {
		c := add(title)
		c.untimed, c.category = true, "전공필수"
		switch title {
		case "졸업논문":
			c.credit, c.hours = "0", "0"
		case "학과 진로탐색":
			c.credit, c.hours = "0.5", "1"
		}
	}
	return courses
}

func liberalArtsCourses(random *rand.Rand) []course {
	d := department{code: "2001", name: "기초교양교육원"}
	categories := []string{"핵심교양", "선택교양", "공통교양"}
	var courses []course
	for i, subject := range liberalSubjects() {
		// A code has only three digits, so each subject has its own prefix.
		prefix := fmt.Sprintf("GE%c%c", 'A'+i/26, 'A'+i%26)
		for j, theme := range liberalThemes() {
			c := course{code: fmt.Sprintf("%s%03d", prefix, 101+7*j), title: subject + andParticle(subject) + " " + theme,
				category: categories[random.IntN(len(categories))], credit: "3", hours: "3", division: "01", collegeCode: "2000", department: d}
			switch random.IntN(6) {
			case 0, 1:
				c.credit, c.hours = "2", "2"
			case 2:
				c.credit, c.hours = "1", "1"
			}
			courses = append(courses, c)
		}
	}
	return courses
}

// andParticle returns the particle that joins a Korean noun to the next: 과 after a consonant, 와 after
// a vowel.
func andParticle(noun string) string {
	runes := []rune(noun)
	// A Hangul syllable's offset from 가 modulo 28 is its final consonant, 0 for none.
	if last := runes[len(runes)-1]; last >= '가' && last <= '힣' && (last-'가')%28 != 0 {
		return "과"
	}
	return "와"
}

// staff holds the professors by department code.
type staff map[string][]string

func newStaff(random *rand.Rand, catalog []course) staff {
	s := staff{}
	last, foreign := surnames(), foreignNames()
	first, second := givenSyllables()
	for _, c := range catalog { // not a map, so that the result depends only on the seed
		code := c.department.code
		if _, ok := s[code]; ok {
			continue
		}
		count := 18 + random.IntN(10)
		if c.division == "01" {
			count = 160
		}
		for range count {
			name := pick(random, last) + pick(random, first) + pick(random, second)
			if random.IntN(30) == 0 {
				name = pick(random, foreign)
			}
			s[code] = append(s[code], name)
		}
	}
	return s
}

func pick[T any](random *rand.Rand, from []T) T { return from[random.IntN(len(from))] }
