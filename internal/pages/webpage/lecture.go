package webpage

import (
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

// lecturePage is the page of a lecture.
type lecturePage struct {
	*coursePage
	Professor, Credits, Identifier, Category string
	Tags                                     []string
	Meetings                                 []meetingRow
	Syllabus                                 string
	Lectures                                 []courseRow // the other sections
}

// Lecture renders the page of a lecture.
func Lecture(s *catalog.Semester, c *catalog.Catalog, lecture *schema.Lecture, l share.Language, origin string, now time.Time) (Page, error) {
	p := &lecturePage{coursePage: newCoursePage(s, l, origin, now)}
	p.addCrumbs(c.Group(lecture))
	p.Heading = titleOf(lecture)
	path := LecturePath(s, lecture)
	p.Crumbs = append(p.Crumbs, Link{Text: p.Heading, URL: path})
	p.Professor, p.Identifier = share.Clean(lecture.Professor), share.Clean(lecture.Identifier)
	if lecture.Credit > 0 {
		p.Credits = p.credits(lecture.Credit)
	}
	var categories []string
	for _, name := range lecture.Category {
		if name = share.Clean(name); name != "" {
			categories = append(categories, name)
		}
	}
	p.Category = strings.Join(categories, " · ")
	for _, meta := range lecture.Metas {
		if name := share.Clean(meta.Name); name != "" {
			p.Tags = append(p.Tags, name)
		}
	}
	timed := share.Lecture{Lecture: *lecture}
	p.Meetings = p.meetings(timed.Meetings())
	if u, err := url.Parse(lecture.URL); err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" {
		p.Syllabus = u.String()
	}
	for _, other := range c.Sections(lecture) {
		p.Lectures = append(p.Lectures, p.row(other))
	}
	p.Title = p.Heading
	if p.Professor != "" {
		p.Title += " · " + p.Professor
	}
	p.Title += " · " + p.semesterName()
	p.Description = p.describe()
	p.Data = []any{p.breadcrumbs(), p.course(lecture)}
	p.finish(path, "")
	return render("lecture", p.head, p)
}

// describe says in a line what the page shows.
func (p *lecturePage) describe() string {
	parts := []string{p.semesterName()}
	for _, part := range []string{p.Category, p.Professor, p.Credits} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	for _, m := range p.Meetings {
		parts = append(parts, strings.TrimSpace(m.Time+" "+m.Room))
	}
	return strings.Join(parts, ", ")
}

// course returns the lecture as structured data.
//
// Source: https://developers.google.com/search/docs/appearance/structured-data/course-info
func (p *lecturePage) course(l *schema.Lecture) map[string]any {
	provider := map[string]any{"@type": "CollegeOrUniversity", "name": SchoolName(p.semester.School)}
	instance := map[string]any{"@type": "CourseInstance", "courseMode": "Onsite"}
	if p.Professor != "" {
		instance["instructor"] = map[string]any{"@type": "Person", "name": p.Professor}
	}
	schedule := map[string]any{"@type": "Schedule", "repeatFrequency": "Weekly"}
	if dates, ok := academic.DatesOf(p.semester.Semester); ok && !dates.Usual {
		instance["startDate"], instance["endDate"] = dates.First.String(), dates.Last.String()
		schedule["startDate"], schedule["endDate"] = dates.First.String(), dates.Last.String()
	}
	timed := share.Lecture{Lecture: *l}
	if meetings := timed.Meetings(); len(meetings) > 0 {
		minutes := 0
		for _, m := range meetings {
			minutes += m.TimeEnd - m.TimeBegin
		}
		schedule["duration"] = fmt.Sprintf("PT%dM", minutes)
		instance["location"] = p.Meetings[0].Room
	}
	instance["courseSchedule"] = schedule
	course := map[string]any{
		"@context": "https://schema.org", "@type": "Course", "name": p.Heading, "description": p.describe(), "provider": provider,
		"url": p.origin + p.Crumbs[len(p.Crumbs)-1].URL, "inLanguage": "ko", "hasCourseInstance": instance,
	}
	if p.Identifier != "" {
		course["courseCode"] = p.Identifier
	}
	if l.Credit > 0 {
		course["numberOfCredits"] = strconv.FormatFloat(l.Credit, 'f', -1, 64)
	}
	return course
}
