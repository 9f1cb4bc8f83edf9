package pushplan

import "time"

// Seoul is the time zone of quiet hours and of days. Korea has had no daylight-saving time since 1988.
var Seoul = time.FixedZone("KST", 9*60*60)

// Nobody is notified from 22:00 until 8:00.
const (
	quietFrom  = 22
	quietUntil = 8
)

// IsQuiet reports whether nobody may be notified at a time.
func IsQuiet(t time.Time) bool {
	hour := t.In(Seoul).Hour()
	return hour >= quietFrom || hour < quietUntil
}

// NextMorning returns the first 8:00 after t.
func NextMorning(t time.Time) time.Time {
	y, m, d := t.In(Seoul).Date()
	at := time.Date(y, m, d, quietUntil, 0, 0, 0, Seoul)
	if !at.After(t) {
		at = at.AddDate(0, 0, 1)
	}
	return at
}

// sameDay reports whether two times are on one day in Seoul.
func sameDay(a, b time.Time) bool {
	const day = "2006-01-02"
	return a.In(Seoul).Format(day) == b.In(Seoul).Format(day)
}
