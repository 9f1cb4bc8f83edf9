package legacydb_test

import (
	"slices"
	"strings"
	"testing"

	"heek.kr/heektime/internal/migration/legacydb"
)

// tuple makes a tuple of "name=value" pairs; a value of NULL is nil.
func tuple(pairs ...string) legacydb.Tuple {
	t := legacydb.Tuple{}
	for _, pair := range pairs {
		name, value, _ := strings.Cut(pair, "=")
		if t[name] = &value; value == "NULL" {
			t[name] = nil
		}
	}
	return t
}

func TestAffected(t *testing.T) {
	db := open(t)
	padded := "short" + strings.Repeat(" ", 27)
	row := func(user, semester string) legacydb.Tuple {
		return tuple("id="+padded, "user_id="+user, "semester_id="+semester, "title=x")
	}
	affected := func(kind legacydb.Kind, key, parent string, children bool) legacydb.Affected {
		return legacydb.Affected{Kind: kind, Key: key, OldParent: parent, Children: children}
	}
	const user, timetable, lecture = legacydb.UserKind, legacydb.TimetableKind, legacydb.LectureKind
	for name, c := range map[string]struct {
		change legacydb.Change
		want   []legacydb.Affected
		err    string
	}{
		"user inserted": {legacydb.Change{Table: "public.users", Op: legacydb.Insert, New: tuple("id=u", "username=x")},
			[]legacydb.Affected{affected(user, "u", "", true)}, ""},
		"user updated": {legacydb.Change{Table: "public.users", Op: legacydb.Update, New: tuple("id=u", "username=y")},
			[]legacydb.Affected{affected(user, "u", "", false)}, ""},
		"user gets another id": {legacydb.Change{Table: "public.users", Op: legacydb.Update, Old: tuple("id=u"), New: tuple("id=v", "username=y")},
			[]legacydb.Affected{affected(user, "u", "", true), affected(user, "v", "", true)}, ""},
		"user deleted": {legacydb.Change{Table: "public.users", Op: legacydb.Delete, Old: tuple("id=u")},
			[]legacydb.Affected{affected(user, "u", "", true)}, ""},
		"timetable renamed": {legacydb.Change{Table: "public.timetables", Op: legacydb.Update, Old: row("u", "s"), New: row("u", "s")},
			[]legacydb.Affected{affected(timetable, "short", "u", false)}, ""},
		"timetable moved": {legacydb.Change{Table: "public.timetables", Op: legacydb.Update, Old: row("u", "s"), New: row("v", "s")},
			[]legacydb.Affected{affected(timetable, "short", "u", true)}, ""},
		"timetable gets a semester": {legacydb.Change{Table: "public.timetables", Op: legacydb.Update, Old: row("u", "NULL"), New: row("u", "s")},
			[]legacydb.Affected{affected(timetable, "short", "u", true)}, ""},
		"lecture moved": {legacydb.Change{Table: "public.lectures", Op: legacydb.Update, Old: tuple("id=l", "timetable_id="+padded),
			New: tuple("id=l", "timetable_id=NULL")}, []legacydb.Affected{affected(lecture, "l", "short", false)}, ""},
		"time moved to another lecture": {legacydb.Change{Table: "public.lecture_times", Op: legacydb.Update, Old: tuple("id=1", "lecture_id=l"),
			New: tuple("id=1", "lecture_id=m")}, []legacydb.Affected{affected(lecture, "l", "", false), affected(lecture, "m", "", false)}, ""},
		"tag of no lecture": {legacydb.Change{Table: "public.lecture_tags", Op: legacydb.Insert, New: tuple("lecture_id=NULL", "name=x")}, nil, ""},
		"another table":     {legacydb.Change{Table: "public.logs", Op: legacydb.Insert, New: tuple("id=1")}, nil, ""},
		"identity lacks the parent": {legacydb.Change{Table: "public.lectures", Op: legacydb.Delete, Old: tuple("id=l")}, nil,
			"the replica identity of table public.lectures lacks column timetable_id: ALTER TABLE public.lectures REPLICA IDENTITY FULL"},
		"column dropped": {legacydb.Change{Table: "public.lecture_tags", Op: legacydb.Insert, New: tuple("lecture=l", "name=x")}, nil,
			"a change of table public.lecture_tags has no column lecture_id: it was dropped or renamed"},
	} {
		got, err := db.Affected(c.change)
		if !slices.Equal(got, c.want) || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: %v, %v, want %v, %q", name, got, err, c.want, c.err)
		}
	}
}

func TestQuoteName(t *testing.T) {
	for name, want := range map[string]string{"lectures": "lectures", "Lectures": `"Lectures"`, `a"b`: `"a""b"`, "1a": `"1a"`, "": `""`} {
		if got := legacydb.QuoteName(name); got != want {
			t.Errorf("%q: %s, want %s", name, got, want)
		}
	}
}
