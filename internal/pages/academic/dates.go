// Package academic says when classes of a semester are held.
//
// The semester's document has the dates if the school file does (docs/add-a-school.md). Otherwise the usual
// ones of Korean universities apply, and [Dates] says so, because pages and calendars must not present them
// as the school's own.
package academic

import (
	"slices"
	"time"

	"cloud.google.com/go/civil"

	"heek.kr/heektime/internal/schema"
)

// Dates are the days of a semester.
type Dates struct {
	// First and Last are the first and last day of classes.
	First, Last civil.Date
	// Holidays are the days from First to Last without classes, in order.
	Holidays []civil.Date
	// Usual is whether First or Last is the usual day rather than one that the school file states.
	Usual bool
	// HolidaysIncomplete is whether public holidays are missing, because those that follow the lunar calendar
	// are not in the table yet.
	HolidaysIncomplete bool
}

// DatesOf returns the days of a semester. ok is false if neither the document nor its term says when it is.
func DatesOf(s schema.Semester) (d Dates, ok bool) {
	first, hasFirst := s.FirstDay.Civil()
	last, hasLast := s.LastDay.Civil()
	if !hasFirst || !hasLast {
		usualFirst, weeks, known := usual(s.Year, s.Term)
		if !hasFirst {
			first, d.Usual = usualFirst, true
		}
		if !hasLast {
			last, d.Usual = first.AddDays(7*weeks-1), true
		}
		if !known {
			return Dates{}, false
		}
	}
	const longest = 366 // the document of a school file that nobody validated
	if days := last.DaysSince(first); days < 0 || days > longest {
		return Dates{}, false
	}
	d.First, d.Last = first, last
	public, complete := publicHolidays(first, last)
	d.HolidaysIncomplete = !complete
	d.Holidays = public
	for _, day := range s.Holidays {
		if date, ok := day.Civil(); ok && !date.Before(first) && !date.After(last) {
			d.Holidays = append(d.Holidays, date)
		}
	}
	d.Holidays = slices.DeleteFunc(d.Holidays, func(day civil.Date) bool {
		return slices.Contains(s.ClassDays, schema.Date(day.String()))
	})
	slices.SortFunc(d.Holidays, civil.Date.Compare)
	d.Holidays = slices.Compact(d.Holidays)
	return d, true
}

// Lengths of semesters in weeks. Sessions of summer and winter have three to six, mostly four.
const (
	semesterWeeks = 16
	sessionWeeks  = 4
)

// usual returns when a term usually begins and how long it takes. Universities begin on 2 March and 1
// September, or the next weekday that is not a holiday, teach for 16 weeks, and begin the session of summer
// or winter on the next weekday. Academic calendars that agree, for instance:
//
//	https://int.korea.edu/tem_j/schedule/schedule.do          1 September to 19 December 2025, winter from 22 December to 16 January
//	https://aihi.yonsei.ac.kr/aihi/course/calendar.do         4 March to 23 June 2025
//	https://mse.ajou.ac.kr/mse/edu/calendar.do                3 March to 22 June 2026
//	https://social.snu.ac.kr/%ed%95%99%ec%82%ac%ec%9d%bc%ec%a0%95-2  2 March 2023, summer from 22 June
func usual(year int, term schema.Term) (first civil.Date, weeks int, ok bool) {
	if year < 1900 || year > 2200 {
		return civil.Date{}, 0, false
	}
	switch term {
	case schema.FirstTerm, schema.SpringTerm:
		return firstClassDay(civil.Date{Year: year, Month: time.March, Day: 2}), semesterWeeks, true
	case schema.SecondTerm, schema.FallTerm:
		return firstClassDay(civil.Date{Year: year, Month: time.September, Day: 1}), semesterWeeks, true
	case schema.SummerTerm, schema.WinterTerm:
		before := schema.FirstTerm
		if term == schema.WinterTerm {
			before = schema.SecondTerm
		}
		semester, _, _ := usual(year, before)
		return firstClassDay(semester.AddDays(7 * semesterWeeks)), sessionWeeks, true
	}
	return civil.Date{}, 0, false
}

// firstClassDay returns the first day from day on that is neither at a weekend nor a public holiday.
func firstClassDay(day civil.Date) civil.Date {
	holidays, _ := publicHolidays(day, day.AddDays(30))
	for Weekday(day) >= 5 || slices.Contains(holidays, day) {
		day = day.AddDays(1)
	}
	return day
}

// Weekday returns the day of the week as timetables count it, from Monday = 0 to Sunday = 6.
func Weekday(day civil.Date) int { return (int(day.Weekday()) + 6) % 7 }
