package rules

import (
	"fmt"
	"iter"
	"math"
	"strings"
)

// Mutant is a rules file with one thing changed. Good tests of the rules fail with it.
type Mutant struct {
	Line, Column int    // of the change, from 1
	Kind         string // what was done, for filters: "drop-conjunct", "equal-to-not-equal", "bound", "always-true", …
	Description  string // the change in words
	Source       string // the whole changed file
}

// String is the place and the description.
func (m Mutant) String() string { return fmt.Sprintf("%d:%d: %s", m.Line, m.Column, m.Description) }

// Mutants makes every mutant of a rules file, in the order of the text: conditions that always grant, statements that
// are gone, dropped sides of && and ||, comparisons that are turned round or always true, bounds that are one off,
// lists with a key less, the document before the request in place of that after it, and the like. All of them compile.
// It returns an *Error for text that does not.
func Mutants(name, text string) (iter.Seq[Mutant], error) {
	if _, _, err := Compile(name, text); err != nil {
		return nil, err
	}
	f, _, err := parse(&source{file: name, text: text})
	if err != nil {
		return nil, err
	}
	return func(yield func(Mutant) bool) {
		m := &mutator{src: f.src, yield: yield, seen: map[string]bool{}}
		m.functions(f.functions)
		for _, s := range f.services {
			m.functions(s.functions)
			m.matches(s.matches)
		}
	}, nil
}

// mutator walks the tree and offers mutants until nobody wants more.
type mutator struct {
	src   *source
	yield func(Mutant) bool
	done  bool
	seen  map[string]bool // changes that were offered: some come about in two ways
}

// offer makes the mutant in which the text between two offsets is another.
func (m *mutator) offer(pos, end int, with, kind, format string, args ...any) {
	change := fmt.Sprint(pos, end, with)
	if m.done || m.seen[change] {
		return
	}
	m.seen[change] = true
	line, column := m.src.place(pos)
	text := m.src.text[:pos] + with + m.src.text[end:]
	m.done = !m.yield(Mutant{Line: line, Column: column, Kind: kind, Description: fmt.Sprintf(format, args...), Source: text})
}

func (m *mutator) excerpt(e *expr) string { return m.src.excerpt(e.pos, e.end, 80) }

func (m *mutator) replace(e *expr, with, kind, format string, args ...any) {
	m.offer(e.pos, e.end, with, kind, format, args...)
}

func (m *mutator) functions(list []*function) {
	for _, f := range list {
		for _, l := range f.lets {
			m.expr(l.init)
		}
		if kindsOf(f.body) == setOf(KindBool) && f.body.op != opConst {
			m.replace(f.body, "true", "always-true", "function %s returns true", f.name.text)
		}
		m.expr(f.body)
	}
}

// wider are the methods that a statement for one method is made to grant too.
var wider = map[string]string{"get": "read", "list": "read", "create": "create, update", "update": "create, update",
	"delete": "write"}

func (m *mutator) matches(list []*match) {
	for _, b := range list {
		m.functions(b.functions)
		for _, a := range b.allows {
			m.allow(a)
		}
		m.matches(b.matches)
	}
}

func (m *mutator) allow(a *allow) {
	var names []string
	for _, w := range a.methods {
		names = append(names, w.text)
	}
	all := strings.Join(names, ", ")
	m.offer(a.pos, a.end, "", "remove-allow", "remove allow %s", all)
	for _, w := range a.methods {
		if more, ok := wider[w.text]; ok && methodsOfText(more)&^a.mask != 0 {
			m.offer(w.pos, w.end, more, "widen-method", "allow %s instead of %s", more, w.text)
		}
	}
	if a.cond == nil || alwaysTrue(a.cond) {
		return
	}
	m.replace(a.cond, "true", "always-true", "allow %s to everyone", all)
	m.expr(a.cond)
}

func methodsOfText(text string) methodSet {
	var s methodSet
	for _, w := range strings.Split(text, ", ") {
		s |= methodSets[w]
	}
	return s
}

// turned are the operators that another takes the place of.
var turned = map[op]string{opEqual: "!=", opNotEqual: "==", opLess: "<=", opLessEqual: "<", opGreater: ">=",
	opGreaterEqual: ">", opAdd: "-", opSubtract: "+", opAnd: "||"}

var writtenAs = map[op]string{opEqual: "==", opNotEqual: "!=", opLess: "<", opLessEqual: "<=", opGreater: ">",
	opGreaterEqual: ">=", opAdd: "+", opSubtract: "-", opAnd: "&&", opOr: "||"}

// swapped are the functions that look at the other side of the request.
var swapped = map[string]string{"get": "getAfter", "getAfter": "get", "exists": "existsAfter", "existsAfter": "exists"}

func (m *mutator) expr(e *expr) {
	switch e.op {
	case opAnd, opOr:
		m.drop(e)
		if e.op == opAnd {
			m.turn(e)
		}
	case opEqual, opNotEqual:
		m.turn(e)
		m.always(e)
	case opLess, opLessEqual, opGreater, opGreaterEqual:
		if !m.bounds(e) {
			m.turn(e)
		}
		m.always(e)
	case opIn:
		m.always(e)
		m.keys(e.kids[1])
	case opIs:
		m.always(e)
	case opAdd, opSubtract:
		m.turn(e)
	case opNot:
		m.offer(e.at, e.at+1, "", "drop-not", "drop ! of %s", m.excerpt(e))
	case opChoose:
		m.replace(e, m.wrap(e.kids[1]), "choose", "always the first of %s", m.excerpt(e))
		m.replace(e, m.wrap(e.kids[2]), "choose", "always the second of %s", m.excerpt(e))
	case opMethod:
		if regexMethods[e.name] && e.name == "matches" || e.name == "hasAll" || e.name == "hasAny" || e.name == "hasOnly" {
			m.always(e)
			for _, k := range e.kids[1:] {
				m.keys(k)
			}
		}
	case opCall:
		if other, ok := swapped[e.name]; ok {
			m.offer(e.at, e.at+len(e.name), other, "swap-time", "%s instead of %s", other, m.excerpt(e))
			if e.name == "exists" || e.name == "existsAfter" {
				m.always(e)
			}
		}
	case opName:
		if e.name == "resource" {
			m.replace(e, "request.resource", "swap-resource", "request.resource instead of resource")
		}
	case opMember:
		if e.name == "resource" && e.kids[0].op == opName && e.kids[0].name == "request" {
			m.replace(e, "resource", "swap-resource", "resource instead of request.resource")
			return
		}
	}
	for _, k := range e.kids {
		m.expr(k)
	}
}

func (m *mutator) wrap(e *expr) string { return "(" + m.src.text[e.pos:e.end] + ")" }

// drop leaves out one side of && or ||.
func (m *mutator) drop(e *expr) {
	kind := "drop-conjunct"
	if e.op == opOr {
		kind = "drop-disjunct"
	}
	for i, k := range e.kids {
		if k.op == e.op && m.src.text[k.pos] != '(' {
			continue // its own parts are dropped one by one
		}
		m.replace(e, m.wrap(e.kids[1-i]), kind, "drop %s from %s", m.excerpt(k), writtenAs[e.op])
	}
}

func (m *mutator) turn(e *expr) {
	m.offer(e.at, e.at+len(writtenAs[e.op]), turned[e.op], "turn-operator", "%s instead of %s in %s", turned[e.op], writtenAs[e.op], m.excerpt(e))
}

func (m *mutator) always(e *expr) {
	m.replace(e, "true", "always-true", "%s is always true", m.excerpt(e))
}

// bounds moves a constant bound by one, which says the same as another operator would.
func (m *mutator) bounds(e *expr) bool {
	found := false
	for _, k := range e.kids {
		if k.op != opConst || k.value.kind != KindInt || k.value.num == math.MaxInt64 {
			continue
		}
		found = true
		for _, step := range []int64{1, -1} {
			m.replace(k, fmt.Sprint(k.value.num+step), "bound", "%d instead of %d in %s", k.value.num+step, k.value.num, m.excerpt(e))
		}
	}
	return found
}

// keys leaves out the elements of a list one by one.
func (m *mutator) keys(list *expr) {
	if list.op != opList {
		return
	}
	for i, k := range list.kids {
		var rest []string
		for j, other := range list.kids {
			if i != j {
				rest = append(rest, m.src.text[other.pos:other.end])
			}
		}
		m.replace(list, "["+strings.Join(rest, ", ")+"]", "drop-element", "drop %s from %s", m.excerpt(k), m.excerpt(list))
	}
}
