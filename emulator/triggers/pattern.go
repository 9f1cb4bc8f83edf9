package triggers

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// Pattern is an Eventarc path pattern. It matches document paths such as users/u1/timetables/t1.
// https://cloud.google.com/eventarc/docs/path-patterns
//
//	users/{uid}       any user; {uid=*} and * mean the same
//	users/u-*         users whose ID begins with u-
//	users/{path=**}   users and all documents in their subcollections; ** means the same
//	{path=**}         every document
//
// Names in braces document what a segment means; Eventarc does not send them.
type Pattern struct {
	text     string
	segments []segment
}

// segment is one segment of a pattern: literal parts separated by wildcards, or any number of segments.
type segment struct {
	any   bool     // **: any number of segments
	parts []string // otherwise: literal parts, with a * between each two
}

const (
	maxPattern = 6 << 10 // bytes; no document has a longer path
	anyNumber  = "**"
	anyOne     = "*"
)

var captureName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// ParsePattern parses a pattern. It rejects patterns that cannot match a document, such as a collection's
// path.
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
			return Pattern{}, fmt.Errorf("path pattern %q: {%s} is duplicated", text, name)
		}
		names[name] = true
		unbounded = unbounded || seg.any
		p.segments = append(p.segments, seg)
	}
	if !unbounded && len(p.segments)%2 != 0 {
		return Pattern{}, fmt.Errorf("path pattern %q has %d segments, so it matches collections, not documents; did you mean %s/{id}?",
			text, len(p.segments), text)
	}
	return p, nil
}

// parseSegment parses a segment. name is the name in its braces, if any.
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
			return segment{}, "", fmt.Errorf("%q is not a valid name: use letters, digits and _, and do not begin with a digit", name)
		}
		if wildcard != anyOne && wildcard != anyNumber {
			return segment{}, "", fmt.Errorf("the wildcard after = in %q must be * or **", s)
		}
	}
	switch {
	case wildcard == "":
		return segment{}, "", errors.New("a segment is empty")
	case wildcard == anyNumber:
		return segment{any: true}, name, nil
	case strings.Contains(wildcard, anyNumber):
		return segment{}, "", fmt.Errorf("** must be a whole segment, not part of %q", s)
	case strings.ContainsAny(wildcard, "{}"):
		return segment{}, "", fmt.Errorf("braces must enclose a whole segment, not part of %q", s)
	}
	return segment{parts: strings.Split(wildcard, anyOne)}, name, nil
}

// String returns the pattern as it was parsed.
func (p Pattern) String() string { return p.text }

// Match reports whether the pattern matches the path of a document below the root, such as users/u1.
func (p Pattern) Match(path string) bool {
	segments := strings.Split(path, "/")
	i, j := 0, 0            // indexes in the pattern and the path
	star, end := -1, 0      // index of the last **, and of the first path segment after those it matches
	for j < len(segments) { // as with wildcards in strings, only the last ** needs backtracking
		switch {
		case i < len(p.segments) && p.segments[i].any:
			star, end = i, j
			i++
		case i < len(p.segments) && p.segments[i].match(segments[j]):
			i, j = i+1, j+1
		case star >= 0:
			end++
			i, j = star+1, end
		default:
			return false
		}
	}
	for i < len(p.segments) && p.segments[i].any {
		i++
	}
	return i == len(p.segments)
}

// match reports whether an ID consists of the segment's parts, in order, with anything between them.
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
