package school

import (
	"fmt"
	"time"
)

// TimeOfDay is a time in minutes after midnight, written as "09:00" in the school file. "24:00" is the
// end of the day.
type TimeOfDay int

// UnmarshalText parses "09:00".
func (t *TimeOfDay) UnmarshalText(text []byte) error {
	if string(text) == "24:00" {
		*t = 24 * 60
		return nil
	}
	at, err := time.Parse("15:04", string(text))
	if err != nil {
		return fmt.Errorf("time of day %q must be written as 09:00", text)
	}
	*t = TimeOfDay(at.Hour()*60 + at.Minute())
	return nil
}

// String formats the time as "09:00".
func (t TimeOfDay) String() string { return fmt.Sprintf("%02d:%02d", int(t)/60, int(t)%60) }
