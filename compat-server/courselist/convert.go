package courselist

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"heek.kr/heektime/compat-server/catalog"
	"heek.kr/heektime/internal/schema"
)

// Time is a meeting time with the periods that old apps show, which are nil unless it covers whole
// periods.
type Time struct {
	schema.LectureTime
	PeriodBegin *int `json:"periodBegin,omitempty"`
	PeriodEnd   *int `json:"periodEnd,omitempty"`
}

// Tag is a meta in the format of old apps.
type Tag struct {
	Name string `json:"name"`
}

// Times adds the semester's periods to a lecture's times. It never returns nil.
func Times(times []schema.LectureTime, semester *catalog.Semester) []Time {
	list := make([]Time, len(times))
	for i, t := range times {
		list[i].LectureTime = t
		if from, to, ok := semester.Span(t.TimeBegin, t.TimeEnd); ok {
			list[i].PeriodBegin, list[i].PeriodEnd = &from, &to
		}
	}
	return list
}

// Tags converts a lecture's metas to tags. It never returns nil.
func Tags(metas []schema.LectureMeta) []Tag {
	tags := make([]Tag, len(metas))
	for i, m := range metas {
		tags[i].Name = m.Name
	}
	return tags
}

// entry is an entry of a list: the fields for new apps, and those that only old apps read.
type entry struct {
	schema.Lecture
	Times []Time `json:"times"`
	Tags  []Tag  `json:"tags"`
}

// Limits of a list, far above any that the refresh service publishes.
const (
	maxLectures = 50_000
	maxRawBytes = 64 << 20
)

// convert copies a list from r to w in the format of old apps. It holds one lecture in memory at a
// time and returns an error if the list is incomplete.
func convert(w io.Writer, r io.Reader, semester *catalog.Semester) error {
	in := json.NewDecoder(io.LimitReader(r, maxRawBytes))
	if open, err := in.Token(); err != nil || open != json.Delim('[') {
		return errors.New("the course list is not a JSON array")
	}
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	separator := "["
	for n := 0; in.More(); n++ {
		if n == maxLectures {
			return fmt.Errorf("the course list has more than %d lectures", maxLectures)
		}
		var l schema.Lecture
		if err := in.Decode(&l); err != nil {
			return fmt.Errorf("read lecture %d of the course list: %w", n, err)
		}
		l = l.Complete()
		if _, err := io.WriteString(w, separator); err != nil {
			return err
		}
		separator = ","
		if err := out.Encode(entry{l, Times(l.Times, semester), Tags(l.Metas)}); err != nil {
			return err
		}
	}
	if _, err := in.Token(); err != nil {
		return fmt.Errorf("read the end of the course list: %w", err)
	}
	if separator == "[" {
		_, err := io.WriteString(w, "[]")
		return err
	}
	_, err := io.WriteString(w, "]")
	return err
}
