package triggers_test

import (
	"strings"
	"testing"

	"heek.kr/heektime/emulator/triggers"
)

func TestPatterns(t *testing.T) {
	tests := []struct {
		pattern string
		matches []string
		misses  []string
	}{
		{"users/marie", []string{"users/marie"}, []string{"users/mari", "users/marie/a/b", "user/marie"}},
		{"/users/marie", []string{"users/marie"}, nil},
		{"users/{uid}", []string{"users/marie", "users/한국"}, []string{"users/marie/addresses/home", "schools/a"}},
		{"users/{uid=*}", []string{"users/marie"}, []string{"users/marie/addresses/home"}},
		{"users/*", []string{"users/marie"}, []string{"users/marie/addresses/home"}},
		{"users/m*", []string{"users/marie", "users/m"}, []string{"users/anna"}},
		{"users/*e", []string{"users/marie", "users/e"}, []string{"users/anna"}},
		{"users/m*r*e", []string{"users/marie", "users/mre"}, []string{"users/mer", "users/me", "users/marien"}},
		{"users/a*a", []string{"users/aa", "users/aba"}, []string{"users/a"}},
		{"users/{uid}/timetables/{timetable}", []string{"users/u/timetables/t"}, []string{"users/u", "users/u/timetables/t/lectures/l", "users/u/friends/f"}},
		{"users/{path=**}", []string{"users/marie", "users/marie/addresses/home"}, []string{"schools/a"}},
		{"users/**", []string{"users/marie", "users/marie/addresses/home"}, []string{"schools/a"}},
		{"{path=**}", []string{"users/marie", "a/b/c/d/e/f"}, nil},
		{"**/lectures/*", []string{"lectures/l", "users/u/timetables/t/lectures/l"}, []string{"users/u/timetables/t", "lectures/l/a/b"}},
		{"users/**/lectures/{id}", []string{"users/lectures/lectures/l", "users/u/timetables/t/lectures/l"}, []string{"users/u/timetables/t", "lectures/l"}},
		{"**/a/**/b", []string{"a/b", "x/y/a/b", "a/x/y/b", "a/a/b/b"}, []string{"a/x", "b/a"}},
	}
	for _, test := range tests {
		p, err := triggers.ParsePattern(test.pattern)
		if err != nil {
			t.Error(err)
			continue
		}
		for _, path := range test.matches {
			if !p.Match(path) {
				t.Errorf("%s does not match %s, want a match", test.pattern, path)
			}
		}
		for _, path := range test.misses {
			if p.Match(path) {
				t.Errorf("%s matches %s, want no match", test.pattern, path)
			}
		}
	}
}

func TestInvalidPatterns(t *testing.T) {
	for pattern, want := range map[string]string{
		"":                               "empty",
		"/":                              "empty",
		"users//x":                       "empty",
		"users/":                         "empty",
		"users":                          "did you mean users/{id}",
		"users/{uid}/timetables":         "matches collections",
		"users/{uid":                     "closing brace",
		"users/uid}":                     "braces",
		"users/{}":                       "not a valid name",
		"users/{doc-id}":                 "not a valid name",
		"users/{uid}/a/{uid}":            "duplicated",
		"users/{uid=a*}":                 "after =",
		"users/{uid=}":                   "after =",
		"users/a**":                      "a whole segment",
		"users/a{b}":                     "braces",
		strings.Repeat("a/", 4000) + "b": "at most",
	} {
		_, err := triggers.ParsePattern(pattern)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q: got error %v, want one with %q", pattern, err, want)
		}
	}
}

// FuzzPattern checks that parsing and matching do not panic, and that a pattern without wildcards matches
// only itself.
func FuzzPattern(f *testing.F) {
	f.Add("users/{uid}/timetables/{t=**}", "users/u/timetables/t")
	f.Add("**/a*b*c/**", "x/abc")
	f.Add("a/b", "a/b")
	f.Fuzz(func(t *testing.T, pattern, path string) {
		p, err := triggers.ParsePattern(pattern)
		if err != nil {
			return
		}
		matches := p.Match(path)
		if !strings.ContainsAny(pattern, "*{") && matches != (strings.TrimPrefix(pattern, "/") == path) {
			t.Errorf("%q matches %q: %t, want %t", pattern, path, matches, !matches)
		}
		if all, _ := triggers.ParsePattern("{x=**}"); !all.Match(path) {
			t.Errorf("** does not match %q", path)
		}
	})
}
