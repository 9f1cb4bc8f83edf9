package conversion

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/schema"
)

// Lecture converts a lecture. The document is nil if the row was left out.
func (c *Converter) Lecture(row legacydb.Lecture) (*Document, []Finding) {
	f := &findings{kind: legacydb.LectureKind, key: row.ID}
	if row.TimetableID == nil {
		f.leftOut("", "has no timetable", "")
		return nil, f.list
	}
	// Findings about the timetable are reported for the timetable.
	above := &findings{}
	timetable, _ := c.placeOfTimetable(above, *row.TimetableID, row.UserID, row.SemesterID)
	if timetable == nil {
		f.leftOut("", "is in a timetable that is left out", *row.TimetableID)
		return nil, f.list
	}
	ref := schema.LectureRef(timetable, row.ID)
	if ref == nil {
		f.leftOut("", problemID, row.ID)
		return nil, f.list
	}
	rules := c.mapping.Rules.Actions
	l := schema.Lecture{
		Identifier: f.text("identifier", row.Identifier, schema.MaxIdentifier, rules[legacydb.LectureIdentifier]),
		Title:      f.text("title", row.Title, schema.MaxTitle, rules[legacydb.LectureTitle]),
		Professor:  f.text("professor", row.Professor, schema.MaxProfessor, rules[legacydb.LectureProfessor]),
		Credit:     f.credit(row.Credit, rules[legacydb.LectureCredit]),
		Times:      f.meetings(row.Times, rules[legacydb.LectureRoom]),
		Category:   f.names("category", row.Category, schema.MaxCategories, schema.MaxCategory, rules[legacydb.LectureCategory]),
	}
	for _, name := range f.names("tags", row.Tags, schema.MaxMetas, schema.MaxMetaName, rules[legacydb.LectureTags]) {
		l.Metas = append(l.Metas, schema.Tag(name))
	}
	created, updated := c.times(f, row.CreatedAt, row.UpdatedAt)
	if f.isLeftOut {
		return nil, f.list
	}
	return &Document{Ref: ref, Fields: l.Fields(created, updated)}, f.list
}

func (f *findings) credit(text *string, outOfBounds legacydb.Action) float64 {
	if text == nil {
		f.add("credit", problemNull, legacydb.Replace, "", "0")
		return 0
	}
	credit, err := strconv.ParseFloat(strings.TrimSpace(*text), 64)
	nearest := math.Min(math.Max(credit, 0), schema.MaxCredit)
	problem := fmt.Sprintf("is not between 0 and %d", schema.MaxCredit)
	if err != nil || math.IsNaN(credit) || math.IsInf(credit, 0) {
		problem, nearest = "is not a number", 0
	} else if nearest == credit {
		return nearest + 0 // without the sign of -0
	}
	if outOfBounds == legacydb.LeaveOut {
		f.leftOut("credit", problem, *text)
		return 0
	}
	f.add("credit", problem, legacydb.Replace, *text, strconv.FormatFloat(nearest, 'g', -1, 64))
	return nearest
}

// listOf decodes a JSON array. NULL, and what is no array, is empty.
func (f *findings) listOf(field string, text *string) []any {
	if text == nil {
		return nil // an aggregate of no rows
	}
	decoder := json.NewDecoder(strings.NewReader(*text))
	decoder.UseNumber() // a number may be larger than a float64
	var entries []any
	if err := decoder.Decode(&entries); err != nil || decoder.More() {
		f.add(field, problemList, legacydb.Replace, *text, "[]")
		return nil
	}
	return entries
}

// meetings converts the times of a lecture. One that is not within a day is left out.
func (f *findings) meetings(text *string, tooLong legacydb.Action) []schema.LectureTime {
	var times []schema.LectureTime
	for i, entry := range f.listOf("times", text) {
		field := fmt.Sprintf("times[%d]", i)
		fields, _ := entry.(map[string]any)
		weekday, ok1 := whole(fields["weekday"])
		begin, ok2 := whole(fields["timeBegin"])
		end, ok3 := whole(fields["timeEnd"])
		problem := ""
		switch {
		case !ok1 || !ok2 || !ok3:
			problem = "lacks weekday, begin or end"
		case weekday < 0 || weekday > schema.MaxWeekday:
			problem = fmt.Sprintf("has a weekday that is not between 0 and %d", schema.MaxWeekday)
		case begin < 0 || end > schema.MinutesPerDay:
			problem = "is not within a day"
		case begin >= end:
			problem = "ends before it begins"
		}
		if problem != "" {
			shown, _ := json.Marshal(entry)
			f.add(field, problem, legacydb.LeaveOut, string(shown), "")
			continue
		}
		room, long := f.entry(field+".room", fields["room"], schema.MaxRoom, tooLong)
		if !long {
			times = append(times, schema.LectureTime{Weekday: weekday, TimeBegin: begin, TimeEnd: end, Room: room})
		}
	}
	if len(times) > schema.MaxTimes {
		f.tooMany("times", len(times), schema.MaxTimes)
		times = times[:schema.MaxTimes]
	}
	return times
}

func (f *findings) tooMany(field string, count, most int) {
	f.add(field, fmt.Sprintf("has more than %d entries", most), legacydb.Shorten, fmt.Sprintf("%d entries", count), fmt.Sprintf("%d entries", most))
}

// names converts a list of names, which may be objects with a name. Empty ones and, for tags,
// those that are there already, are left out.
func (f *findings) names(field string, text *string, most, length int, tooLong legacydb.Action) []string {
	var names []string
	for i, entry := range f.listOf(field, text) {
		if fields, ok := entry.(map[string]any); ok {
			entry = fields["name"]
		}
		at := fmt.Sprintf("%s[%d]", field, i)
		name, leftOut := f.entry(at, entry, length, tooLong)
		switch {
		case leftOut:
		case name == "":
			f.add(at, problemEntry, legacydb.LeaveOut, "", "")
		case field == "tags" && slices.Contains(names, name):
			f.add(at, "has an entry twice", legacydb.LeaveOut, name, "")
		default:
			names = append(names, name)
		}
	}
	if len(names) > most {
		f.tooMany(field, len(names), most)
		names = names[:most]
	}
	return names
}

// entry converts a text in a list. leftOut says that a rule leaves out the entry.
func (f *findings) entry(field string, value any, length int, tooLong legacydb.Action) (text string, leftOut bool) {
	switch v := value.(type) {
	case string:
		text = v
	case json.Number:
		text = v.String()
	}
	if tooLong == legacydb.LeaveOut {
		if short := clip(text, length); short != text {
			f.add(field, fmt.Sprintf("is longer than %d characters", length), legacydb.LeaveOut, text, "")
			return "", true
		}
	}
	return f.text(field, &text, length, legacydb.Shorten), false
}

// whole converts a number, or a text with one, to an integer.
func whole(value any) (int, bool) {
	var text string
	switch v := value.(type) {
	case json.Number:
		text = v.String()
	case string:
		text = strings.TrimSpace(v)
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || n != math.Trunc(n) || math.Abs(n) > 1e9 {
		return 0, false
	}
	return int(n), true
}
