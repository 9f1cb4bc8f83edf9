package rules

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// parser is a recursive-descent parser with one token of lookahead. The first syntax error aborts
// it with a panic of syntaxError, which parse turns into an error.
type parser struct {
	src     *source
	tok     token // the next token
	last    int   // the end of the previous token
	nesting int
}

type syntaxError struct{ issue Issue }

func (p *parser) fail(at int, format string, args ...any) {
	panic(syntaxError{p.src.issue(SeverityError, "syntax", at, fmt.Sprintf(format, args...))})
}

// parse parses a rules file.
func parse(src *source) (f *file, err error) {
	p := &parser{src: src}
	defer func() {
		if caught := recover(); caught != nil {
			s, ok := caught.(syntaxError)
			if !ok {
				panic(caught)
			}
			f, err = nil, &Error{Issues: []Issue{s.issue}}
		}
	}()
	p.tok = p.scan(0)
	f = p.file()
	return f, nil
}

// next advances by one token and returns the one it consumed.
func (p *parser) next() token {
	t := p.tok
	p.last = t.end
	p.tok = p.scan(t.end)
	return t
}

// is reports whether the next token is this punctuation or keyword.
func (p *parser) is(text string) bool {
	return (p.tok.kind == tokenPunct || p.tok.kind == tokenName) && p.tok.text == text
}

// accept consumes the next token if it is this punctuation or keyword.
func (p *parser) accept(text string) bool {
	if !p.is(text) {
		return false
	}
	p.next()
	return true
}

// describeNext describes the next token for a message.
func (p *parser) describeNext() string {
	switch p.tok.kind {
	case tokenEnd:
		return "end of file"
	case tokenString:
		return "string"
	case tokenBytes:
		return "bytes"
	case tokenInt, tokenFloat:
		return "number " + p.tok.text
	}
	return "'" + p.tok.text + "'"
}

func (p *parser) expected(what string) {
	p.fail(p.tok.pos, "unexpected %s: expected %s", p.describeNext(), what)
}

func (p *parser) expect(text, where string) token {
	if !p.is(text) {
		p.expected("'" + text + "'" + where)
	}
	return p.next()
}

func (p *parser) ident(what string) ident {
	if p.tok.kind != tokenName {
		p.expected(what)
	}
	t := p.next()
	return ident{text: t.text, pos: t.pos, end: t.end}
}

// semicolon ends a statement. Google's compiler allows its omission before a closing brace; so does
// this parser.
func (p *parser) semicolon(after string) {
	if p.accept(";") || p.is("}") {
		return
	}
	p.fail(p.last, "missing ';' after %s, before %s", after, p.describeNext())
}

func (p *parser) file() *file {
	f := &file{src: p.src, version: 1, versionPos: -1}
	for {
		switch {
		case p.tok.kind == tokenEnd:
			p.requireService(f)
			return f
		case p.is("rules_version"):
			p.version(f)
		case p.is("service"):
			f.services = append(f.services, p.service())
		case p.is("function"):
			f.functions = append(f.functions, p.function())
		default:
			p.expected("'rules_version', 'service' or 'function'")
		}
	}
}

// requireService fails if the file has no rules, or none for the service that it is for.
func (p *parser) requireService(f *file) {
	want := cmp.Or(p.src.service, Firestore)
	switch {
	case len(f.services) == 0:
		p.fail(p.tok.pos, "missing service block: expected 'service %s { … }'", want)
	case p.src.service != "" && !slices.ContainsFunc(f.services, func(s *service) bool { return s.name == string(want) }):
		p.fail(f.services[0].pos, "these are rules for %s: expected 'service %s { … }'", f.services[0].name, want)
	}
}

func (p *parser) version(f *file) {
	at := p.next().pos
	if f.versionPos >= 0 || len(f.services) > 0 || len(f.functions) > 0 {
		p.fail(at, "rules_version must be the first statement and appear only once")
	}
	f.versionPos = at
	p.expect("=", " after rules_version")
	switch {
	case p.tok.kind != tokenString:
		p.expected("'1' or '2' in quotes")
	case p.tok.text == "1":
	case p.tok.text == "2":
		f.version = 2
	default:
		p.fail(p.tok.pos, "unknown rules_version %q: expected '1' or '2'", p.tok.text)
	}
	p.next()
	p.accept(";")
}

func (p *parser) service() *service {
	s := &service{pos: p.next().pos}
	name := p.ident("the service's name, cloud.firestore or firebase.storage")
	s.name = name.text
	for p.accept(".") {
		s.name += "." + p.ident("a name").text
	}
	if s.name != string(Firestore) && s.name != string(Storage) {
		p.fail(name.pos, "unknown service %s: expected cloud.firestore or firebase.storage", s.name)
	}
	p.expect("{", " after the service's name")
	for !p.accept("}") {
		switch {
		case p.is("match"):
			s.matches = append(s.matches, p.match())
		case p.is("function"):
			s.functions = append(s.functions, p.function())
		default:
			p.expected("'match', 'function' or '}'")
		}
	}
	return s
}

func (p *parser) match() *match {
	if p.nesting++; p.nesting > maxNesting {
		p.fail(p.tok.pos, "match blocks nest deeper than %d", MaxMatchDepth)
	}
	defer func() { p.nesting-- }()
	m := &match{pos: p.next().pos}
	m.segments = p.segments()
	p.expect("{", " after the match's path")
	for !p.is("}") {
		switch {
		case p.is("match"):
			m.matches = append(m.matches, p.match())
		case p.is("allow"):
			m.allows = append(m.allows, p.allow())
		case p.is("function"):
			m.functions = append(m.functions, p.function())
		default:
			p.expected("'allow', 'match', 'function' or '}'")
		}
	}
	m.end = p.next().end
	return m
}

// segments parses the path of a match block. It works on the source text because literal segments
// such as (default) and 2022-09 are not names.
func (p *parser) segments() []segment {
	if !p.is("/") {
		p.expected("a path that starts with '/'")
	}
	var list []segment
	at := p.tok.pos
	text := p.src.text
	for at < len(text) && text[at] == '/' && !strings.HasPrefix(text[at:], "//") && !strings.HasPrefix(text[at:], "/*") {
		at++
		start := at
		if at < len(text) && text[at] == '{' {
			var s segment
			s, at = p.wildcard(at)
			list = append(list, s)
			continue
		}
		for at < len(text) && !strings.ContainsRune(" \t\r\n\f/{};", rune(text[at])) {
			at++
		}
		if at == start {
			p.fail(at, "missing path segment after '/'")
		}
		s := segment{kind: segmentLiteral, text: text[start:at], pos: start, end: at}
		if strings.ContainsAny(s.text, "$=*'\"") {
			p.fail(start, "unexpected %q in a match's path: expected a name or a wildcard such as {name}", s.text)
		}
		list = append(list, s)
	}
	p.last = at
	p.tok = p.scan(at)
	return list
}

// wildcard parses {name}, {name=*} or {name=**} at offset at.
func (p *parser) wildcard(at int) (segment, int) {
	open := p.scan(at)
	name := p.scan(open.end)
	if name.kind != tokenName {
		p.fail(name.pos, "expected the wildcard's name after '{'")
	}
	s := segment{kind: segmentOne, text: name.text, pos: at}
	t := p.scan(name.end)
	if t.text == "=" {
		stars := 0
		for t = p.scan(t.end); t.text == "*"; t = p.scan(t.end) {
			stars++
		}
		switch stars {
		case 1:
		case 2:
			s.kind = segmentRest
		default:
			p.fail(t.pos, "expected '**' after '=' in a wildcard")
		}
	}
	if t.text != "}" {
		p.fail(t.pos, "expected '}' or '=**' in the wildcard {%s}", name.text)
	}
	s.end = t.end
	return s, t.end
}

func (p *parser) allow() *allow {
	a := &allow{pos: p.next().pos}
	for {
		w := p.ident("a method: read, write, get, list, create, update or delete")
		set, ok := methodSets[w.text]
		if !ok {
			p.fail(w.pos, "unknown method %s: expected read, write, get, list, create, update or delete", w.text)
		}
		a.methods = append(a.methods, w)
		a.mask |= set
		if !p.accept(",") {
			break
		}
	}
	if p.accept(":") {
		p.expect("if", " before the condition")
		a.cond = p.expression()
	} else if p.is("if") {
		p.expected("':' before 'if'")
	}
	p.semicolon("the allow statement")
	a.end = p.last
	return a
}

func (p *parser) function() *function {
	f := &function{pos: p.next().pos}
	f.name = p.ident("the function's name")
	p.expect("(", " after the function's name")
	for !p.accept(")") {
		if len(f.params) > 0 && !p.accept(",") {
			p.expected("',' or ')'")
		}
		f.params = append(f.params, p.ident("a parameter's name"))
	}
	p.expect("{", " before the function's body")
	for p.accept("let") {
		l := &let{name: p.ident("the variable's name")}
		p.expect("=", " after the variable's name")
		l.init = p.expression()
		if !p.accept(";") {
			p.fail(p.last, "missing ';' after the variable, before %s", p.describeNext())
		}
		f.lets = append(f.lets, l)
	}
	if !p.is("return") {
		p.expected("'let' or 'return'")
	}
	p.next()
	f.body = p.expression()
	p.semicolon("the returned expression")
	if !p.is("}") {
		p.expected("'}' after the returned expression")
	}
	f.end = p.next().end
	return f
}
