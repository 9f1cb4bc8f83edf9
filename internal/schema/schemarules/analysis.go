// Package schemarules compares security rules with the schema. Rules cannot import Go, so firestore.rules
// repeats the schema's fields, types and bounds: this package finds where the two differ.
//
// It follows the data through the rules. request.resource.data of a match is a document of the schema, a
// function sees whatever its callers pass, and the document of a path in get or getAfter is known by its
// collections. So it knows which field an expression such as time.room is, and compares:
//
//   - a field that the document does not have is an error, with the name that was probably meant;
//   - hasOnly and hasAll must list exactly the fields that the owner may write;
//   - types, bounds, values, references and timestamps must be those of the schema, and none may be missing.
//
// heektime rules check prints the findings, and a test keeps firestore.rules free of them. parse.go parses,
// this file follows the data, compare.go compares.
package schemarules

import (
	"strconv"
	"strings"

	"heek.kr/heektime/internal/schema"
)

// Finding is one difference between the rules and the schema.
type Finding struct {
	Offset  int // in the text, in bytes
	Message string
}

// Check compares the rules for Firestore in text with the schema. The error is about syntax that it does
// not support; package rules is the judge of syntax.
func Check(text string) (found []Finding, err error) {
	defer func() {
		if r := recover(); r != nil {
			u, ok := r.(unsupported)
			if !ok {
				panic(r)
			}
			err = u.error
		}
	}()
	service := newParser(text).file()
	if service == nil {
		return nil, nil
	}
	a := &analysis{seen: map[string]bool{}, checked: map[string]bool{}}
	a.block(service, &scope{functions: map[string]*closure{}}, "")
	return a.found, nil
}

// kind says what is known about a value.
type kind int

const (
	unknown  kind = iota
	request       // request
	resource      // a document with its data, or what it was or will be
	data          // the fields of a document
	field         // the value of a field
	size          // the size of a field, or of a document's id
	keys          // the names of all fields
	changes       // the names of the fields that a write changes
	diff          // what keys and changes come from
	path          // the path of a document
	id            // the id of the document
	user          // the uid of the signed-in user
	now           // the time of the request
	query         // the query of a list
	limit         // its limit
	constant      // a number
)

// value is what is known about an expression.
type value struct {
	kind     kind
	document *schema.Document
	field    *schema.Field
	name     string // of the field within its document: "times[].room"
	number   int
	pos      int // where a constant is
}

// closure is a function and where it is defined.
type closure struct {
	*function
	scope *scope
}

// scope has the functions of a block and those around it.
type scope struct {
	outer     *scope
	functions map[string]*closure
}

func (s *scope) find(name string) *closure {
	for ; s != nil; s = s.outer {
		if f := s.functions[name]; f != nil {
			return f
		}
	}
	return nil
}

// analysis follows data through the rules.
type analysis struct {
	document *schema.Document // of the match
	found    []Finding
	seen     map[string]bool // findings, so that each is reported once
	checked  map[string]bool // what the rules check, by document, field and kind of check
	depth    int
}

// frame is what names mean within a function, and whether its conditions must hold.
type frame struct {
	scope *scope
	names map[string]value
	holds bool
}

func (f frame) maybe() frame {
	f.holds = false
	return f
}

func (a *analysis) block(b *block, outer *scope, above string) {
	s := &scope{outer, map[string]*closure{}}
	for name, f := range b.functions {
		s.functions[name] = &closure{f, s}
	}
	full := above + b.path
	_, below, isDocument := strings.Cut(full, "/documents/")
	a.document = nil
	if isDocument {
		a.document = schema.DocumentAt(below)
	}
	document := a.document
	for _, m := range b.matches {
		a.block(m, s, full)
	}
	a.document = document
	names := map[string]value{}
	if document != nil {
		segments := strings.Split(below, "/")
		names[strings.Trim(segments[len(segments)-1], "{}")] = value{kind: id, document: document}
	}
	for _, condition := range b.allows {
		a.eval(condition, frame{s, names, true})
	}
	if document != nil && document.Writer == schema.Owner {
		a.missing(document, b.pos)
	}
}

func (a *analysis) eval(n *node, f frame) value {
	switch n.op {
	case opName:
		return a.name(n, f)
	case opNumber:
		number, _ := strconv.Atoi(n.text)
		return value{kind: constant, number: number, pos: n.pos}
	case opMember:
		return a.member(a.eval(n.kids[0], f), n.text, n.pos)
	case opCall:
		return a.call(n, f)
	case opIndex:
		list := a.eval(n.kids[0], f)
		if list.kind == data && len(n.kids) == 2 && n.kids[1].op == opText {
			return a.member(list, n.kids[1].text, n.kids[1].pos)
		}
		if list.kind == field && list.field.Entry != nil {
			return value{kind: field, document: list.document, field: list.field.Entry, name: list.name + "[]"}
		}
	case opBinary:
		return a.binary(n, f)
	case opUnary:
		a.eval(n.kids[0], f.maybe())
	case opChoose:
		a.eval(n.kids[0], f.maybe())
		then := a.eval(n.kids[1], f)
		if other := a.eval(n.kids[2], f); then.kind == unknown {
			return other
		}
		return then
	case opPath:
		if _, below, ok := strings.Cut(n.text, "/documents/"); ok {
			return value{kind: path, document: schema.DocumentAt(below)}
		}
	case opList:
		for _, k := range n.kids {
			a.eval(k, f)
		}
	}
	return value{}
}

func (a *analysis) name(n *node, f frame) value {
	if v, ok := f.names[n.text]; ok {
		return v
	}
	switch n.text {
	case "request":
		return value{kind: request, document: a.document}
	case "resource":
		return value{kind: resource, document: a.document}
	}
	return value{}
}

func (a *analysis) member(of value, name string, pos int) value {
	switch of.kind {
	case request:
		switch name {
		case "resource":
			return value{kind: resource, document: of.document}
		case "auth":
			return value{kind: user}
		case "time":
			return value{kind: now}
		case "query":
			return value{kind: query, document: of.document}
		}
	case resource:
		if name == "data" {
			return value{kind: data, document: of.document}
		}
	case query:
		if name == "limit" {
			return value{kind: limit, document: of.document}
		}
	case user:
		return of
	case data:
		return a.fieldOf(of.document, fieldsOf(of.document), name, name, pos)
	case field:
		if of.field.Type == schema.Map {
			return a.fieldOf(of.document, of.field.Fields, name, of.name+"."+name, pos)
		}
	}
	return value{}
}

// call follows the data into a function of the rules, or through one of the language.
func (a *analysis) call(n *node, f frame) value {
	callee, args := n.kids[0], make([]value, len(n.kids)-1)
	for i, k := range n.kids[1:] {
		args[i] = a.eval(k, f)
	}
	if callee.op == opMember {
		return a.method(n, a.eval(callee.kids[0], f), callee.text, args)
	}
	switch callee.text {
	case "get", "getAfter":
		if len(args) == 1 && args[0].kind == path {
			return value{kind: resource, document: args[0].document}
		}
		return value{}
	}
	fn := f.scope.find(callee.text)
	const deepest = 20
	if fn == nil || a.depth > deepest {
		return value{}
	}
	inner := frame{fn.scope, map[string]value{}, f.holds}
	for i, param := range fn.params {
		if i < len(args) {
			inner.names[param] = args[i]
		}
	}
	a.depth++
	defer func() { a.depth-- }()
	for _, l := range fn.lets {
		inner.names[l.name] = a.eval(l.init, inner)
	}
	return a.eval(fn.body, inner)
}

func (a *analysis) method(n *node, of value, name string, args []value) value {
	switch {
	case of.kind == data && name == "get" && len(n.kids) == 3 && n.kids[1].op == opText:
		return a.member(of, n.kids[1].text, n.kids[1].pos)
	case of.kind == data && name == "keys":
		return value{kind: keys, document: of.document}
	case of.kind == data && name == "diff":
		return value{kind: diff, document: of.document}
	case of.kind == diff && name == "affectedKeys":
		return value{kind: changes, document: of.document}
	case (of.kind == keys || of.kind == changes) && (name == "hasOnly" || name == "hasAll") && len(n.kids) == 2:
		a.keys(of, name, n.kids[1])
	case (of.kind == field || of.kind == id) && name == "size":
		return value{kind: size, document: of.document, field: of.field, name: of.name}
	case of.kind == field && name == "matches" && len(n.kids) == 2:
		a.matched(of, n.kids[1])
	case of.kind == field && name == "concat":
		return of
	case of.kind == id && name == "matches" && len(n.kids) == 2:
		a.pattern(of.document, n.kids[1])
	}
	return value{}
}

func (a *analysis) binary(n *node, f frame) value {
	switch n.text {
	case "&&":
		a.eval(n.kids[0], f)
		a.eval(n.kids[1], f)
		return value{}
	case "||":
		// What comes first is usually a guard: count < 1 || isTime(times[0]).
		a.eval(n.kids[0], f.maybe())
		a.eval(n.kids[1], f)
		return value{}
	case "is":
		if of := a.eval(n.kids[0], f); of.kind == field && f.holds {
			a.typed(of, n.kids[1])
		}
		return value{}
	case "in":
		if n.kids[0].op == opText {
			if of := a.eval(n.kids[1], f); of.kind == data {
				a.member(of, n.kids[0].text, n.kids[0].pos)
			}
			return value{}
		}
		if of := a.eval(n.kids[0], f); of.kind == field && n.kids[1].op == opList && f.holds {
			a.values(of, n.kids[1].kids, n.pos)
		}
		return value{}
	}
	left, right := a.eval(n.kids[0], f), a.eval(n.kids[1], f)
	if left.kind == size && left.field == nil && n.text == "==" && right.kind == constant {
		a.idLength(left.document, right.number, right.pos)
	}
	if !f.holds {
		return value{}
	}
	if n.text == "==" && left.kind == field && n.kids[1].op == opText {
		a.values(left, n.kids[1:], n.pos)
	}
	a.compare(n, left, right)
	return value{}
}
