package legacydb

import (
	"fmt"
	"strings"
	"time"
)

// layouts are how PostgreSQL prints timestamps and dates in its ISO style. An offset may have minutes
// and seconds. Layouts accept fractions of a second that they do not mention.
//
// Source: https://www.postgresql.org/docs/12/datatype-datetime.html#DATATYPE-DATETIME-OUTPUT
var layouts = []string{
	"2006-01-02 15:04:05", "2006-01-02 15:04:05-07", "2006-01-02 15:04:05-07:00", "2006-01-02 15:04:05-07:00:00", "2006-01-02",
}

// ParseTime parses a timestamp that PostgreSQL printed, in a zone if the text has none. It rejects
// infinity and everything outside of the years that Firestore has, 1 to 9999.
//
// Source: https://protobuf.dev/reference/protobuf/google.protobuf/#timestamp
func ParseTime(text string, zone *time.Location) (time.Time, error) {
	text = strings.TrimSpace(text)
	for _, layout := range layouts {
		t, err := time.ParseInLocation(layout, text, zone)
		if err != nil {
			continue
		}
		t = t.UTC().Truncate(time.Microsecond)
		if year := t.Year(); year < 1 || year > 9999 {
			break
		}
		return t, nil
	}
	return time.Time{}, fmt.Errorf("%.40q is not a time of the years 1 to 9999", text)
}

// FormatTime prints a timestamp so that PostgreSQL reads it the same as timestamptz and, in the zone, as
// timestamp, for which it ignores the offset.
func FormatTime(t time.Time, zone *time.Location) string {
	return t.In(zone).Format("2006-01-02 15:04:05.999999-07:00:00")
}
