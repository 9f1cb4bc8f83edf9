package topic

import (
	"encoding/json"
	"os"
	"regexp"
	"testing"

	"heek.kr/heektime/internal/schema"
)

// vector is a topic that every client must build, too.
type vector struct {
	Kind     string            `json:"kind"`
	School   string            `json:"school,omitempty"`
	Semester schema.SemesterID `json:"semester,omitempty"`
	Lecture  string            `json:"lecture,omitempty"`
	Language schema.Language   `json:"language"`
	Topic    string            `json:"topic"`
}

func (v vector) topic() string {
	switch v.Kind {
	case "lecture":
		return Lecture(v.School, v.Semester, v.Lecture).In(v.Language)
	case "school":
		return School(v.School).In(v.Language)
	}
	return Announcements.In(v.Language)
}

// valid is what Firebase allows.
//
// Source: https://firebase.google.com/docs/cloud-messaging/send-message
var valid = regexp.MustCompile(`^[a-zA-Z0-9-_.~%]+$`)

// The names never change: devices are subscribed to them. web/src/pushtopics.ts has the same vectors.
func TestVectors(t *testing.T) {
	text, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors []vector
	if err := json.Unmarshal(text, &vectors); err != nil {
		t.Fatal(err)
	}
	if len(vectors) < 10 {
		t.Fatalf("%d vectors", len(vectors))
	}
	seen := map[string]bool{}
	for _, v := range vectors {
		got := v.topic()
		if got != v.Topic {
			t.Errorf("%+v: topic %q", v, got)
		}
		if !valid.MatchString(got) || len(got) > 100 {
			t.Errorf("%q is not a topic's name", got)
		}
		if seen[got] {
			t.Errorf("%q stands for two things", got)
		}
		seen[got] = true
	}
}
