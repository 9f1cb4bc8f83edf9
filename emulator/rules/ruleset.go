package rules

import (
	"fmt"
	"unicode/utf8"
)

// Ruleset is a compiled rules file. It is immutable and safe for concurrent use.
type Ruleset struct {
	src      *source
	version  int
	services []*service
	numExprs int
	exprs    []*expr  // by id
	allows   []*allow // by id

	statements []Statement // of allows, for decisions to name
}

// Statement is the position and text of an allow statement.
type Statement struct {
	Line, Column int    // from 1
	Source       string // its text on one line, truncated if long
}

// statement returns the position and text of an allow statement.
func (s *source) statement(a *allow) Statement {
	line, column := s.position(a.pos)
	return Statement{Line: line, Column: column, Source: s.excerpt(a.pos, a.end, 200)}
}

// Compile compiles the text of a rules file. name identifies the file in messages; it is not
// opened. Warnings are in source order. A non-nil error is an [*Error].
func Compile(name, text string) (*Ruleset, []Issue, error) {
	return compile(&source{file: name, text: text})
}

// CompileFor is [Compile] for a file that must have rules for a service. It may have those of others, too.
func CompileFor(s Service, name, text string) (*Ruleset, []Issue, error) {
	return compile(&source{file: name, text: text, service: s})
}

func compile(src *source) (*Ruleset, []Issue, error) {
	text := src.text
	switch {
	case len(text) > MaxSourceBytes:
		i := src.issue(SeverityError, "limit", 0, fmt.Sprintf("the rules file has %d bytes: at most %d are allowed", len(text), MaxSourceBytes))
		return nil, nil, &Error{Issues: []Issue{i}}
	case !utf8.ValidString(text):
		return nil, nil, &Error{Issues: []Issue{src.issue(SeverityError, "syntax", 0, "the rules file is not valid UTF-8")}}
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

// Version returns the language version of the file, 1 or 2.
func (s *Ruleset) Version() int { return s.version }

// Source returns the text that was compiled.
func (s *Ruleset) Source() string { return s.src.text }

// Services returns the services that the file has rules for.
func (s *Ruleset) Services() []Service {
	var list []Service
	for _, v := range s.services {
		list = append(list, Service(v.name))
	}
	return list
}
