package triggers

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// Pattern is a path pattern of Eventarc, which matches the paths of documents such as users/u1/timetables/t1.
// https://cloud.google.com/eventarc/docs/path-patterns
//
//	users/{uid}       any user; {uid=*} and * are the same
//	users/u-*         users whose id begins with u-
//	users/{path=**}   users and all that is below them; ** is the same
//	{path=**}         every document
//
// Names in braces say what a segment is; Eventarc sends nothing of them.
type Pattern struct {
	text     string
	segments []segment
}

// segment is one segment of a pattern: literal texts with wildcards between them, or any number of segments.
type segment struct {
	any   bool
	parts []string
}

const (
	maxPattern = 6 << 10 // bytes; no document has a longer path
	anyNumber  = "**"
	anyOne     = "*"
)

var captureName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// ParsePattern reads a pattern. It refuses those that match no document, such as a collection's path.
func ParsePattern(text string) (Pattern, error) {
	p := Pattern{text: text}
	if len(text) > maxPattern {
		return Pattern{}, fmt.Errorf("a path pattern has at most %d bytes", maxPattern)
	}
	path := strings.TrimPrefix(text, "/")
	names, unbounded := map[string]bool{}, false
	for _, s := range strings.Split(path, "/") {
		seg, name, err := parseSegment(s)
		if err != nil {
			return Pattern{}, fmt.Errorf("path pattern %q: %w", text, err)
		}
		if name != "" && names[name] {
			return Pattern{}, fmt.Errorf("path pattern %q: {%s} is there twice", text, name)
		}
		names[name] = true
		unbounded = unbounded || seg.any
		p.segments = append(p.segments, seg)
	}
	if !unbounded && len(p.segments)%2 != 0 {
		return Pattern{}, fmt.Errorf("path pattern %q has %d segments, so it matches collections and no document; did you mean %s/{id}?",
			text, len(p.segments), text)
	}
	return p, nil
}

func parseSegment(s string) (seg segment, name string, err error) {
	wildcard := s
	if inner, ok := strings.CutPrefix(s, "{"); ok {
		inner, ok = strings.CutSuffix(inner, "}")
		if !ok {
			return segment{}, "", fmt.Errorf("%q has no closing brace", s)
		}
		name, wildcard, ok = strings.Cut(inner, "=")
		if !ok {
			wildcard = anyOne
		}
		if !captureName.MatchString(name) {
			return segment{}, "", fmt.Errorf("%q is no name: letters, digits and _ are, and no digit comes first", name)
		}
		if wildcard != anyOne && wildcard != anyNumber {
			return segment{}, "", fmt.Errorf("after = in %q must be * or **", s)
		}
	}
	switch {
	case wildcard == "":
		return segment{}, "", errors.New("a segment is empty")
	case wildcard == anyNumber:
		return segment{any: true}, name, nil
	case strings.Contains(wildcard, anyNumber):
		return segment{}, "", fmt.Errorf("** must be all of its segment, not a part of %q", s)
	case strings.ContainsAny(wildcard, "{}"):
		return segment{}, "", fmt.Errorf("braces must be around all of a segment, not in %q", s)
	}
	return segment{parts: strings.Split(wildcard, anyOne)}, name, nil
}

// String is the pattern as it was given.
func (p Pattern) String() string { return p.text }

// Match reports whether the pattern matches the path of a document below the root, such as users/u1.
func (p Pattern) Match(path string) bool {
	segments := strings.Split(path, "/")
	i, at := 0, 0            // of the pattern, of the path
	star, taken := -1, 0     // the last ** met, and what of the path it has taken up to
	for at < len(segments) { // as for wildcards in a text: only the last ** needs to be tried again
		switch {
		case i < len(p.segments) && p.segments[i].any:
			star, taken = i, at
			i++
		case i < len(p.segments) && p.segments[i].match(segments[at]):
			i, at = i+1, at+1
		case star >= 0:
			taken++
			i, at = star+1, taken
		default:
			return false
		}
	}
	for i < len(p.segments) && p.segments[i].any {
		i++
	}
	return i == len(p.segments)
}

// match reports whether one id matches: its parts follow each other, with anything between them.
func (s segment) match(id string) bool {
	last := len(s.parts) - 1
	if last == 0 {
		return id == s.parts[0]
	}
	rest, ok := strings.CutPrefix(id, s.parts[0])
	if !ok {
		return false
	}
	for _, part := range s.parts[1:last] {
		_, after, found := strings.Cut(rest, part)
		if !found {
			return false
		}
		rest = after
	}
	return strings.HasSuffix(rest, s.parts[last])
}
