package legacydb

import "time"

// ParseTime parses a timestamp that PostgreSQL printed, in a zone if the text has none. It rejects
// infinity and everything outside of the years that Firestore has, 1 to 9999.
func ParseTime(text string, zone *time.Location) (time.Time, error) {
	panic("TODO")
}

// FormatTime prints a timestamp without a zone, as PostgreSQL does.
func FormatTime(t time.Time, zone *time.Location) string {
	return t.In(zone).Format("2006-01-02 15:04:05.999999")
}
