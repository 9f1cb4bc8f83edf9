package legacydb

import "fmt"

// Columns prints the columns of a row.
func Columns(row any) []string {
	var key *string
	var values []**string
	switch r := row.(type) {
	case User:
		key, values = columns(&r)
	case Timetable:
		key, values = columns(&r)
	case Lecture:
		key, values = columns(&r)
	}
	all := []string{*key}
	for _, v := range values {
		if *v == nil {
			all = append(all, "NULL")
		} else {
			all = append(all, fmt.Sprintf("%q", **v))
		}
	}
	return all
}
