package courselist

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"heek.kr/heektime/compat-server/catalog"
	"heek.kr/heektime/internal/schema"
)

// Time is a meeting with the periods that old apps show. They are absent when it does not fall on whole periods.
type Time struct {
	schema.LectureTime
	PeriodBegin *int `json:"periodBegin,omitempty"`
	PeriodEnd   *int `json:"periodEnd,omitempty"`
}

// Tag is what old apps know a meta as.
type Tag struct {
	Name string `json:"name"`
}

// Times are those of a lecture with the periods of its semester; never nil.
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

// Tags are the metas of a lecture as old apps know them; never nil.
func Tags(metas []schema.LectureMeta) []Tag {
	tags := make([]Tag, len(metas))
	for i, m := range metas {
		tags[i].Name = m.Name
	}
	return tags
}

// entry of a list: all that new apps find in it, and what old ones look for besides.
type entry struct {
	schema.Lecture
	Times []Time `json:"times"`
	Tags  []Tag  `json:"tags"`
}

// Bounds of a list, far above any that the refresh service publishes.
const (
	maxLectures = 50_000
	maxRawBytes = 64 << 20
)

// convert writes a list as old apps read it. It holds one lecture at a time. A list that is not complete is an error.
func convert(w io.Writer, r io.Reader, semester *catalog.Semester) error {
	in := json.NewDecoder(io.LimitReader(r, maxRawBytes))
	if open, err := in.Token(); err != nil || open != json.Delim('[') {
		return errors.New("the course list is not a JSON array")
	}
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	between := "["
	for n := 0; in.More(); n++ {
		if n == maxLectures {
			return fmt.Errorf("the course list has more than %d lectures", maxLectures)
		}
		var l schema.Lecture
		if err := in.Decode(&l); err != nil {
			return fmt.Errorf("lecture %d of the course list: %w", n, err)
		}
		l = l.Complete()
		if _, err := io.WriteString(w, between); err != nil {
			return err
		}
		between = ","
		if err := out.Encode(entry{l, Times(l.Times, semester), Tags(l.Metas)}); err != nil {
			return err
		}
	}
	if _, err := in.Token(); err != nil {
		return fmt.Errorf("the end of the course list: %w", err)
	}
	if between == "[" {
		_, err := io.WriteString(w, "[]")
		return err
	}
	_, err := io.WriteString(w, "]")
	return err
}
