package environment

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestVariables(t *testing.T) {
	env := Map(map[string]string{"SET": "v", "EMPTY": "", "LIST": " a, b,,c ", "NUMBER": "7"})
	if env.Required("SET", "") != "v" || env.Optional("EMPTY", "fallback") != "fallback" || env.Optional("SET", "x") != "v" {
		t.Error("wrong values")
	}
	if got := env.RequiredList("LIST", ""); !slices.Equal(got, []string{"a", "b", "c"}) {
		t.Errorf("RequiredList = %q", got)
	}
	if env.OptionalInt("NUMBER", 1, 0, 8) != 7 || env.OptionalInt("NONE", 1, 0, 8) != 1 {
		t.Error("wrong numbers")
	}
	if env.OptionalMatch("SET", "x", regexp.MustCompile("^v$"), "v") != "v" || env.OptionalMatch("NONE", "x", regexp.MustCompile("^x$"), "x") != "x" {
		t.Error("wrong matches")
	}
	if env.OptionalList("NONE") != nil || env.Err() != nil {
		t.Errorf("an absent optional variable is an error: %v", env.Err())
	}
	// A failed start reports everything that is missing, and what it is for.
	env.Required("EMPTY", "the project")
	env.RequiredList("NONE", "allowed callers")
	env.OptionalInt("SET", 1, 0, 8)
	env.OptionalMatch("SET", "x", regexp.MustCompile("^x$"), "the letter x")
	for _, want := range []string{"EMPTY", "the project", "NONE", "allowed callers", "from 0 to 8", `SET is "v", want the letter x`} {
		if err := env.Err(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not contain %q", err, want)
		}
	}
}

func TestReads(t *testing.T) {
	env := Map(nil)
	env.Required("A", "")
	env.OptionalInt("B", 5, 0, 8)
	env.OptionalList("C")
	want := []Read{{"A", true, ""}, {"B", false, "5"}, {"C", false, ""}}
	if got := env.Reads(); !slices.Equal(got, want) {
		t.Errorf("Reads() = %v, want %v", got, want)
	}
}
