package school

import (
	"time"

	"github.com/adhocore/gronx"
)

// Slot returns the latest time at or before now at which the semester's schedule is due. ok is false if
// there is no schedule or it has not been due yet.
func (s *Semester) Slot(now time.Time) (slot time.Time, ok bool) {
	if s.Schedule == "" {
		return time.Time{}, false
	}
	slot, err := gronx.PrevTickBefore(s.Schedule, now.In(s.zone), true)
	if err != nil {
		return time.Time{}, false
	}
	return slot.Truncate(time.Minute).UTC(), true
}
