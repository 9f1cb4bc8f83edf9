package academic

import (
	"slices"
	"testing"

	"cloud.google.com/go/civil"

	"heek.kr/heektime/internal/schema"
)

func day(t *testing.T, text string) civil.Date {
	t.Helper()
	d, ok := schema.Date(text).Civil()
	if !ok {
		t.Fatalf("%q is not a date", text)
	}
	return d
}

// The usual days are those of universities' academic calendars of these years.
func TestUsualDates(t *testing.T) {
	for _, c := range []struct {
		year        int
		term        schema.Term
		first, last string
	}{
		{2023, schema.FirstTerm, "2023-03-02", "2023-06-21"},
		{2024, schema.FirstTerm, "2024-03-04", "2024-06-23"}, // 2 March is a Saturday
		{2025, schema.FirstTerm, "2025-03-04", "2025-06-23"}, // 3 March is a substitute holiday
		{2026, schema.SpringTerm, "2026-03-03", "2026-06-22"},
		{2024, schema.SecondTerm, "2024-09-02", "2024-12-22"}, // 1 September is a Sunday
		{2025, schema.FallTerm, "2025-09-01", "2025-12-21"},
		{2023, schema.SummerTerm, "2023-06-22", "2023-07-19"},
		{2025, schema.WinterTerm, "2025-12-22", "2026-01-18"},
	} {
		d, ok := DatesOf(schema.Semester{Year: c.year, Term: c.term})
		if !ok || d.First != day(t, c.first) || d.Last != day(t, c.last) || !d.Usual || d.HolidaysIncomplete {
			t.Errorf("%d %s: %+v, %v, want %s to %s", c.year, c.term, d, ok, c.first, c.last)
		}
	}
	for _, s := range []schema.Semester{{}, {Year: 2026}, {Term: schema.FirstTerm}, {Year: 2026, Term: "3학기"}, {Year: -5, Term: schema.FirstTerm}} {
		if d, ok := DatesOf(s); ok {
			t.Errorf("%+v has dates: %+v", s, d)
		}
	}
}

func TestSchoolDates(t *testing.T) {
	d, ok := DatesOf(schema.Semester{
		Year: 2026, Term: schema.SecondTerm, FirstDay: "2026-08-31", LastDay: "2026-12-18",
		Holidays: []schema.Date{"2026-10-02", "2026-02-01", "nonsense"}, ClassDays: []schema.Date{"2026-10-09"},
	})
	var got []string
	for _, h := range d.Holidays {
		got = append(got, h.String())
	}
	want := []string{"2026-09-24", "2026-09-25", "2026-09-26", "2026-10-02", "2026-10-03", "2026-10-05"}
	if !ok || d.Usual || !slices.Equal(got, want) {
		t.Errorf("%+v, %v, want holidays %v", d, ok, want)
	}
	if d, ok := DatesOf(schema.Semester{Year: 2026, Term: schema.SecondTerm, FirstDay: "2026-09-07"}); !ok || !d.Usual || d.Last != day(t, "2026-12-27") {
		t.Errorf("with the first day only: %+v, %v", d, ok)
	}
	if d, ok := DatesOf(schema.Semester{FirstDay: "2026-09-07", LastDay: "2026-12-01"}); !ok || d.Usual {
		t.Errorf("with both days and an unknown term: %+v, %v", d, ok)
	}
	for _, last := range []schema.Date{"2026-09-06", "2999-01-01"} {
		if _, ok := DatesOf(schema.Semester{FirstDay: "2026-09-07", LastDay: last}); ok {
			t.Errorf("a semester from 2026-09-07 to %s is accepted", last)
		}
	}
	if d, ok := DatesOf(schema.Semester{Year: lastYear + 1, Term: schema.FirstTerm}); !ok || !d.HolidaysIncomplete {
		t.Errorf("holidays of %d are said to be complete", lastYear+1)
	}
}

// TestHolidays checks the table against the rules that it follows from.
func TestHolidays(t *testing.T) {
	for year := firstYear; year <= lastYear; year++ {
		var moving []civil.Date
		for _, text := range movingHolidays[year] {
			moving = append(moving, day(t, civil.Date{Year: year}.String()[:5]+text))
		}
		all, complete := publicHolidays(civil.Date{Year: year, Month: 1, Day: 1}, civil.Date{Year: year, Month: 12, Day: 31})
		if !complete || len(moving) < 8 {
			t.Errorf("%d: %d moving holidays", year, len(moving))
		}
		// 국경일 and 어린이날 at a weekend have a substitute on the next weekday that is not a holiday.
		for _, text := range []string{"03-01", "05-05", "08-15", "10-03", "10-09"} {
			d := day(t, civil.Date{Year: year}.String()[:5]+text)
			if Weekday(d) < 5 {
				continue
			}
			next := d.AddDays(7 - Weekday(d))
			if !slices.Contains(all, next) {
				t.Errorf("%s is at a weekend, and %s is not a holiday", d, next)
			}
		}
	}
	if len(movingHolidays) != lastYear-firstYear+1 {
		t.Errorf("the table has %d years", len(movingHolidays))
	}
}
