package rules_test

import (
	"context"
	"os"
	"testing"
	"time"

	"heek.kr/heektime/emulator/rules"
)

// root is the path of the default database's documents.
const root = "/databases/(default)/documents"

// now is the time of every request.
var now = time.Date(2026, 3, 2, 9, 0, 0, 123456000, time.UTC)

// store implements rules.Documents. Documents in after replace those in before once the request
// succeeds; a nil one is deleted.
type store struct {
	before, after map[string]map[string]rules.Value
	reads         int
	err           error // returned by every read
}

func (s *store) Get(_ context.Context, path string) (rules.Fields, error) {
	s.reads++
	return fieldsOf(s.before[path]), s.err
}

func (s *store) GetAfter(_ context.Context, path string) (rules.Fields, error) {
	s.reads++
	if d, ok := s.after[path]; ok {
		return fieldsOf(d), s.err
	}
	return fieldsOf(s.before[path]), s.err
}

func fieldsOf(m map[string]rules.Value) rules.Fields {
	if m == nil {
		return nil
	}
	return fields(m)
}

// fields implements rules.Fields with a Go map.
type fields map[string]rules.Value

func (f fields) Len() int { return len(f) }
func (f fields) Get(name string) (rules.Value, bool) {
	v, ok := f[name]
	return v, ok
}
func (f fields) Names(yield func(string) bool) {
	for name := range f {
		if !yield(name) {
			return
		}
	}
}

func text(s string) rules.Value { return rules.StringValue(s) }

func compile(t testing.TB, source string) *rules.Ruleset {
	t.Helper()
	set, _, err := rules.Compile("test.rules", source)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// timetableRules compiles testdata/timetable.rules, whose only warnings are about public documents.
func timetableRules(t testing.TB) *rules.Ruleset {
	t.Helper()
	source, err := os.ReadFile("testdata/timetable.rules")
	if err != nil {
		t.Fatal(err)
	}
	set, warnings, err := rules.Compile("timetable.rules", string(source))
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range warnings {
		if w.Code != "allows-everyone" {
			t.Errorf("unexpected warning: %s", w)
		}
	}
	return set
}

var alice = &rules.Auth{UID: "alice", Token: rules.Claims{"email": "alice@example.com"}}

// newTimetable returns a timetable that the rules allow alice to create.
func newTimetable() fields {
	return fields{"title": text("봄학기"), "visibility": text("public"),
		"semester":  rules.PathValue(root + "/schools/demo/semesters/2026-0300"),
		"createdAt": rules.TimeValue(now), "updatedAt": rules.TimeValue(now)}
}

// newStore returns the documents that the rules of the timetable read.
func newStore() *store {
	return &store{before: map[string]map[string]rules.Value{
		root + "/schools/demo/semesters/2026-0300": {"status": text("normal")},
		root + "/users/alice":                      {"username": text("alice"), "createdAt": rules.TimeValue(now), "updatedAt": rules.TimeValue(now)},
		root + "/indices/user/usernames/alice":     {"value": text("alice")},
		root + "/users/alice/timetables/private1":  {"visibility": text("private")},
		root + "/users/alice/timetables/public1":   {"visibility": text("public")},
		root + "/users/bob/timetables/private1":    {"visibility": text("private")},
		root + "/users/bob/timetables/public1":     {"visibility": text("public")},
	}, after: map[string]map[string]rules.Value{}}
}
