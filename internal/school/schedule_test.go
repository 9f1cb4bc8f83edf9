package school

import (
	"testing"
	"time"

	"github.com/adhocore/gronx"
)

// TestSlotWhereClocksChange compares Slot with a walk over every minute around changes of clocks, of which
// most are at midnight.
func TestSlotWhereClocksChange(t *testing.T) {
	schedules := []string{"0 0 * * *", "30 23 * * *", "*/15 0-1 * * *", "0 * * * 0", "59 0,23 1-8 * 1", "*/30 8-20 * 2-9 *", "0 1 29 * *"}
	for zone, changes := range map[string][]string{
		"America/Santiago": {"2026-04-05", "2026-09-06"},
		"America/Havana":   {"2026-03-08", "2026-11-01"},
		"Atlantic/Azores":  {"2026-03-29", "2026-10-25"},
		"Pacific/Apia":     {"2011-12-30"},
	} {
		location, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		for _, change := range changes {
			day, err := time.Parse(time.DateOnly, change)
			if err != nil {
				t.Fatal(err)
			}
			for _, cron := range schedules {
				sem := &Semester{Schedule: cron, zone: location}
				var want time.Time
				matcher := gronx.New()
				for at := day.AddDate(0, 0, -2); at.Before(day.AddDate(0, 0, 3)); at = at.Add(time.Minute) {
					due, err := matcher.IsDue(cron, at.In(location))
					if err != nil {
						t.Fatal(err)
					}
					if due {
						want = at
					}
					if want.IsZero() || !due && at.Minute()%20 != 19 {
						continue
					}
					if got, ok := sem.Slot(at.Add(time.Second)); !ok || !got.Equal(want) {
						t.Fatalf("%q in %s: Slot(%v) = %v, %v, want %v", cron, zone, at.In(location), got.In(location), ok, want.In(location))
					}
				}
			}
		}
	}
}
