// Package calendar writes a timetable as an iCalendar object (RFC 5545) to subscribe to.
//
// A meeting is an event that repeats weekly from the first to the last day of the semester, except on
// holidays; [heek.kr/heektime/internal/pages/academic] has the days. Subscribers download the calendar again
// and again, so that it is a function of the documents: an event keeps its UID while its lecture is in the
// timetable, and when the lecture changes, SEQUENCE and LAST-MODIFIED grow, so that a new room or time moves
// the student's event instead of adding one. A lecture that was added in the middle of the semester has
// events from its first day, too: a student who found the lecture late attends it no later.
//
// Events have no METHOD: with one they would need an organizer (RFC 5546), and the mail programs that
// understand it ask for an answer.
package calendar

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"cloud.google.com/go/civil"
	ics "github.com/arran4/golang-ical"

	"heek.kr/heektime/internal/pages/academic"
	"heek.kr/heektime/internal/pages/share"
	"heek.kr/heektime/internal/schema"
)

const (
	zone = "Asia/Seoul"
	// refreshEvery is how often programs should download the calendar. Most have their own idea.
	refreshEvery = "PT6H"
	productID    = "-//HeekTime//Timetable//KO"
	local        = "20060102T150405"
)

// seoul is [zone] for conversions to UTC. Korea has had no other offset since 1988.
var seoul = time.FixedZone("KST", 9*60*60)

// Write writes the timetable's calendar. If the days of the semester are not known, it has no events and
// says why.
func Write(w io.Writer, t *share.Timetable, l share.Language) error {
	c := ics.NewCalendar()
	c.SetProductId(productID)
	c.SetCalscale("GREGORIAN")
	dates, known := academic.DatesOf(t.Semester)
	setProperties(c, t, l, dates, known)
	addZone(c)
	if known {
		addEvents(c, t, dates)
	}
	if err := c.SerializeTo(w, ics.WithNewLine("\r\n")); err != nil {
		return fmt.Errorf("write calendar: %w", err)
	}
	return nil
}

// setProperties sets name, description and refresh interval, by RFC 7986 and under the older names that
// most programs read.
func setProperties(c *ics.Calendar, t *share.Timetable, l share.Language, d academic.Dates, known bool) {
	name := share.Clean(t.Title)
	if name == "" {
		name = l.Choose("시간표", "Timetable")
	}
	if semester := share.Clean(share.SemesterName(t.Semester, l)); semester != "" {
		name += " · " + semester
	}
	c.SetName(name)
	if note := describe(l, d, known); note != "" {
		c.SetDescription(note)
		c.SetXWRCalDesc(note)
	}
	c.SetXWRTimezone(zone)
	c.SetRefreshInterval(refreshEvery)
	c.SetXPublishedTTL(refreshEvery)
}

// describe says which days of the calendar are assumptions.
func describe(l share.Language, d academic.Dates, known bool) string {
	if !known {
		return l.Choose("이 학기의 개강일과 종강일을 몰라서 수업을 표시하지 못했어요.",
			"The first and last day of this semester are not known, so there are no events.")
	}
	var notes []string
	if d.Usual {
		notes = append(notes, fmt.Sprintf(l.Choose(
			"학교의 학사일정이 등록되지 않아, 보통의 개강일과 종강일(%s~%s)로 만들었어요. 실제 일정과 다를 수 있어요.",
			"The school's dates are not registered: these events use the days that are usual in Korea, %s to %s, and may differ from the school's."),
			d.First, d.Last))
	}
	if d.HolidaysIncomplete {
		notes = append(notes, l.Choose("설날, 추석처럼 해마다 날짜가 바뀌는 공휴일은 아직 빠지지 않았어요.",
			"Holidays whose date changes every year, such as Chuseok, are not left out yet."))
	}
	return strings.Join(notes, " ")
}

// addZone describes the time zone, which RFC 5545 requires of a calendar that names it.
func addZone(c *ics.Calendar) {
	standard := c.AddTimezone(zone).AddStandard()
	standard.SetProperty(ics.ComponentPropertyDtStart, "19700101T000000")
	standard.SetProperty(ics.ComponentProperty(ics.PropertyTzoffsetfrom), "+0900")
	standard.SetProperty(ics.ComponentProperty(ics.PropertyTzoffsetto), "+0900")
	standard.SetProperty(ics.ComponentProperty(ics.PropertyTzname), "KST")
}

// addEvents adds an event for each meeting.
func addEvents(c *ics.Calendar, t *share.Timetable, d academic.Dates) {
	n := 0
	for i := range t.Lectures {
		lecture := &t.Lectures[i]
		onWeekday := map[int]int{}
		meetings := lecture.Meetings()
		slices.SortStableFunc(meetings, func(a, b schema.LectureTime) int { return a.TimeBegin - b.TimeBegin })
		for _, m := range meetings {
			if n++; n > share.MaxMeetings {
				return
			}
			addEvent(c, t, lecture, m, onWeekday[m.Weekday], d)
			onWeekday[m.Weekday]++
		}
	}
}

// addEvent adds the event of a meeting, the nth of its lecture on its weekday, unless every day of it is a
// holiday.
func addEvent(c *ics.Calendar, t *share.Timetable, lecture *share.Lecture, m schema.LectureTime, nth int, d academic.Dates) {
	days, without := occurrences(d, m.Weekday)
	if len(days) == 0 {
		return
	}
	e := c.AddEvent(uid(t, lecture, m.Weekday, nth))
	changed := lecture.UpdatedAt.UTC().Truncate(time.Second)
	if changed.IsZero() {
		changed = d.First.In(seoul).UTC()
	}
	e.SetDtStampTime(changed)
	e.SetModifiedAt(changed)
	e.SetSequence(sequence(changed))
	inSeoul := ics.WithTZID(zone)
	e.SetProperty(ics.ComponentPropertyDtStart, at(days[0], m.TimeBegin), inSeoul)
	e.SetProperty(ics.ComponentPropertyDtEnd, at(days[0], m.TimeEnd), inSeoul)
	// UNTIL is in UTC, because DTSTART has a time zone.
	until := time.Date(d.Last.Year, d.Last.Month, d.Last.Day, 23, 59, 59, 0, seoul).UTC()
	e.AddRrule("FREQ=WEEKLY;UNTIL=" + until.Format(local+"Z"))
	for _, day := range without {
		e.AddExdate(at(day, m.TimeBegin), inSeoul)
	}
	title := share.Clean(lecture.Title)
	if title == "" {
		title = share.Clean(lecture.Identifier)
	}
	e.SetSummary(title)
	if room := share.Clean(m.Room); room != "" {
		e.SetLocation(room)
	}
	if professor := share.Clean(lecture.Professor); professor != "" {
		e.SetDescription(professor)
	}
}

// occurrences returns the days with a meeting on a weekday, and the holidays between them. Holidays before
// the first meeting are not among them: programs disagree on a DTSTART that is an EXDATE.
func occurrences(d academic.Dates, weekday int) (days, without []civil.Date) {
	first := d.First.AddDays((weekday - academic.Weekday(d.First) + 7) % 7)
	for day := first; !day.After(d.Last); day = day.AddDays(7) {
		switch {
		case !slices.Contains(d.Holidays, day):
			days = append(days, day)
		case len(days) > 0:
			without = append(without, day)
		}
	}
	return days, without
}

// at formats a time of a day. Minute 1,440 is midnight of the next.
func at(day civil.Date, minutes int) string {
	return time.Date(day.Year, day.Month, day.Day, 0, minutes, 0, 0, time.UTC).Format(local)
}

// uid identifies an event for good: by its lecture and, because a lecture may meet twice on a day, its
// place on the weekday. Room and time are not part of it. The account and document IDs are hashed because a
// calendar is passed on to others.
func uid(t *share.Timetable, lecture *share.Lecture, weekday, nth int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %q %d %d", t.UID, t.ID, lecture.ID, weekday, nth))
	return hex.EncodeToString(sum[:16]) + "@heektime.heek.kr"
}

// sequence numbers the revisions of an event: seconds since 2020, which fit into the 31 bits of RFC 5545
// until 2088.
func sequence(changed time.Time) int {
	seconds := changed.Unix() - time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	return int(min(max(seconds, 0), 1<<31-1))
}
