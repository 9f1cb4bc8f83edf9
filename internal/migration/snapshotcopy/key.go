package snapshotcopy

import "heek.kr/heektime/internal/migration/legacydb"

// keyOf returns the key of a row.
func keyOf[T legacydb.Row](row T) string {
	switch r := any(row).(type) {
	case legacydb.School:
		return r.ID
	case legacydb.Semester:
		return r.ID
	case legacydb.User:
		return r.ID
	case legacydb.Timetable:
		return r.ID
	case legacydb.Lecture:
		return r.ID
	}
	panic("snapshotcopy: a row of an unknown kind")
}
