package pushplan

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"heek.kr/heektime/internal/schema"
)

// Bounds of texts in characters. A message has at most 4,096 bytes, and phones show some four lines.
//
// Source: https://firebase.google.com/docs/cloud-messaging/concept-options
const (
	maxTitle = 60
	maxValue = 60
	maxBody  = 240
)

// room is not a field of its own: each time of a lecture has one.
const room = "room"

// words are the texts of a language.
type words struct {
	titles              map[string]string // by field
	several, gone, back string            // titles
	changed, undone     string            // of a field: title, field, before, after
	fields              map[string]string
	removed, returned   string
	none                string // for a value that is ""
	weekdays            []string
}

var texts = map[schema.Language]*words{
	schema.Korean: {
		titles: map[string]string{
			room: "강의실 변경", schema.FieldTimes: "시간 변경", schema.FieldProfessor: "교수님 변경", schema.FieldTitle: "강의명 변경",
			schema.FieldCredit: "학점 변경", schema.FieldIdentifier: "학수번호 변경",
		},
		several: "강의 변경", gone: "목록에서 빠진 강의", back: "다시 열린 강의",
		changed: "%s %s 바뀌었어요: %s → %s", undone: "%s %s 다시 돌아왔어요: %s → %s",
		fields: map[string]string{
			room: "강의실이", schema.FieldTimes: "시간이", schema.FieldProfessor: "교수님이", schema.FieldTitle: "이름이",
			schema.FieldCredit: "학점이", schema.FieldIdentifier: "학수번호가",
		},
		removed: "%s 강의가 학교 강의 목록에서 빠졌어요. 폐강됐는지 학교에서 확인해 보세요.", returned: "%s 강의가 다시 강의 목록에 올라왔어요.",
		none: "미정", weekdays: []string{"월", "화", "수", "목", "금", "토", "일"},
	},
	schema.English: {
		titles: map[string]string{
			room: "Room change", schema.FieldTimes: "Time change", schema.FieldProfessor: "Professor change", schema.FieldTitle: "Title change",
			schema.FieldCredit: "Credits change", schema.FieldIdentifier: "Course code change",
		},
		several: "Lecture change", gone: "Lecture no longer listed", back: "Lecture listed again",
		changed: "%s: the %s changed, %s → %s", undone: "%s: the %s changed back, %s → %s",
		fields: map[string]string{
			room: "room", schema.FieldTimes: "time", schema.FieldProfessor: "professor", schema.FieldTitle: "title",
			schema.FieldCredit: "credits", schema.FieldIdentifier: "course code",
		},
		removed: "%s is no longer in the school's course list. Check with the school whether it was canceled.", returned: "%s is in the course list again.",
		none: "not announced", weekdays: []string{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"},
	},
}

// difference is one thing that changed, in words.
type difference struct{ field, before, after string }

// Text returns the title and the body of the notification in a language.
func (m *Message) Text(language schema.Language) (title, body string) {
	w, name := texts[language], cut(m.Title, maxTitle)
	if m.Removed {
		return w.gone, fmt.Sprintf(w.removed, name)
	}
	var lines []string
	if m.Returned {
		title, lines = w.back, append(lines, fmt.Sprintf(w.returned, name))
	}
	format, differences := w.changed, m.differences(w)
	if m.Undone {
		format = w.undone
	}
	for _, d := range differences {
		lines = append(lines, fmt.Sprintf(format, name, w.fields[d.field], d.before, d.after))
	}
	switch {
	case m.Returned:
	case len(differences) == 1:
		title = w.titles[differences[0].field]
	default:
		title = w.several
	}
	return title, cut(strings.Join(lines, "\n"), maxBody)
}

// differences lists what changed: what matters most for finding the class comes first.
func (m *Message) differences(w *words) (found []difference) {
	before, after := schema.LectureOf(m.Before), schema.LectureOf(m.After)
	has := func(name string) bool { _, ok := m.After[name]; return ok }
	add := func(field, from, to string) { found = append(found, difference{field, w.value(from), w.value(to)}) }
	if has(schema.FieldTimes) {
		if rooms, same := roomChanges(before.Times, after.Times); same {
			add(room, w.list(rooms.from), w.list(rooms.to))
		} else {
			add(schema.FieldTimes, w.meetings(before.Times), w.meetings(after.Times))
		}
	}
	if has(schema.FieldProfessor) {
		add(schema.FieldProfessor, before.Professor, after.Professor)
	}
	if has(schema.FieldTitle) {
		add(schema.FieldTitle, before.Title, after.Title)
	}
	if has(schema.FieldCredit) {
		add(schema.FieldCredit, number(before.Credit), number(after.Credit))
	}
	if m.Former != m.Identifier {
		add(schema.FieldIdentifier, m.Former, m.Identifier)
	}
	return found
}

// rooms are those that differ, each pair once.
type rooms struct{ from, to []string }

// roomChanges returns the rooms that differ if nothing else does: the meetings are at the same times.
func roomChanges(before, after []schema.LectureTime) (changed rooms, sameTimes bool) {
	if len(before) != len(after) {
		return rooms{}, false
	}
	a, b := sorted(before), sorted(after)
	for i := range a {
		if a[i].Weekday != b[i].Weekday || a[i].TimeBegin != b[i].TimeBegin || a[i].TimeEnd != b[i].TimeEnd {
			return rooms{}, false
		}
		if a[i].Room == b[i].Room {
			continue
		}
		known := false
		for j := range changed.from {
			known = known || changed.from[j] == a[i].Room && changed.to[j] == b[i].Room
		}
		if !known {
			changed.from, changed.to = append(changed.from, a[i].Room), append(changed.to, b[i].Room)
		}
	}
	return changed, true
}

func sorted(times []schema.LectureTime) []schema.LectureTime {
	times = slices.Clone(times)
	slices.SortFunc(times, schema.CompareTimes)
	return times
}

// meetings writes the times of a lecture, with its rooms.
func (w *words) meetings(times []schema.LectureTime) string {
	var parts []string
	for _, t := range sorted(times) {
		part := clock(t.TimeBegin) + "–" + clock(t.TimeEnd)
		if t.Weekday >= 0 && t.Weekday < len(w.weekdays) {
			part = w.weekdays[t.Weekday] + " " + part
		}
		if t.Room != "" {
			part += " (" + t.Room + ")"
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, ", ")
}

func clock(minutes int) string { return fmt.Sprintf("%02d:%02d", minutes/60, minutes%60) }

func number(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }

// value shortens a value, and names one that is missing.
func (w *words) value(text string) string {
	if text == "" {
		return w.none
	}
	return cut(text, maxValue)
}

// list writes several values.
func (w *words) list(texts []string) string {
	named := make([]string, len(texts))
	for i, text := range texts {
		named[i] = cmp.Or(text, w.none)
	}
	return strings.Join(named, ", ")
}

// cut shortens a text to a number of characters.
func cut(text string, length int) string {
	if runes := []rune(text); len(runes) > length {
		return string(runes[:length-1]) + "…"
	}
	return text
}
