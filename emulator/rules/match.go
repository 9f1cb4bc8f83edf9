package rules

import "strings"

// pathToken is a segment of a request's path. For a list the document ID is unknown, and for a
// collection group query so is the path of the collection.
type pathToken struct {
	text string
	kind pathTokenKind
}

type pathTokenKind uint8

const (
	segmentKnown    pathTokenKind = iota
	segmentUnknown                // exactly one segment
	segmentsUnknown               // any number of segments
)

var (
	unknownString = Value{kind: kindUnknown, ref: &unknown{constraint: &constraint{kinds: setOf(KindString)}, sure: true}}
	unknownPath   = Value{kind: kindUnknown, ref: &unknown{constraint: &constraint{kinds: setOf(KindPath)}, sure: true}}
)

// splitPath appends the segments of a path to tokens.
func splitPath(tokens []pathToken, path string) []pathToken {
	for path != "" {
		path = path[1:]
		n := strings.IndexByte(path, '/')
		if n < 0 {
			n = len(path)
		}
		tokens = append(tokens, pathToken{text: path[:n]})
		path = path[n:]
	}
	return tokens
}

// tryMatch tries a match block on the tokens starting at from, and returns true as soon as a
// condition grants the request.
func (r *evaluator) tryMatch(m *match, from int) bool { return r.matchSegment(m, 0, from) }

// matchSegment matches the block's segments starting at i, in every possible way.
func (r *evaluator) matchSegment(m *match, i, from int) bool {
	if i == len(m.segments) {
		return r.tryBlock(m, from)
	}
	s := &m.segments[i]
	switch {
	case s.kind == segmentRest:
		return r.matchRecursive(m, i, from)
	case from == len(r.tokens):
		return false
	}
	t := r.tokens[from]
	switch {
	case t.kind == segmentsUnknown:
		return false
	case s.kind == segmentLiteral:
		return t.kind == segmentKnown && t.text == s.text && r.matchSegment(m, i+1, from+1)
	case t.kind == segmentUnknown:
		r.captures[s.slot] = unknownString
	default:
		r.captures[s.slot] = StringValue(t.text)
	}
	return r.matchSegment(m, i+1, from+1)
}

// matchRecursive matches {name=**}: any number of segments in version 2; in version 1 all remaining
// segments, of which there must be at least one.
func (r *evaluator) matchRecursive(m *match, i, from int) bool {
	s := &m.segments[i]
	least := from
	if r.ruleset.version == 1 {
		if least = from + 1; least > len(r.tokens) {
			return false
		}
		least = len(r.tokens)
	}
	for to := least; to <= len(r.tokens); to++ {
		r.captures[s.slot] = r.joinTokens(from, to)
		if r.matchSegment(m, i+1, to) {
			return true
		}
	}
	return false
}

// joinTokens returns the path that the tokens form.
func (r *evaluator) joinTokens(from, to int) Value {
	size := 0
	for _, t := range r.tokens[from:to] {
		if t.kind != segmentKnown {
			return unknownPath
		}
		size += 1 + len(t.text)
	}
	var out strings.Builder
	out.Grow(size)
	for _, t := range r.tokens[from:to] {
		out.WriteByte('/')
		out.WriteString(t.text)
	}
	return PathValue(out.String())
}

// tryBlock evaluates a block's allow statements if the path ends here, then tries the nested
// blocks.
func (r *evaluator) tryBlock(m *match, from int) bool {
	if from == len(r.tokens) {
		for _, a := range m.allows {
			if a.mask.has(r.req.Method) && r.grants(a) {
				r.granted = a
				return true
			}
			if r.exceeded != nil {
				return false
			}
		}
	}
	for _, inner := range m.matches {
		if r.tryMatch(inner, from) {
			return true
		}
		if r.exceeded != nil {
			return false
		}
	}
	return false
}

// grants evaluates an allow statement and reports whether it grants the request.
func (r *evaluator) grants(a *allow) bool {
	if r.denial != nil {
		return r.explainAllow(a)
	}
	if a.cond == nil {
		return true
	}
	return r.eval(a.cond).isTrue() && r.exceeded == nil
}
