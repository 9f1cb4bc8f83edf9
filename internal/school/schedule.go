package school

import (
	"time"

	"github.com/adhocore/gronx"
)

// Slot returns the latest time at or before now at which the semester's schedule is due. ok is false if
// there is no schedule or it has not been due yet.
//
// As in Cloud Scheduler, the schedule follows the zone's clocks: minutes that they skip are never due,
// minutes that they repeat are due twice.
func (s *Semester) Slot(now time.Time) (slot time.Time, ok bool) {
	if s.Schedule == "" {
		return time.Time{}, false
	}
	// gronx loses its way where clocks change, so that it sees only UTC: between two changes, a zone's clocks
	// run as UTC does. No schedule rests longer than the 40 years between leap days on a given weekday.
	for t := now.In(s.zone); now.Sub(t) < 50*366*24*time.Hour; {
		_, offset := t.Zone()
		ahead := time.Duration(offset) * time.Second
		wall, err := gronx.PrevTickBefore(s.Schedule, t.UTC().Add(ahead), true)
		if err != nil {
			return time.Time{}, false
		}
		slot, start := wall.Truncate(time.Minute).Add(-ahead), time.Time{}
		if start, _ = t.ZoneBounds(); start.IsZero() || !slot.Before(start) {
			return slot, true
		}
		t = start.Add(-1)
	}
	return time.Time{}, false
}
