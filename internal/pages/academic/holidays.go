package academic

import (
	"slices"
	"time"

	"cloud.google.com/go/civil"
)

// firstYear and lastYear bound the years of movingHolidays.
const (
	firstYear = 2022
	lastYear  = 2027
)

// fixedHolidays are the public holidays with a fixed date:
// https://www.law.go.kr/법령/공휴일에관한법률
var fixedHolidays = []struct {
	month time.Month
	day   int
	since int
}{
	{time.January, 1, 0}, {time.March, 1, 0}, {time.May, 5, 0}, {time.June, 6, 0}, {time.August, 15, 0},
	{time.October, 3, 0}, {time.October, 9, 0}, {time.December, 25, 0},
	{time.July, 17, 2026}, // 제헌절, by the amendment of 3 February 2026
}

// movingHolidays are the other public holidays of a year: 설날, 부처님오신날 and 추석, which follow the lunar
// calendar, the substitutes of holidays at weekends, elections, and days that the government declared.
//
// The lunar dates are those of the Korea Astronomy and Space Science Institute,
// https://astro.kasi.re.kr/life/post/calendarData; the substitutes follow from article 3 of
// https://www.law.go.kr/법령/관공서의공휴일에관한규정. Whether 제헌절 of 2027, a Saturday, has a substitute
// was not known when this was written. 노동절 (1 May) is not in the list: universities differ.
var movingHolidays = map[int][]string{
	2022: {
		"01-31", "02-01", "02-02", "05-08", "09-09", "09-10", "09-11", "09-12", // 12 September for 추석
		"10-10",          // for 한글날
		"03-09", "06-01", // elections
	},
	2023: {
		"01-21", "01-22", "01-23", "01-24", "05-27", "05-29", "09-28", "09-29", "09-30", // 24 January and 29 May for Sunday and Saturday
		"10-02", // declared
	},
	2024: {
		"02-09", "02-10", "02-11", "02-12", "05-15", "09-16", "09-17", "09-18", // 12 February for 설날
		"05-06", // for 어린이날
		"04-10", // election
		"10-01", // declared
	},
	2025: {
		"01-28", "01-29", "01-30", "05-05", "10-05", "10-06", "10-07", "10-08", // 8 October for 추석
		"03-03", "05-06", // for 삼일절, and for 어린이날 and 부처님오신날 on one day
		"06-03", // election
		"01-27", // declared
	},
	2026: {
		"02-16", "02-17", "02-18", "05-24", "05-25", "09-24", "09-25", "09-26", // 25 May for 부처님오신날
		"03-02", "08-17", "10-05", // for 삼일절, 광복절 and 개천절
		"06-03", // election
	},
	2027: {
		"02-06", "02-07", "02-08", "02-09", "05-13", "09-14", "09-15", "09-16", // 9 February for 설날
		"08-16", "10-04", "10-11", "12-27", // for 광복절, 개천절, 한글날 and 성탄절
	},
}

// publicHolidays returns the public holidays from first to last, in order. complete is false if moving
// holidays of a year are not known.
func publicHolidays(first, last civil.Date) (days []civil.Date, complete bool) {
	complete = true
	add := func(day civil.Date) {
		if !day.Before(first) && !day.After(last) {
			days = append(days, day)
		}
	}
	for year := first.Year; year <= last.Year; year++ {
		for _, h := range fixedHolidays {
			if year >= h.since {
				add(civil.Date{Year: year, Month: h.month, Day: h.day})
			}
		}
		complete = complete && year >= firstYear && year <= lastYear
		for _, text := range movingHolidays[year] {
			at, err := time.Parse("01-02", text)
			if err != nil {
				continue // TestHolidays finds it
			}
			add(civil.Date{Year: year, Month: at.Month(), Day: at.Day()})
		}
	}
	slices.SortFunc(days, civil.Date.Compare)
	return slices.Compact(days), complete
}
