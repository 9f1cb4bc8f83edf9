package webpage

import (
	"cmp"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"heek.kr/heektime/internal/pages/academic"
	"heek.kr/heektime/internal/pages/catalog"
	"heek.kr/heektime/internal/pages/share"
	"heek.kr/heektime/internal/schema"
)

// CoursesPath is the path of the list of all semesters.
const CoursesPath = "/courses/"

// SemesterPath returns the path of a semester's page.
func SemesterPath(s *catalog.Semester) string {
	return CoursesPath + url.PathEscape(s.School) + "/" + url.PathEscape(string(s.ID)) + "/"
}

// GroupPath returns the path of a college's or, if there is one, department's page.
func GroupPath(s *catalog.Semester, college, department *catalog.Group) string {
	path := SemesterPath(s)
	for _, g := range []*catalog.Group{college, department} {
		if g != nil {
			path += url.PathEscape(g.Slug) + "/"
		}
	}
	return path
}

// LecturePath returns the path of a lecture's page. It has no slash at its end.
func LecturePath(s *catalog.Semester, l *schema.Lecture) string {
	return SemesterPath(s) + url.PathEscape(catalog.Slug(l.Identifier))
}

// coursePage is what all pages of a semester have.
type coursePage struct {
	*head
	Heading string
	Crumbs  []Link
	// Over is whether the semester has ended, ChangedAt the day on which the list changed last.
	Over      bool
	ChangedAt string

	semester *catalog.Semester
	origin   string
}

// seoul is the time zone of all dates. Korea has had no other offset since 1988.
var seoul = time.FixedZone("KST", 9*60*60)

// IsOver reports whether the classes of a semester have ended. If only their usual last day is known, they may take
// two weeks longer.
func IsOver(s *catalog.Semester, now time.Time) bool {
	dates, ok := academic.DatesOf(s.Semester)
	if !ok {
		return false
	}
	last := dates.Last
	if dates.Usual {
		last = last.AddDays(14)
	}
	return !now.Before(last.AddDays(1).In(seoul))
}

// SchoolName returns what people call a school. Its ID is a readable name such as 고려대학교-서울.
func SchoolName(id string) string { return strings.ReplaceAll(share.Clean(id), "-", " ") }

func newCoursePage(s *catalog.Semester, l share.Language, origin string, now time.Time) *coursePage {
	p := &coursePage{head: &head{language: l, Index: true}, semester: s, origin: origin, Over: IsOver(s, now)}
	if !s.ListChangedAt.IsZero() {
		p.ChangedAt = s.ListChangedAt.In(seoul).Format(time.DateOnly)
	}
	p.Crumbs = []Link{{Text: p.T("강의 목록", "Courses"), URL: CoursesPath}, {Text: p.semesterName(), URL: SemesterPath(s)}}
	return p
}

// Last returns the index of the page itself in Crumbs.
func (p *coursePage) Last() int { return len(p.Crumbs) - 1 }

func (p *coursePage) semesterName() string {
	return strings.TrimSpace(SchoolName(p.semester.School) + " " + share.SemesterName(p.semester.Semester, p.language))
}

// addCrumbs adds the groups to the way to a page.
func (p *coursePage) addCrumbs(college, department *catalog.Group) {
	if college != nil {
		p.Crumbs = append(p.Crumbs, Link{Text: college.Name, URL: GroupPath(p.semester, college, nil)})
	}
	if department != nil {
		p.Crumbs = append(p.Crumbs, Link{Text: department.Name, URL: GroupPath(p.semester, college, department)})
	}
}

// finish sets what follows from the address of a page. suffix is its query, if it has one.
func (p *coursePage) finish(path, suffix string) {
	p.Canonical = p.origin + path + suffix
	p.Languages = languageLinks(p.Canonical, map[bool]string{true: "?", false: "&"}[suffix == ""], p.language)
	p.setStyle("")
}

// breadcrumbs returns the way to the page as structured data.
//
// Source: https://developers.google.com/search/docs/appearance/structured-data/breadcrumb
func (p *coursePage) breadcrumbs() map[string]any {
	var items []any
	for i, c := range p.Crumbs {
		items = append(items, map[string]any{"@type": "ListItem", "position": i + 1, "name": c.Text, "item": p.origin + c.URL})
	}
	return map[string]any{"@context": "https://schema.org", "@type": "BreadcrumbList", "itemListElement": items}
}

// groupPage lists a semester, a college or a department.
type groupPage struct {
	*coursePage
	Groups             []groupRow
	Lectures           []courseRow
	Previous, Next     string
	Number, PageNumber int
}

type groupRow struct {
	Link
	Count       int
	Departments []groupRow
}

// courseRow is a lecture in a list.
type courseRow struct {
	Title, URL, Details string
	Meetings            []meetingRow
}

// PageSize is how many lectures a page lists.
const PageSize = 300

// Pages returns how many pages a list of lectures has.
func Pages(lectures int) int { return max(1, (lectures+PageSize-1)/PageSize) }

// Group renders a page that lists a semester, or a college or department of it, which may be nil. number is that of
// the page, from 1.
func Group(s *catalog.Semester, c *catalog.Catalog, college, department *catalog.Group, number int, l share.Language, origin string, now time.Time) (Page, error) {
	p := &groupPage{coursePage: newCoursePage(s, l, origin, now), PageNumber: number}
	p.addCrumbs(college, department)
	p.Heading = p.Crumbs[len(p.Crumbs)-1].Text
	groups, lectures, count := c.Colleges, c.Rest, c.Count
	if group := cmp.Or(department, college); group != nil {
		groups, lectures, count = group.Departments, group.Lectures, group.Count
	}
	if number == 1 {
		for _, g := range groups {
			row := p.groupRow(college, g)
			if college == nil {
				for _, d := range g.Departments {
					row.Departments = append(row.Departments, p.groupRow(g, d))
				}
			}
			p.Groups = append(p.Groups, row)
		}
	}
	path := GroupPath(s, college, department)
	if number > 1 {
		p.Previous = path
		if number > 2 {
			p.Previous += "?page=" + strconv.Itoa(number-1)
		}
	}
	if number < Pages(len(lectures)) {
		p.Next = path + "?page=" + strconv.Itoa(number+1)
	}
	for _, lecture := range lectures[min(len(lectures), (number-1)*PageSize):min(len(lectures), number*PageSize)] {
		p.Lectures = append(p.Lectures, p.row(lecture))
	}
	p.Number = count
	name := p.Heading
	if college != nil {
		name += " · " + p.semesterName()
	}
	p.Title = fmt.Sprintf(p.T("%s 강의 목록", "%s courses"), name)
	p.Description = fmt.Sprintf(p.T("%s 강의 %d개의 시간, 강의실, 교수, 학점을 볼 수 있어요.", "%s: times, rooms, professors and credits of %d lectures."), name, count)
	p.Data = p.breadcrumbs()
	suffix := ""
	if number > 1 {
		suffix = "?page=" + strconv.Itoa(number)
	}
	p.finish(path, suffix)
	return render("courses", p.head, p)
}

func (p *coursePage) groupRow(college, group *catalog.Group) groupRow {
	path := GroupPath(p.semester, group, nil)
	if college != nil {
		path = GroupPath(p.semester, college, group)
	}
	return groupRow{Link: Link{Text: group.Name, URL: path}, Count: group.Count}
}

func (p *coursePage) row(l *schema.Lecture) courseRow {
	meetings := share.Lecture{Lecture: *l}
	return courseRow{Title: titleOf(l), URL: LecturePath(p.semester, l), Details: p.details(l), Meetings: p.meetings(meetings.Meetings())}
}

// schoolsPage lists all semesters.
type schoolsPage struct {
	*head
	Schools []schoolRow
}

type schoolRow struct {
	Name      string
	Semesters []Link
}

// Schools renders the page that lists all semesters, which are in the order of their schools.
func Schools(all []catalog.Semester, l share.Language, origin string) (Page, error) {
	p := &schoolsPage{head: &head{language: l, Index: true, Canonical: origin + CoursesPath}}
	for i := range all {
		s := &all[i]
		name := SchoolName(s.School)
		if n := len(p.Schools); n == 0 || p.Schools[n-1].Name != name {
			p.Schools = append(p.Schools, schoolRow{Name: name})
		}
		last := &p.Schools[len(p.Schools)-1]
		last.Semesters = append(last.Semesters, Link{Text: cmp.Or(share.SemesterName(s.Semester, l), string(s.ID)), URL: SemesterPath(s)})
	}
	p.Title = p.T("대학 강의 목록 · HeekTime", "University courses · HeekTime")
	p.Description = p.T("대학별, 학기별 강의의 시간, 강의실, 교수, 학점을 볼 수 있어요.", "Times, rooms, professors and credits of lectures, by university and semester.")
	p.Languages = languageLinks(p.Canonical, "?", l)
	p.setStyle("")
	return render("schools", p.head, p)
}
