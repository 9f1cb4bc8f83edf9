package securityrules

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"heek.kr/heektime/internal/schema"
)

// sizeOf returns how many bytes Firestore counts for a value.
//
// Source: https://firebase.google.com/docs/firestore/storage-size
func sizeOf(t *testing.T, v any) int {
	t.Helper()
	switch v := v.(type) {
	case nil, bool:
		return 1
	case int, float64, time.Time, serverTime:
		return 8
	case string:
		return len(v) + 1
	case reference:
		return nameSize(string(v))
	case []any:
		n := 0
		for _, entry := range v {
			n += sizeOf(t, entry)
		}
		return n
	case fields:
		n := 0
		for name, entry := range v {
			n += len(name) + 1 + sizeOf(t, entry)
		}
		return n
	}
	t.Fatalf("the size of a %T is not known", v)
	return 0
}

// nameSize returns the size of a document's name.
func nameSize(path string) int {
	n := 16
	for id := range strings.SplitSeq(path, "/") {
		n += len(id) + 1
	}
	return n
}

// documentSize returns the size of a document that a write creates.
func documentSize(t *testing.T, w write) int { return nameSize(w.path) + sizeOf(t, w.data) + 32 }

// wide makes every character of a value as large as UTF-8 has them.
func wide(v any) any {
	switch v := v.(type) {
	case string:
		return strings.ReplaceAll(v, "호", "😀")
	case []any:
		list := make([]any, len(v))
		for i, entry := range v {
			list[i] = wide(entry)
		}
		return list
	case fields:
		m := fields{}
		for name, entry := range v {
			m[name] = wide(entry)
		}
		return m
	}
	return v
}

// The worst documents that the rules allow, with the longest ids, are as large as docs/rules.md says. That
// nothing larger fits is what the attacks with one more character or entry show.
func TestLargestDocuments(t *testing.T) {
	set := ruleset(t, "firestore.rules")
	longID := strings.Repeat("x", schema.MaxIDBytes)
	tables := "users/alice/timetables/"
	for name, o := range map[string]operation{
		"user":      claim(strings.Repeat("😀", schema.MaxUsername)),
		"timetable": addTimetable(strings.Repeat("😀", schema.TimetableIDLength)).setting(0, "title", strings.Repeat("😀", schema.MaxTimetableTitle)),
		"follow":    followBy("alice", longestUID, 1),
		"count":     reversed(followBy("alice", longestUID, 1)),
		"lecture": addLecture().with(0, func(w *write) {
			w.path = tables + alicePublic + "/lectures/" + longID
			w.data = lectureOf(func(f schema.Field) any { return wide(largest(f)) })
		}),
	} {
		if v := evaluate(t, set, o); !v.allowed {
			t.Errorf("%s: denied: %s", name, v.why)
		}
		row := regexp.MustCompile(fmt.Sprintf(`(?m)^\| %s \| ([\d,]+) \|`, name)).FindStringSubmatch(source(t, "docs/rules.md"))
		if row == nil {
			t.Errorf("docs/rules.md does not say how large a %s may be", name)
			continue
		}
		documented, _ := strconv.Atoi(strings.ReplaceAll(row[1], ",", ""))
		if got := documentSize(t, o.writes[0]); got > documented || got < documented*9/10 {
			t.Errorf("the largest %s has %d bytes, docs/rules.md says %d", name, got, documented)
		}
	}
}
