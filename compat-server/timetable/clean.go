package timetable

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"heek.kr/heektime/internal/lecture"
)

// InvalidError is a lecture or a timetable that the schema does not take.
type InvalidError struct {
	// Message says in Korean which field is wrong and what it may be.
	Message string
}

func (e *InvalidError) Error() string { return e.Message }

func invalid(format string, args ...any) error { return &InvalidError{fmt.Sprintf(format, args...)} }

// MaxTitle is the longest title of a timetable, in characters: firestore.rules has it.
const MaxTitle = 300

// CheckTitle refuses a title that no timetable can have. The error is an *[InvalidError].
func CheckTitle(title string) error { return checkText("시간표 이름(title)", title, MaxTitle) }

// Clean makes a lecture of what an old app sent: one from its list as it stands there, or one that was edited. Fields that the
// schema has not are dropped, those that are missing or null are empty, tags become metas. The bounds are those of
// firestore.rules, so that new clients take whatever gets through. The error is an *[InvalidError].
func Clean(body []byte) (lecture.Lecture, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(body, &fields); err != nil || fields == nil {
		return lecture.Lecture{}, invalid("강의는 JSON 객체여야 합니다.")
	}
	c := cleaner{fields: fields}
	l := lecture.Lecture{
		Identifier: c.text("identifier", "학수번호(identifier)", lecture.MaxIdentifier),
		Title:      c.text("title", "강의명(title)", lecture.MaxTitle),
		Professor:  c.text("professor", "교수명(professor)", lecture.MaxProfessor),
		Credit:     c.credit(),
		Times:      c.times(),
		Category:   c.category(),
		Metas:      c.metas(),
	}
	// A list may have a lecture without a title, and what stands in a list can be added.
	if strings.TrimSpace(l.Title+l.Identifier) == "" {
		c.fail("강의명(title)이 없습니다.")
	}
	return l, c.err
}

// cleaner reads fields and remembers the first thing that was wrong.
type cleaner struct {
	fields map[string]json.RawMessage
	err    error
}

func (c *cleaner) fail(format string, args ...any) {
	if c.err == nil {
		c.err = invalid(format, args...)
	}
}

// decode reads a field into value; value stays what it is when the field is missing or null. what is what the user calls it,
// kind what it should be, inflected.
func (c *cleaner) decode(name, what, kind string, value any) {
	raw := c.fields[name]
	if len(raw) == 0 || string(raw) == "null" {
		return
	}
	if json.Unmarshal(raw, value) != nil {
		c.fail("%s 값은 %s 합니다.", what, kind)
	}
}

func (c *cleaner) text(name, what string, most int) (text string) {
	c.decode(name, what, "문자여야", &text)
	c.check(checkText(what, text, most))
	return text
}

func (c *cleaner) check(err error) {
	if c.err == nil {
		c.err = err
	}
}

func checkText(what, text string, most int) error {
	// A string has at least as many bytes as characters.
	if len(text) > most && utf8.RuneCountInString(text) > most {
		return invalid("%s 값은 %d자를 넘을 수 없습니다.", what, most)
	}
	return nil
}

func (c *cleaner) credit() (credit float64) {
	c.decode("credit", "학점(credit)", "숫자여야", &credit)
	if credit < 0 || credit > lecture.MaxCredit {
		c.fail("학점(credit) 값은 0부터 %d까지여야 합니다.", lecture.MaxCredit)
	}
	return credit
}

func (c *cleaner) times() []lecture.Time {
	var sent []struct {
		Weekday, TimeBegin, TimeEnd *float64
		Room                        *string
	}
	c.decode("times", "강의 시간(times)", "{weekday, timeBegin, timeEnd, room}의 배열이어야", &sent)
	if len(sent) > lecture.MaxTimes {
		c.fail("강의 시간(times)은 %d개를 넘을 수 없습니다.", lecture.MaxTimes)
		return nil
	}
	times := make([]lecture.Time, len(sent))
	for i, t := range sent {
		weekday, ok1 := whole(t.Weekday, 0, 6)
		begin, ok2 := whole(t.TimeBegin, 0, 24*60)
		end, ok3 := whole(t.TimeEnd, 0, 24*60)
		switch {
		case !ok1:
			c.fail("강의 시간 times[%d]의 weekday 값은 0(월)부터 6(일)까지의 정수여야 합니다.", i)
		case !ok2 || !ok3 || begin >= end:
			c.fail("강의 시간 times[%d]의 timeBegin, timeEnd 값은 하루 안의 분(0~1440)이고 시작이 끝보다 앞서야 합니다.", i)
		}
		times[i] = lecture.Time{Weekday: weekday, TimeBegin: begin, TimeEnd: end}
		if t.Room != nil {
			times[i].Room = *t.Room
			c.check(checkText(fmt.Sprintf("강의실 times[%d].room", i), *t.Room, lecture.MaxRoom))
		}
	}
	return times
}

// whole is a whole number within bounds. JSON has no other numbers than floating ones: 540.0 is 540.
func whole(n *float64, least, most int) (int, bool) {
	if n == nil || *n != math.Trunc(*n) || *n < float64(least) || *n > float64(most) {
		return 0, false
	}
	return int(*n), true
}

func (c *cleaner) category() []string {
	names := []string{}
	c.decode("category", "분류(category)", "문자의 배열이어야", &names)
	if len(names) > lecture.MaxCategory {
		c.fail("분류(category)는 %d개를 넘을 수 없습니다.", lecture.MaxCategory)
		return nil
	}
	for i, name := range names {
		c.check(checkText(fmt.Sprintf("분류 category[%d]", i), name, lecture.MaxCategoryName))
	}
	if names == nil {
		names = []string{}
	}
	return names
}

// metas come from tags, which is what old apps show and edit, or from the metas of the list when there are no tags.
func (c *cleaner) metas() []lecture.Meta {
	name, what, kind := "tags", "태그(tags)", "{name}의 배열이어야"
	if raw := c.fields["tags"]; len(raw) == 0 || string(raw) == "null" {
		name, what, kind = "metas", "태그(metas)", "{type, name}의 배열이어야"
	}
	var sent []struct {
		Type *string
		Name string
	}
	c.decode(name, what, kind, &sent)
	if len(sent) > lecture.MaxMetas {
		c.fail("%s는 %d개를 넘을 수 없습니다.", what, lecture.MaxMetas)
		return nil
	}
	metas := make([]lecture.Meta, 0, len(sent))
	for i, m := range sent {
		if m.Type != nil && *m.Type != lecture.Tag("").Type {
			continue // no client shows it
		}
		c.check(checkText(fmt.Sprintf("태그 %s[%d].name", name, i), m.Name, lecture.MaxTag))
		metas = append(metas, lecture.Tag(m.Name))
	}
	return slices.Clip(metas)
}
