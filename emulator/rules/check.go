package rules

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// checker resolves names, checks limits and types, and prepares expressions for evaluation.
type checker struct {
	src       *source
	ruleset   *Ruleset
	issues    []Issue
	service   Service
	functions []*function // all functions of the file
}

// scope holds the names visible in a block or function.
type scope struct {
	outer     *scope
	functions map[string]*function
	captures  map[string]int
	next      int // slot of the next wildcard
	segments  int // number of segments from the outermost match
	depth     int
	// Only in a function:
	fn    *function
	slots map[string]int
}

func (c *checker) addIssue(severity Severity, code string, at int, format string, args ...any) {
	c.issues = append(c.issues, c.src.issue(severity, code, at, fmt.Sprintf(format, args...)))
}

func (c *checker) fail(code string, at int, format string, args ...any) {
	c.addIssue(SeverityError, code, at, format, args...)
}

func (c *checker) warn(code string, at int, format string, args ...any) {
	c.addIssue(SeverityWarning, code, at, format, args...)
}

// check checks the file and returns its warnings, and its errors as an [*Error].
func (c *checker) check(f *file) ([]Issue, error) {
	if f.version == 1 {
		c.warn("old-version", max(f.versionPos, 0),
			"Ruleset uses old version (version [1]). Please update to the latest version (version [2]): rules_version = '2';")
	}
	root := &scope{functions: map[string]*function{}}
	for _, s := range f.services {
		c.service = Service(s.name)
		root.functions = map[string]*function{}
		c.declare(root, f.functions)
		c.checkBodies(root, f.functions)
		inner := &scope{outer: root, functions: map[string]*function{}}
		c.declare(inner, s.functions)
		c.checkBodies(inner, s.functions)
		for _, m := range s.matches {
			c.checkMatch(inner, m, nil)
		}
	}
	c.checkCalls()
	slices.SortStableFunc(c.issues, func(a, b Issue) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	c.issues = slices.CompactFunc(c.issues, func(a, b Issue) bool { return a == b })
	var warnings, failures []Issue
	for _, i := range c.issues {
		if i.Severity == SeverityError {
			failures = append(failures, i)
		} else {
			warnings = append(warnings, i)
		}
	}
	if failures != nil {
		return warnings, &Error{Issues: failures}
	}
	return warnings, nil
}

// declare makes functions visible in their whole block, including the part before them.
func (c *checker) declare(s *scope, list []*function) {
	for _, f := range list {
		if first := s.functions[f.name.text]; first != nil {
			line, _ := c.src.position(first.pos)
			c.fail("redefined-function", f.name.pos, "Function is already defined: %s, on line %d", f.name.text, line)
			continue
		}
		s.functions[f.name.text] = f
		if !slices.Contains(c.functions, f) {
			c.functions = append(c.functions, f)
		}
		if n := len(f.params); n > MaxArguments {
			c.fail("limit", f.params[MaxArguments].pos, "function %s has %d parameters: at most %d are allowed", f.name.text, n, MaxArguments)
		}
		if n := len(f.lets); n > MaxLets {
			c.fail("limit", f.lets[MaxLets].name.pos, "function %s has %d variables: at most %d are allowed", f.name.text, n, MaxLets)
		}
	}
}

func (c *checker) checkBodies(s *scope, list []*function) {
	for _, f := range list {
		c.checkBody(s, f)
	}
}

func (c *checker) checkBody(outer *scope, f *function) {
	s := &scope{outer: outer, fn: f, slots: map[string]int{}}
	slot := 0
	add := func(w ident) {
		if _, there := s.slots[w.text]; there {
			c.fail("redefined-variable", w.pos, "%s is already defined in function %s", w.text, f.name.text)
		}
		s.slots[w.text] = slot
		slot++
	}
	f.calls = nil
	for _, p := range f.params {
		add(p)
	}
	for _, l := range f.lets {
		c.resolve(s, l.init)
		add(l.name)
	}
	c.resolve(s, f.body)
	for _, l := range f.lets {
		if !l.used {
			c.warn("unused-variable", l.name.pos, "Unused variable: %s.", l.name.text)
		}
	}
}

// checkMatch checks a match block. prefix is the path of the enclosing blocks.
func (c *checker) checkMatch(outer *scope, m *match, prefix []segment) {
	s := &scope{outer: outer, functions: map[string]*function{}, captures: map[string]int{}, next: outer.next,
		segments: outer.segments + len(m.segments), depth: outer.depth + 1}
	if s.depth == MaxMatchDepth+1 {
		c.fail("limit", m.pos, "match blocks nest deeper than %d", MaxMatchDepth)
	}
	if s.segments > MaxPathSegments && outer.segments <= MaxPathSegments {
		c.fail("limit", m.pos, "the path has %d segments: at most %d are allowed", s.segments, MaxPathSegments)
	}
	rests := 0
	for i := range m.segments {
		g := &m.segments[i]
		if g.kind == segmentLiteral {
			continue
		}
		g.slot = s.next
		if s.next++; s.next > MaxCaptures {
			if s.next == MaxCaptures+1 {
				c.fail("limit", g.pos, "the path has more than %d wildcards", MaxCaptures)
			}
			g.slot = MaxCaptures
		}
		if _, there := s.captures[g.text]; there {
			c.fail("redefined-variable", g.pos, "the path has two wildcards {%s}", g.text)
		}
		s.captures[g.text] = g.slot
		if g.kind == segmentRest {
			rests++
			if c.ruleset.version == 1 && i < len(m.segments)-1 {
				c.fail("recursive-wildcard", g.pos, "in rules_version 1, {%s=**} must be the path's last segment", g.text)
			}
			if rests == 2 {
				c.fail("recursive-wildcard", g.pos, "a match may have only one recursive wildcard {%s=**}", g.text)
			}
		}
	}
	full := append(slices.Clone(prefix), m.segments...)
	c.declare(s, m.functions)
	c.checkBodies(s, m.functions)
	c.checkReachable(m, full)
	for _, a := range m.allows {
		a.id = len(c.ruleset.allows)
		c.ruleset.allows = append(c.ruleset.allows, a)
		if a.cond != nil {
			c.resolve(s, a.cond)
			c.checkCondition(a)
		}
		if a.cond == nil || alwaysTrue(a.cond) {
			var names []string
			for _, w := range a.methods {
				names = append(names, w.text)
			}
			c.warn("allows-everyone", a.pos, "this allows everyone to %s, signed in or not", strings.Join(names, ", "))
		}
	}
	for _, inner := range m.matches {
		c.checkMatch(s, inner, full)
	}
}

// checkCondition warns about a condition whose type is never bool.
func (c *checker) checkCondition(a *allow) {
	if k := kindsOf(a.cond); !k.has(KindBool) {
		c.warn("type", a.cond.pos, "Invalid type. Received one of [%s]. Expected one of [bool]: the condition is never true.", k)
	}
}

// alwaysTrue reports whether a condition is true for every request.
func alwaysTrue(e *expr) bool {
	switch e.op {
	case opConst:
		return e.value.isTrue()
	case opOr:
		return alwaysTrue(e.children[0]) || alwaysTrue(e.children[1])
	case opAnd:
		return alwaysTrue(e.children[0]) && alwaysTrue(e.children[1])
	case opCall:
		return e.fn != nil && e.fn.body.op == opConst && e.fn.body.value.isTrue()
	}
	return false
}

// checkCalls checks the call graph for unused functions, recursion and excessive depth.
func (c *checker) checkCalls() {
	for _, f := range c.functions {
		if !f.used {
			c.warn("unused-function", f.pos, "Unused function: %s.", f.name.text)
		}
		c.callDepth(f)
		if f.depth == MaxCallDepth+1 {
			c.fail("limit", f.pos, "the calls of function %s nest deeper than %d", f.name.text, MaxCallDepth)
		}
	}
}

// callDepth returns the depth of the deepest call chain that starts at f. It reports recursion as
// an error.
func (c *checker) callDepth(f *function) int {
	const inProgress = -1
	if f.depth != 0 {
		return f.depth
	}
	f.depth = inProgress
	deepest := 0
	for _, call := range f.calls {
		d := c.callDepth(call.fn)
		if d == inProgress {
			c.fail("recursion", call.pos, "function %s calls itself through %s: recursion is not allowed", call.fn.name.text, f.name.text)
			continue
		}
		deepest = max(deepest, d)
	}
	f.depth = deepest + 1
	return f.depth
}
