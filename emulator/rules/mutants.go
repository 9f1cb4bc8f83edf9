package rules

import (
	"fmt"
	"iter"
	"strings"
)

// Mutant is a rules file with one change. Good tests of the rules fail with it.
type Mutant struct {
	Line, Column int    // position of the change, from 1
	Kind         string // for filtering: "drop-conjunct", "change-operator", "bound", "always-true", …
	Description  string // the change in words
	Source       string // the complete mutated file
}

// String returns the position and the description.
func (m Mutant) String() string { return fmt.Sprintf("%d:%d: %s", m.Line, m.Column, m.Description) }

// Mutants generates every mutant of a rules file in source order: conditions that always grant,
// removed allow statements, dropped operands of && and ||, comparisons replaced or always true,
// bounds off by one, lists with one element less, the document before the request in place of the
// one after it, and similar. Every mutant compiles. For text that does not compile Mutants returns
// an [*Error].
func Mutants(name, text string) (iter.Seq[Mutant], error) {
	if _, _, err := Compile(name, text); err != nil {
		return nil, err
	}
	f, err := parse(&source{file: name, text: text})
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

// mutator walks the syntax tree and yields mutants until the consumer stops.
type mutator struct {
	src   *source
	yield func(Mutant) bool
	done  bool
	seen  map[string]bool // changes already emitted, since two mutations can produce the same one
}

// emit yields the mutant that replaces the text between two offsets.
func (m *mutator) emit(pos, end int, with, kind, format string, args ...any) {
	change := fmt.Sprint(pos, end, with)
	if m.done || m.seen[change] {
		return
	}
	m.seen[change] = true
	line, column := m.src.position(pos)
	before, after := m.src.text[:pos], m.src.text[end:]
	if with != "" && before != "" && isNamePart(before[len(before)-1]) && isNamePart(with[0]) {
		with = " " + with // as in if(…)
	}
	if with != "" && after != "" && isNamePart(after[0]) && isNamePart(with[len(with)-1]) {
		with += " "
	}
	text := before + with + after
	m.done = !m.yield(Mutant{Line: line, Column: column, Kind: kind, Description: fmt.Sprintf(format, args...), Source: text})
}

func (m *mutator) excerpt(e *expr) string { return m.src.excerpt(e.pos, e.end, 80) }

func (m *mutator) replace(e *expr, with, kind, format string, args ...any) {
	m.emit(e.pos, e.end, with, kind, format, args...)
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

// widerMethods maps a method to the wider set that a mutant grants instead.
var widerMethods = map[string]string{"get": "read", "list": "read", "create": "create, update", "update": "create, update",
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
	m.emit(a.pos, a.end, "", "remove-allow", "remove allow %s", all)
	for _, w := range a.methods {
		if more, ok := widerMethods[w.text]; ok && parseMethods(more)&^a.mask != 0 {
			m.emit(w.pos, w.end, more, "widen-method", "allow %s instead of %s", more, w.text)
		}
	}
	if a.cond == nil || alwaysTrue(a.cond) {
		return
	}
	m.replace(a.cond, "true", "always-true", "allow %s to everyone", all)
	m.expr(a.cond)
}

func parseMethods(text string) methodSet {
	var s methodSet
	for _, w := range strings.Split(text, ", ") {
		s |= methodSets[w]
	}
	return s
}
