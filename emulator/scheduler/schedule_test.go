package scheduler

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestScheduleWhereClocksChange checks runs around midnight where clocks change at midnight.
func TestScheduleWhereClocksChange(t *testing.T) {
	for _, test := range []struct {
		cron, zone, after string
		want              []string
	}{
		// Clocks jump from 24:00 to 01:00: the day has no midnight.
		{"0 0 * * *", "America/Santiago", "2026-09-05T00:00:00-04:00", []string{"2026-09-07T00:00:00-03:00", "2026-09-08T00:00:00-03:00"}},
		{"*/30 * * * *", "America/Santiago", "2026-09-05T23:00:00-04:00", []string{"2026-09-05T23:30:00-04:00", "2026-09-06T01:00:00-03:00"}},
		{"30 * 8 3 *", "America/Havana", "2026-03-07T23:30:00-05:00", []string{"2026-03-08T01:30:00-04:00", "2026-03-08T02:30:00-04:00"}},
		{"0 6 * * 0", "Atlantic/Azores", "2026-03-28T00:00:00-01:00", []string{"2026-03-29T06:00:00Z", "2026-04-05T06:00:00Z"}},
		// Clocks are set back from 24:00 to 23:00, or from 01:00 to 00:00: the hour occurs twice.
		{"30 23 * * *", "America/Santiago", "2026-04-04T00:00:00-03:00", []string{"2026-04-04T23:30:00-03:00", "2026-04-04T23:30:00-04:00", "2026-04-05T23:30:00-04:00"}},
		{"15,45 0 * * *", "America/Havana", "2026-11-01T00:00:00-04:00", []string{"2026-11-01T00:15:00-04:00", "2026-11-01T00:45:00-04:00", "2026-11-01T00:15:00-05:00", "2026-11-01T00:45:00-05:00", "2026-11-02T00:15:00-05:00"}},
		{"0 0 * * *", "Atlantic/Azores", "2026-10-24T00:00:00Z", []string{"2026-10-25T00:00:00Z", "2026-10-25T00:00:00-01:00", "2026-10-26T00:00:00-01:00"}},
		// A country crosses the date line, and has no December 30.
		{"0 12 30,31 * *", "Pacific/Apia", "2011-12-29T12:00:00-10:00", []string{"2011-12-31T12:00:00+14:00", "2012-01-30T12:00:00+14:00"}},
		// The last day of a leap year.
		{"0 9,21 31 12 *", "America/New_York", "2040-12-30T00:00:00-05:00", []string{"2040-12-31T09:00:00-05:00", "2040-12-31T21:00:00-05:00", "2041-12-31T09:00:00-05:00"}},
		// The rarest schedule: a leap day on a Sunday, and none in 2100.
		{"0 0 29 2 */7", "America/Havana", "2088-03-01T00:00:00-05:00", []string{"2128-02-29T00:00:00-05:00"}},
	} {
		s, err := parseSchedule(test.cron, test.zone)
		if err != nil {
			t.Fatal(err)
		}
		start, err := time.Parse(time.RFC3339, test.after)
		if err != nil {
			t.Fatal(err)
		}
		at := start
		for _, want := range test.want {
			before := at
			at = s.next(at)
			if got := at.Format(time.RFC3339); got != want {
				t.Errorf("%q in %s: next after %v is %s, want %s", test.cron, test.zone, before, got, want)
			}
			if last := s.latest(start, at.Add(59*time.Second)); !last.Equal(at) {
				t.Errorf("%q in %s: the latest time at %v is %v", test.cron, test.zone, at, last)
			}
		}
	}
}

// TestScheduleAgainstWalk compares random schedules with a walk over every minute of a year. The zones are
// one for each way in which clocks change in 2026, and the strangest changes of other years.
func TestScheduleAgainstWalk(t *testing.T) {
	years := map[int][]string{
		2026: strings.Fields(`UTC Asia/Seoul Asia/Kathmandu
			Africa/Cairo Africa/Casablanca Africa/Ceuta America/Adak America/Anchorage America/Boise America/Chicago
			America/Detroit America/Ensenada America/Glace_Bay America/Godthab America/Havana America/Miquelon
			America/Santiago America/St_Johns Antarctica/Macquarie Antarctica/McMurdo Antarctica/Troll Asia/Beirut
			Asia/Famagusta Asia/Gaza Asia/Jerusalem Atlantic/Azores Atlantic/Canary Australia/Adelaide
			Australia/Lord_Howe Pacific/Easter Europe/Chisinau Pacific/Chatham Pacific/Norfolk`),
		2011: {"Pacific/Apia", "Europe/Moscow"},
		2015: {"Asia/Pyongyang"},
		2016: {"America/Caracas"},
		2017: {"America/Sao_Paulo"},
		2021: {"Asia/Tehran"},
		2040: {"America/New_York", "Africa/Casablanca"}, // a leap year after the tables of the tz database
	}
	if testing.Short() {
		years[2026] = []string{"America/Havana", "America/Santiago", "Atlantic/Azores", "Australia/Lord_Howe"}
	}
	for year, zones := range years {
		for _, zone := range zones {
			t.Run(fmt.Sprint(zone, year), func(t *testing.T) {
				t.Parallel()
				random := rand.New(rand.NewPCG(uint64(year), uint64(len(zone))*uint64(zone[0])))
				walkYear(t, random, year, zone)
			})
		}
	}
}

func walkYear(t *testing.T, random *rand.Rand, year int, zone string) {
	location, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	all := make([]*randomCron, 8)
	for i := range all {
		all[i] = newRandomCron(random)
	}
	start := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)
	end := start.AddDate(1, 0, 0)
	for at := start.In(location); at.Before(end); at = at.Add(time.Minute) {
		_, month, day := at.Date()
		hour, minute, _ := at.Clock()
		for _, c := range all {
			if c.matches(minute, hour, day, int(month), int(at.Weekday())) {
				c.due = append(c.due, at)
			}
		}
	}
	for _, c := range all {
		s, err := parseSchedule(c.text, zone)
		if err != nil {
			if len(c.due) > 0 {
				t.Errorf("%q: %v, but it occurs at %v", c.text, err, c.due[0])
			}
			continue
		}
		at := start.Add(-1)
		for _, want := range c.due {
			previous := at
			if at = s.next(at); !at.Equal(want) {
				t.Fatalf("%q: next after %v is %v, want %v", c.text, previous, at, want)
			}
		}
		if after := s.next(at); after.Before(end) {
			t.Errorf("%q: next after %v is %v, want none in the year", c.text, at, after)
		}
		for range 100 {
			now := start.Add(time.Duration(random.Int64N(int64(end.Sub(start)))))
			i, found := slices.BinarySearchFunc(c.due, now, time.Time.Compare)
			if !found {
				i--
			}
			want := start.Add(-1)
			if i >= 0 {
				want = c.due[i]
			}
			if got := s.latest(start.Add(-1), now); !got.Equal(want) {
				t.Errorf("%q: the latest time at %v is %v, want %v", c.text, now, got, want)
			}
		}
	}
}

// randomCron is a schedule whose values were chosen before its text was written.
type randomCron struct {
	text string
	sets [5][60]bool
	star [5]bool // of the fields that begin with *
	due  []time.Time
}

func newRandomCron(random *rand.Rand) *randomCron {
	c := &randomCron{}
	var parts []string
	for i, limits := range [5][2]int{{0, 59}, {0, 23}, {1, 31}, {1, 12}, {0, 7}} {
		from, to := limits[0], limits[1]
		step, text := 1, "*"
		switch random.IntN(5) {
		case 0: // *
			if i == 0 { // every minute, which is slow, in few schedules
				step = 1 + random.IntN(30)
				text = fmt.Sprintf("*/%d", step)
			}
		case 1:
			step = 1 + random.IntN(to)
			text = fmt.Sprintf("*/%d", step)
		case 2:
			from += random.IntN(to - from + 1)
			to = from + random.IntN(to-from+1)
			step = 1 + random.IntN(5)
			text = fmt.Sprintf("%d-%d/%d", from, to, step)
		default: // a list
			text = ""
			for n := range 1 + random.IntN(3) {
				v := limits[0] + random.IntN(to-limits[0]+1)
				c.sets[i][v] = true
				if n > 0 {
					text += ","
				}
				text += fmt.Sprint(v)
			}
			from = to + 1
		}
		for v := from; v <= to; v += step {
			c.sets[i][v] = true
		}
		c.star[i] = text[0] == '*'
		parts = append(parts, text)
	}
	c.text = strings.Join(parts, " ")
	return c
}

func (c *randomCron) matches(minute, hour, day, month, weekday int) bool {
	if !c.sets[0][minute] || !c.sets[1][hour] || !c.sets[3][month] {
		return false
	}
	byDay := c.sets[2][day]
	byWeekday := c.sets[4][weekday] || weekday == 0 && c.sets[4][7]
	if c.star[2] || c.star[4] {
		return byDay && byWeekday
	}
	return byDay || byWeekday
}
