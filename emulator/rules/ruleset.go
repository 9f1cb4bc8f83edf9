package rules

import (
	"fmt"
	"unicode/utf8"
)

// Ruleset is a compiled rules file. It does not change, so any number of goroutines may judge by it at once.
type Ruleset struct {
	src      *source
	version  int
	services []*service
	numExprs int      // of expressions
	exprs    []*expr  // all expressions, by id
	allows   []*allow // all allow statements, by id

	statements []Statement // the same, for decisions to name
}

// Statement is an allow statement as reports name it.
type Statement struct {
	Line, Column int    // from 1
	Source       string // its text in one line, cut if it is long
}

// statement is how reports name an allow statement.
func (s *source) statement(a *allow) Statement {
	line, column := s.position(a.pos)
	return Statement{Line: line, Column: column, Source: s.excerpt(a.pos, a.end, 200)}
}

// Compile reads a rules file. name is what messages call it; it is not opened. The warnings are in the order of the
// text. The error, if there is one, is an *Error.
func Compile(name, text string) (*Ruleset, []Issue, error) {
	src := &source{file: name, text: text}
	switch {
	case len(text) > MaxSourceBytes:
		i := src.issue(SeverityError, "limit", 0, fmt.Sprintf("the rules have %d bytes: at most %d are allowed", len(text), MaxSourceBytes))
		return nil, nil, &Error{Issues: []Issue{i}}
	case !utf8.ValidString(text):
		return nil, nil, &Error{Issues: []Issue{src.issue(SeverityError, "syntax", 0, "the rules are not UTF-8 text")}}
	}
	f, err := parse(src)
	if err != nil {
		return nil, nil, err
	}
	s := &Ruleset{src: src, version: f.version, services: f.services}
	c := &checker{src: src, ruleset: s}
	warnings, err := c.check(f)
	if err != nil {
		return nil, warnings, err
	}
	for _, a := range s.allows {
		s.statements = append(s.statements, src.statement(a))
	}
	return s, warnings, nil
}

// Version is the version of the language that the file is written in, 1 or 2.
func (s *Ruleset) Version() int { return s.version }

// Source is the text that was compiled.
func (s *Ruleset) Source() string { return s.src.text }

// Services are the services that the file has rules for.
func (s *Ruleset) Services() []Service {
	var list []Service
	for _, v := range s.services {
		list = append(list, Service(v.name))
	}
	return list
}
