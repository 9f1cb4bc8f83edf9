package timetable

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"heek.kr/heektime/internal/schema"
)

// InvalidError reports a lecture or timetable that violates the schema.
type InvalidError struct {
	// Message names the field and its constraint, in Korean, for the user.
	Message string
}

func (e *InvalidError) Error() string { return e.Message }

func invalid(format string, args ...any) error { return &InvalidError{fmt.Sprintf(format, args...)} }

// CheckTitle validates a timetable's title. The error is an *[InvalidError].
func CheckTitle(title string) error {
	return checkText("시간표 이름(title)", title, schema.MaxTimetableTitle)
}

// labels are the Korean names of a lecture's fields. A field without a label is called by its own
// name.
var labels = map[string]string{
	"identifier": "학수번호", "title": "강의명", "professor": "교수명", "credit": "학점", "times": "강의 시간", "category": "분류", "tags": "태그",
	"metas": "태그",
}

func label(name string) string {
	if text, ok := labels[name]; ok {
		return text + "(" + name + ")"
	}
	return name
}

// Clean converts a lecture sent by an old app, either unchanged from a course list or edited, to
// the schema. It drops unknown fields, treats missing and null fields as empty, and converts tags
// to metas. It enforces the schema's limits, which are those of firestore.rules, so that new
// clients can read every lecture it accepts. The error is an *[InvalidError].
func Clean(body []byte) (schema.Lecture, error) {
	var sent map[string]json.RawMessage
	if err := json.Unmarshal(body, &sent); err != nil || sent == nil {
		return schema.Lecture{}, invalid("강의는 JSON 객체여야 해요.")
	}
	c := cleaner{fields: sent}
	cleaned := map[string]any{}
	for _, f := range schema.LectureDocument.OwnerFields() {
		if f.Type == schema.Timestamp || f.Optional && c.isMissing(f.Name) {
			continue
		}
		cleaned[f.Name] = c.value(f)
	}
	l := schema.LectureOf(cleaned)
	// A course list may hold lectures without a title, and users must be able to add them.
	if strings.TrimSpace(l.Title+l.Identifier) == "" {
		c.fail("강의명(title)을 입력해 주세요.")
	}
	return l, c.err
}

// cleaner reads the fields of a JSON object and records the first error.
type cleaner struct {
	fields map[string]json.RawMessage
	err    error
}

func (c *cleaner) fail(format string, args ...any) { c.check(invalid(format, args...)) }

func (c *cleaner) check(err error) {
	if c.err == nil {
		c.err = err
	}
}

func (c *cleaner) isMissing(name string) bool {
	raw := c.fields[name]
	return len(raw) == 0 || string(raw) == "null"
}

// value reads a field and validates it against the schema.
func (c *cleaner) value(f schema.Field) any {
	switch {
	case f.Name == "times":
		return c.times(f)
	case f.Name == "metas":
		return c.metas(f)
	case f.Type == schema.Text:
		var text string
		c.decode(f.Name, "문자열이어야", &text)
		c.check(checkText(label(f.Name), text, f.Max))
		return text
	case f.Type == schema.Number:
		var n float64
		c.decode(f.Name, "숫자여야", &n)
		if n < float64(f.Min) || f.Max > 0 && n > float64(f.Max) {
			c.fail("%s 값은 %d부터 %d까지여야 해요.", label(f.Name), f.Min, f.Max)
		}
		return n
	case f.Type == schema.List && f.Entry.Type == schema.Text:
		return c.texts(f)
	}
	c.fail("%s 값은 아직 저장할 수 없어요.", label(f.Name))
	return nil
}

// decode reads a field into value, which it leaves unchanged if the field is missing or null. kind
// is the expected type in Korean, inflected.
func (c *cleaner) decode(name, kind string, value any) {
	if !c.isMissing(name) && json.Unmarshal(c.fields[name], value) != nil {
		c.fail("%s 값은 %s 해요.", label(name), kind)
	}
}

func checkText(name, text string, maxLength int) error {
	// A string has at least as many bytes as characters.
	if len(text) > maxLength && utf8.RuneCountInString(text) > maxLength {
		return invalid("%s 값은 %d자를 넘을 수 없어요.", name, maxLength)
	}
	return nil
}

func (c *cleaner) texts(f schema.Field) []any {
	var sent []string
	c.decode(f.Name, "문자열 배열이어야", &sent)
	if len(sent) > f.Max {
		c.fail("%s는 %d개를 넘을 수 없어요.", label(f.Name), f.Max)
		return nil
	}
	list := make([]any, len(sent))
	for i, text := range sent {
		c.check(checkText(fmt.Sprintf("%s %s[%d]", labels[f.Name], f.Name, i), text, f.Entry.Max))
		list[i] = text
	}
	return list
}

func (c *cleaner) times(f schema.Field) []any {
	var sent []struct {
		Weekday, TimeBegin, TimeEnd *float64
		Room                        string
	}
	c.decode(f.Name, "{weekday, timeBegin, timeEnd, room} 배열이어야", &sent)
	if len(sent) > f.Max {
		c.fail("강의 시간(times)은 %d개를 넘을 수 없어요.", f.Max)
		return nil
	}
	times := make([]any, len(sent))
	for i, t := range sent {
		weekday, ok1 := integer(t.Weekday, schema.MaxWeekday)
		begin, ok2 := integer(t.TimeBegin, schema.MinutesPerDay)
		end, ok3 := integer(t.TimeEnd, schema.MinutesPerDay)
		switch {
		case !ok1:
			c.fail("강의 시간 times[%d]의 weekday 값은 0(월)부터 %d(일)까지의 정수여야 해요.", i, schema.MaxWeekday)
		case !ok2 || !ok3 || begin >= end:
			c.fail("강의 시간 times[%d]의 timeBegin, timeEnd 값은 0~%d분이어야 하고, 시작이 끝보다 빨라야 해요.", i, schema.MinutesPerDay)
		}
		c.check(checkText(fmt.Sprintf("강의실 times[%d].room", i), t.Room, schema.MaxRoom))
		times[i] = schema.LectureTime{Weekday: weekday, TimeBegin: begin, TimeEnd: end, Room: t.Room}
	}
	return times
}

// integer converts n to an integer from 0 to limit. JSON has one number type: 540.0 is 540.
func integer(n *float64, limit int) (int, bool) {
	if n == nil || *n != math.Trunc(*n) || *n < 0 || *n > float64(limit) {
		return 0, false
	}
	return int(*n), true
}

// metas reads the metas from tags, which old apps show and edit, or, if there are no tags, from the
// metas that came with the course list.
func (c *cleaner) metas(f schema.Field) []any {
	name, kind := "tags", "{name} 배열이어야"
	if c.isMissing(name) {
		name, kind = f.Name, "{type, name} 배열이어야"
	}
	var sent []struct {
		Type *string
		Name string
	}
	c.decode(name, kind, &sent)
	if len(sent) > f.Max {
		c.fail("%s는 %d개를 넘을 수 없어요.", label(name), f.Max)
		return nil
	}
	metas := []any{}
	for i, m := range sent {
		if m.Type != nil && *m.Type != schema.MetaTag {
			continue // no client shows other types
		}
		c.check(checkText(fmt.Sprintf("태그 %s[%d].name", name, i), m.Name, schema.MaxMetaName))
		metas = append(metas, schema.Tag(m.Name))
	}
	return metas
}
