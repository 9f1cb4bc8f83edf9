package webpage

import (
	"fmt"
	"html/template"
	"net/url"
	"strconv"
	"strings"

	"heek.kr/heektime/internal/pages/picture"
	"heek.kr/heektime/internal/pages/share"
	"heek.kr/heektime/internal/pages/week"
	"heek.kr/heektime/internal/schema"
)

// TimetablePath returns the path of a timetable's page, without the slash at its end. With ".png" and so on, it
// is the address of another representation.
func TimetablePath(username, id string) string {
	return "/user/" + url.PathEscape(username) + "/timetable/" + url.PathEscape(id)
}

// timetablePage is what the template shows of a timetable.
type timetablePage struct {
	*head
	Heading, Semester, Username, Credits string
	Picture                              string
	Calendar                             template.URL
	Wallpapers                           []Link
	Week                                 weekView
	Lectures                             []lectureRow
}

// weekView is the week as columns of blocks. It repeats the table of lectures for the eye.
type weekView struct {
	Hours []int
	Days  []dayColumn
}

type dayColumn struct {
	Name   string
	Blocks []block
}

type block struct {
	ID, Color   int
	Title, Room string
}

// lectureRow is a lecture in the table.
type lectureRow struct {
	Title, Details string
	Color          int
	Meetings       []meetingRow
}

type meetingRow struct{ Time, Room string }

// Timetable renders the page of a timetable. origin is that of the site, "https://host".
func Timetable(t *share.Timetable, l share.Language, origin string) (Page, error) {
	path := TimetablePath(t.Username, t.ID)
	p := &timetablePage{
		head: &head{language: l, Canonical: origin + path + "/"}, Semester: share.Clean(share.SemesterName(t.Semester, l)),
		Heading: share.Clean(t.Title), Username: share.Clean(t.Username),
		Picture: path + ".png?lang=" + l.String(),
		// Calendar programs open this scheme to subscribe.
		Calendar: template.URL("webcal" + origin[strings.Index(origin, ":"):] + path + ".ics?lang=" + l.String()),
	}
	if p.Heading == "" {
		p.Heading = p.T("시간표", "Timetable")
	}
	for _, size := range picture.Wallpapers() {
		for _, theme := range []picture.Theme{picture.Light, picture.Dark} {
			name := strings.ReplaceAll(size.String(), "x", "×") + " " + map[picture.Theme]string{picture.Light: p.T("밝게", "light"), picture.Dark: p.T("어둡게", "dark")}[theme]
			p.Wallpapers = append(p.Wallpapers, Link{Text: name, URL: fmt.Sprintf("%s.png?size=%s&theme=%s&lang=%s", path, size, theme, l)})
		}
	}
	w := week.Arrange(t)
	p.setWeek(w)
	p.setLectures(t, w)
	p.Title = fmt.Sprintf("%s · @%s", p.Heading, p.Username)
	p.Description = p.describe()
	p.Image, p.ImageText = origin+p.Picture, p.Title
	p.Languages = languageLinks(origin+path+"/", "?", l)
	return render("timetable", p.head, p)
}

// setWeek fills the columns. Where a block is are styles of its own, by its ID, since the policy allows no
// style attributes.
func (p *timetablePage) setWeek(w *week.Week) {
	var rules strings.Builder
	hours := w.LastHour - w.FirstHour
	fmt.Fprintf(&rules, "#week{--hours:%d}", hours)
	for h := w.FirstHour; h < w.LastHour; h++ {
		p.Week.Hours = append(p.Week.Hours, h)
	}
	for day := range w.Days {
		p.Week.Days = append(p.Week.Days, dayColumn{Name: week.DayName(day, p.language)})
	}
	for i, m := range w.Meetings {
		day := &p.Week.Days[m.Weekday]
		day.Blocks = append(day.Blocks, block{ID: i, Color: m.Color, Title: titleOf(&m.Lecture.Lecture), Room: share.Clean(m.Room)})
		fmt.Fprintf(&rules, "#b%d{top:%s;height:%s;left:%s;width:%s}", i, percent(m.Begin-60*w.FirstHour, 60*hours),
			percent(m.End-m.Begin, 60*hours), percent(m.Lane, m.Lanes), percent(1, m.Lanes))
	}
	p.setStyle(rules.String())
}

// percent formats a share for CSS.
func percent(of, whole int) string {
	return strconv.FormatFloat(100*float64(of)/float64(whole), 'f', 3, 64) + "%"
}

// setLectures fills the table.
func (p *timetablePage) setLectures(t *share.Timetable, w *week.Week) {
	colors := map[string]int{} // by identifier
	for _, m := range w.Meetings {
		colors[m.Lecture.Identifier] = m.Color
	}
	var credits float64
	for i := range t.Lectures {
		l := &t.Lectures[i]
		color, ok := colors[l.Identifier]
		if !ok {
			color = -1
		}
		p.Lectures = append(p.Lectures, lectureRow{
			Title: titleOf(&l.Lecture), Details: p.details(&l.Lecture), Color: color, Meetings: p.meetings(l.Meetings()),
		})
		credits += l.Credit
	}
	if credits > 0 {
		p.Credits = p.credits(credits)
	}
}

// titleOf returns the title of a lecture, or its identifier if it has none.
func titleOf(l *schema.Lecture) string {
	if title := share.Clean(l.Title); title != "" {
		return title
	}
	return share.Clean(l.Identifier)
}

// details are the professor, the credit points and the identifier of a lecture.
func (h *head) details(l *schema.Lecture) string {
	var parts []string
	if professor := share.Clean(l.Professor); professor != "" {
		parts = append(parts, professor)
	}
	if l.Credit > 0 {
		parts = append(parts, h.credits(l.Credit))
	}
	if identifier := share.Clean(l.Identifier); identifier != "" {
		parts = append(parts, identifier)
	}
	return strings.Join(parts, " · ")
}

// credits formats credit points.
func (h *head) credits(n float64) string {
	text := strconv.FormatFloat(n, 'f', -1, 64)
	if h.language == share.English && n == 1 {
		return "1 credit"
	}
	return text + h.T("학점", " credits")
}

// meetings formats the meetings of a lecture. One without any has a row that says so.
func (h *head) meetings(meetings []schema.LectureTime) []meetingRow {
	if len(meetings) == 0 {
		return []meetingRow{{Time: h.T("시간 미정", "No set time")}}
	}
	var rows []meetingRow
	for _, m := range meetings {
		rows = append(rows, meetingRow{
			Time: fmt.Sprintf("%s %s–%s", week.DayName(m.Weekday, h.language), clock(m.TimeBegin), clock(m.TimeEnd)), Room: share.Clean(m.Room),
		})
	}
	return rows
}

// clock formats minutes after midnight.
func clock(minutes int) string { return fmt.Sprintf("%d:%02d", minutes/60, minutes%60) }

// maxNamed is how many lectures a description names.
const maxNamed = 6

// describe names the semester and the first lectures.
func (p *timetablePage) describe() string {
	var parts []string
	if p.Semester != "" {
		parts = append(parts, p.Semester)
	}
	var titles []string
	for _, l := range p.Lectures[:min(len(p.Lectures), maxNamed)] {
		titles = append(titles, l.Title)
	}
	names := strings.Join(titles, ", ")
	if more := len(p.Lectures) - len(titles); more > 0 {
		names += fmt.Sprintf(p.T(" 외 %d개", " and %d more"), more)
	}
	if names != "" {
		parts = append(parts, names)
	}
	return strings.Join(parts, " · ")
}
