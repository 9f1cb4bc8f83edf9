package rules

import "strings"

// precedence lists the binary operators from the loosest to the tightest; all are left-associative
// (https://firebase.google.com/docs/rules/rules-language#building_conditions).
var precedence = [][]string{{"||"}, {"&&"}, {"==", "!="}, {"in", "is"}, {"<=", ">=", "<", ">"}, {"+", "-"}, {"*", "/", "%"}}

var binaryOps = map[string]op{"||": opOr, "&&": opAnd, "==": opEqual, "!=": opNotEqual, "in": opIn, "is": opIs,
	"<": opLess, "<=": opLessEqual, ">": opGreater, ">=": opGreaterEqual, "+": opAdd, "-": opSubtract, "*": opMultiply,
	"/": opDivide, "%": opModulo}

// nest enters a level of nesting; the caller leaves it with p.nesting--.
func (p *parser) nest() {
	if p.nesting++; p.nesting > maxNesting {
		p.fail(p.tok.pos, "the expression nests deeper than %d", maxNesting)
	}
}

// expression parses an expression, starting at the ternary operator.
func (p *parser) expression() *expr {
	p.nest()
	defer func() { p.nesting-- }()
	cond := p.binary(0)
	if !p.is("?") {
		return cond
	}
	at := p.next().pos
	then := p.expression()
	p.expect(":", " between the two values of '?'")
	otherwise := p.expression()
	return &expr{op: opTernary, pos: cond.pos, end: otherwise.end, opPos: at,
		children: []*expr{cond, then, otherwise}}
}

func (p *parser) binary(level int) *expr {
	if level == len(precedence) {
		return p.unary()
	}
	left := p.binary(level + 1)
	for {
		var found string
		for _, o := range precedence[level] {
			if p.is(o) {
				found = o
			}
		}
		if found == "" {
			return left
		}
		at := p.next().pos
		e := &expr{op: binaryOps[found], pos: left.pos, opPos: at}
		if e.op == opIs {
			w := p.ident("a type after 'is'")
			e.name, e.children, e.end = w.text, []*expr{left}, w.end
			set, ok := typeKinds[w.text]
			if !ok {
				p.fail(w.pos, "unknown type %s: expected one of %s", w.text, strings.Join(typeNames, ", "))
			}
			e.kind = set
		} else {
			right := p.binary(level + 1)
			e.children, e.end = []*expr{left, right}, right.end
		}
		left = e
	}
}

func (p *parser) unary() *expr {
	var kind op
	switch {
	case p.is("!"):
		kind = opNot
	case p.is("-"):
		kind = opNegate
	default:
		return p.postfix()
	}
	p.nest()
	defer func() { p.nesting-- }()
	at := p.next().pos
	kid := p.unary()
	return &expr{op: kind, pos: at, end: kid.end, opPos: at, children: []*expr{kid}}
}

func (p *parser) postfix() *expr {
	e := p.primary()
	for {
		switch {
		case p.is("."):
			p.next()
			w := p.ident("a name after '.'")
			n := &expr{op: opMember, pos: e.pos, end: w.end, opPos: w.pos, name: w.text, children: []*expr{e}}
			if p.is("(") {
				n.op = opMethod
				n.children = append(n.children, p.arguments(")")...)
				n.end = p.last
			}
			e = n
		case p.is("["):
			at := p.next().pos
			from := p.expression()
			n := &expr{op: opIndex, pos: e.pos, opPos: at, children: []*expr{e, from}}
			if p.accept(":") {
				n.op = opRange
				n.children = append(n.children, p.expression())
			}
			p.expect("]", " after the index")
			n.end = p.last
			e = n
		default:
			return e
		}
	}
}

// arguments parses the expressions between an opening bracket, the next token, and the closing one.
func (p *parser) arguments(closing string) []*expr {
	p.next()
	var list []*expr
	for !p.accept(closing) {
		if len(list) > 0 && !p.accept(",") {
			p.expected("',' or '" + closing + "'")
		}
		list = append(list, p.expression())
	}
	return list
}

func (p *parser) primary() *expr {
	t := p.tok
	e := &expr{pos: t.pos, end: t.end, opPos: t.pos}
	switch t.kind {
	case tokenInt, tokenFloat:
		e.value = t.number
	case tokenString:
		e.value = StringValue(t.text)
	case tokenBytes:
		e.value = BytesValue(t.text)
	case tokenName:
		switch t.text {
		case "true", "false":
			e.value = BoolValue(t.text == "true")
		case "null":
		case "in", "is", "let", "return", "if", "function":
			p.expected("an expression")
		default:
			e.op, e.name = opName, t.text
		}
		p.next()
		if e.op == opName && p.is("(") {
			e.op = opCall
			e.children = p.arguments(")")
			e.end = p.last
		}
		return e
	case tokenPunct:
		return p.bracketed(e)
	default:
		p.expected("an expression")
	}
	p.next()
	return e
}

// bracketed parses an expression that starts with punctuation: (…), a list, a map or a path.
func (p *parser) bracketed(e *expr) *expr {
	switch p.tok.text {
	case "(":
		p.next()
		inner := p.expression()
		p.expect(")", " to match the '('")
		// The node's text includes the parentheses, so that excerpts and mutants stay well-formed.
		inner.pos, inner.end = e.pos, p.last
		return inner
	case "[":
		e.op = opList
		e.children = p.arguments("]")
	case "{":
		e.op = opMap
		p.next()
		for !p.accept("}") {
			if len(e.children) > 0 && !p.accept(",") {
				p.expected("',' or '}'")
			}
			key := p.expression()
			p.expect(":", " after the map's key")
			e.children = append(e.children, key, p.expression())
		}
	case "/":
		return p.path(e)
	default:
		p.expected("an expression")
	}
	e.end = p.last
	return e
}

// isPathChar reports whether a literal path segment may contain c. A dot is excluded because it
// starts a method call.
func isPathChar(c byte) bool {
	return isNamePart(c) || c == '-' || c == '~' || c == '%' || c == '@' || c >= 0x80
}

// path parses a path literal such as /databases/$(database)/documents/users/$(uid) from the source
// text.
func (p *parser) path(e *expr) *expr {
	e.op = opPath
	text := p.src.text
	at := p.tok.pos
	var literal strings.Builder
	for at < len(text) && text[at] == '/' && !strings.HasPrefix(text[at:], "//") && !strings.HasPrefix(text[at:], "/*") {
		literal.WriteByte('/')
		at++
		start := at
		switch {
		case strings.HasPrefix(text[at:], "$("):
			e.parts = append(e.parts, literal.String())
			literal.Reset()
			p.tok = p.scan(at + 2)
			e.children = append(e.children, p.expression())
			if !p.is(")") {
				p.expected("')' after the path's expression")
			}
			at = p.tok.end
		case strings.HasPrefix(text[at:], "(default)"):
			at += len("(default)")
			literal.WriteString("(default)")
		default:
			for at < len(text) && isPathChar(text[at]) {
				at++
			}
			if at == start {
				p.fail(at, "expected a name or $(…) after '/' in a path")
			}
			literal.WriteString(text[start:at])
		}
	}
	e.parts = append(e.parts, literal.String())
	e.end = at
	p.last = at
	p.tok = p.scan(at)
	return e
}
