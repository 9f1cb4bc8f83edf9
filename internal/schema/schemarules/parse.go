package schemarules

import (
	"fmt"
	"regexp"
	"strings"
)

// node is an expression. kids are its operands; text is its name, operator or literal.
type node struct {
	op   op
	text string
	kids []*node
	pos  int
}

type op int

const (
	opName op = iota
	opNumber
	opText
	opMember // kids[0].text
	opCall   // kids[0] is what is called
	opIndex
	opUnary
	opBinary
	opChoose
	opList
	opPath // text has * for each $(…), which are the kids
)

// block is a match block, or the service with an empty path.
type block struct {
	path      string
	pos       int
	functions map[string]*function
	allows    []*node
	matches   []*block
}

// function is a function of the rules.
type function struct {
	params []string
	lets   []binding
	body   *node
}

type binding struct {
	name string
	init *node
}

var tokens = regexp.MustCompile(`^(?:\s+|//[^\n]*|/\*(?s:.*?)\*/)|^(?:[A-Za-z_]\w*|\d[\w.]*|'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|&&|\|\||[=!<>]=|\$\(|.)`)

// parser is a recursive-descent parser for files that package rules has already accepted, so its errors are
// only for syntax that it does not support.
type parser struct {
	text  string
	words []word
	at    int
}

type word struct {
	text string
	pos  int
}

func newParser(text string) *parser {
	p := &parser{text: text}
	for pos := 0; pos < len(text); {
		token := tokens.FindString(text[pos:])
		if strings.TrimSpace(token) != "" && !strings.HasPrefix(token, "//") && !strings.HasPrefix(token, "/*") {
			p.words = append(p.words, word{token, pos})
		}
		pos += max(1, len(token))
	}
	return p
}

func (p *parser) peek() string {
	if p.at < len(p.words) {
		return p.words[p.at].text
	}
	return ""
}

func (p *parser) pos() int {
	if p.at < len(p.words) {
		return p.words[p.at].pos
	}
	return len(p.text)
}

func (p *parser) next() string {
	text := p.peek()
	p.at++
	return text
}

func (p *parser) accept(text string) bool {
	if p.peek() != text {
		return false
	}
	p.at++
	return true
}

// unsupported is what the parser panics with.
type unsupported struct{ error }

func (p *parser) want(text string) {
	if !p.accept(text) {
		panic(unsupported{fmt.Errorf("expected %s, found %q at byte %d", text, p.peek(), p.pos())})
	}
}

// file parses the service for Firestore, nil if the file has none.
func (p *parser) file() *block {
	for p.at < len(p.words) {
		if !p.accept("service") {
			p.at++
			continue
		}
		name := p.next() + p.next() + p.next()
		p.want("{")
		b := p.block("")
		if name == "cloud.firestore" {
			return b
		}
	}
	return nil
}

// block parses what follows an opening brace.
func (p *parser) block(path string) *block {
	b := &block{path: path, pos: p.pos(), functions: map[string]*function{}}
	for !p.accept("}") {
		switch p.next() {
		case "match":
			b.matches = append(b.matches, p.match())
		case "function":
			name := p.next()
			b.functions[name] = p.function()
		case "allow":
			for p.peek() != ":" && p.peek() != ";" {
				p.next()
			}
			if p.accept(":") {
				p.want("if")
				b.allows = append(b.allows, p.expression())
			}
			p.accept(";")
		default:
			p.at--
			p.want("match, function or allow")
		}
	}
	return b
}

// match parses a path of literals and wildcards in braces, and its block.
func (p *parser) match() *block {
	pos := p.pos()
	var path strings.Builder
	for p.peek() == "/" {
		path.WriteString(p.next())
		for p.peek() != "/" && (p.peek() != "{" || strings.HasSuffix(path.String(), "/")) {
			if wildcard := p.peek() == "{"; wildcard {
				for p.peek() != "}" {
					path.WriteString(p.next())
				}
			}
			path.WriteString(p.next())
		}
	}
	p.want("{")
	b := p.block(path.String())
	b.pos = pos
	return b
}

func (p *parser) function() *function {
	f := &function{}
	p.want("(")
	for !p.accept(")") {
		f.params = append(f.params, p.next())
		p.accept(",")
	}
	p.want("{")
	for p.accept("let") {
		name := p.next()
		p.want("=")
		f.lets = append(f.lets, binding{name, p.expression()})
		p.want(";")
	}
	p.want("return")
	f.body = p.expression()
	p.accept(";")
	p.want("}")
	return f
}

func (p *parser) expression() *node {
	condition := p.binary(0)
	if !p.accept("?") {
		return condition
	}
	then := p.expression()
	p.want(":")
	return &node{op: opChoose, kids: []*node{condition, then, p.expression()}, pos: condition.pos}
}

// levels are the binary operators by increasing precedence.
var levels = [][]string{{"||"}, {"&&"}, {"==", "!="}, {"<", "<=", ">", ">=", "in", "is"}, {"+", "-"}, {"*", "/", "%"}}

func (p *parser) binary(level int) *node {
	if level == len(levels) {
		return p.unary()
	}
	left := p.binary(level + 1)
	for {
		operator := ""
		for _, o := range levels[level] {
			if p.peek() == o {
				operator = o
			}
		}
		if operator == "" {
			return left
		}
		pos := p.pos()
		p.next()
		left = &node{op: opBinary, text: operator, kids: []*node{left, p.binary(level + 1)}, pos: pos}
	}
}

func (p *parser) unary() *node {
	pos := p.pos()
	if operator := p.peek(); operator == "!" || operator == "-" {
		p.next()
		return &node{op: opUnary, text: operator, kids: []*node{p.unary()}, pos: pos}
	}
	n := p.primary()
	for {
		pos := p.pos()
		switch {
		case p.accept("."):
			pos = p.pos()
			n = &node{op: opMember, text: p.next(), kids: []*node{n}, pos: pos}
		case p.accept("("):
			n = &node{op: opCall, kids: append([]*node{n}, p.list(")")...), pos: n.pos}
		case p.accept("["):
			n = &node{op: opIndex, kids: append([]*node{n}, p.list("]")...), pos: pos}
		default:
			return n
		}
	}
}

// list parses expressions up to a closing bracket. Colons, of ranges and maps, separate like commas.
func (p *parser) list(end string) []*node {
	var kids []*node
	for !p.accept(end) {
		kids = append(kids, p.expression())
		if !p.accept(",") {
			p.accept(":")
		}
	}
	return kids
}

func (p *parser) primary() *node {
	pos, text := p.pos(), p.next()
	switch c := text + " "; {
	case text == "(":
		n := p.expression()
		p.want(")")
		return n
	case text == "[":
		return &node{op: opList, kids: p.list("]"), pos: pos}
	case text == "{":
		return &node{op: opList, kids: p.list("}"), pos: pos}
	case text == "/":
		p.at--
		return p.path()
	case c[0] == '\'' || c[0] == '"':
		return &node{op: opText, text: text[1 : len(text)-1], pos: pos}
	case c[0] >= '0' && c[0] <= '9':
		return &node{op: opNumber, text: text, pos: pos}
	case regexp.MustCompile(`^[A-Za-z_]`).MatchString(text):
		return &node{op: opName, text: text, pos: pos}
	}
	panic(unsupported{fmt.Errorf("unexpected %q at byte %d", text, pos)})
}

// path parses /literal/$(expression)/…
func (p *parser) path() *node {
	n := &node{op: opPath, pos: p.pos()}
	for p.accept("/") {
		n.text += "/"
		if p.accept("$(") {
			n.text += "*"
			n.kids = append(n.kids, p.list(")")...)
			continue
		}
		n.text += p.next()
	}
	return n
}
