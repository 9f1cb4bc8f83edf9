package rules

import "slices"

// expr resolves an expression and those within it, and chooses how they are evaluated.
func (c *checker) expr(s *scope, e *expr) {
	if e.op == opMethod && c.namespaced(s, e) {
		return
	}
	if e.op == opMethod && e.name == "bind" && e.kids[0].op == opPath {
		c.bind(s, e)
		return
	}
	for _, k := range e.kids {
		c.expr(s, k)
	}
	c.register(e)
	switch e.op {
	case opConst:
		e.do = evalConst
	case opName:
		c.name(s, e)
	case opMember:
		e.do = evalMember
	case opIndex:
		e.do = evalIndex
	case opRange:
		e.do = evalRange
	case opCall:
		c.call(s, e)
	case opMethod:
		c.method(e)
	case opNot:
		e.do = evalNot
	case opNegate:
		e.do = evalNegate
	case opAnd:
		e.do = evalAnd
	case opOr:
		e.do = evalOr
	case opChoose:
		e.do = evalChoose
	case opEqual:
		e.do = evalEqual
	case opNotEqual:
		e.do = evalNotEqual
	case opLess, opLessEqual, opGreater, opGreaterEqual:
		e.do = evalCompare
	case opAdd, opSubtract, opMultiply, opDivide, opModulo:
		e.do = evalArithmetic
	case opIn:
		e.do = evalIn
	case opIs:
		e.do = evalIs
	case opList:
		c.list(e)
	case opMap:
		e.do = evalMap
	case opPath:
		e.do = evalPath
	}
	c.types(e)
}

// register numbers an expression. A function at the top of a file with two services is seen twice.
func (c *checker) register(e *expr) {
	if e.do != nil {
		return
	}
	e.id = c.set.count
	c.set.count++
	c.set.nodes = append(c.set.nodes, e)
}

// name finds what a variable means: the innermost of parameters, variables and wildcards, then the language's own.
func (c *checker) name(s *scope, e *expr) {
	for at := s; at != nil; at = at.outer {
		if slot, ok := at.slots[e.name]; ok {
			e.slot, e.do = slot, evalSlot
			if i := slot - len(at.in.params); i >= 0 {
				at.in.lets[i].used = true
			}
			return
		}
		if slot, ok := at.captures[e.name]; ok {
			e.slot, e.do = slot, evalCapture
			return
		}
	}
	switch e.name {
	case "request":
		e.do = evalRequest
	case "resource":
		e.do = evalResource
	default:
		e.do = evalUnknownName
		c.warn("unknown-variable", e.pos, "Invalid variable name: %s.", e.name)
	}
}

// function finds a function of the rules.
func (s *scope) function(name string) *function {
	for at := s; at != nil; at = at.outer {
		if f := at.functions[name]; f != nil {
			return f
		}
	}
	return nil
}

// caller is the function that a scope is in.
func (s *scope) caller() *function {
	for at := s; at != nil; at = at.outer {
		if at.in != nil {
			return at.in
		}
	}
	return nil
}

func (c *checker) call(s *scope, e *expr) {
	if e.do != nil && e.fn == nil {
		return // of a function at the top of the file, resolved for an earlier service
	}
	if f := s.function(e.name); f != nil {
		e.fn, e.do = f, evalCall
		f.used = true
		if by := s.caller(); by != nil {
			by.calls = append(by.calls, e)
		}
		if len(e.kids) != len(f.params) {
			line, _ := c.src.place(f.pos)
			c.fail("arguments", e.pos, "function %s takes %d arguments, not %d (line %d)", e.name, len(f.params), len(e.kids), line)
		}
		return
	}
	b := globals[e.name]
	if b == nil && c.service == Firestore {
		b = documentFunctions[e.name]
	}
	c.builtin(e, b)
}

// builtin makes e the call of a function of the language, nil when there is none of its name.
func (c *checker) builtin(e *expr, b *builtin) {
	switch {
	case b == nil:
		c.warn("unknown-function", e.pos, "Invalid function name: %s.", e.name)
		e.do = evalUnknownFunction
	case len(e.kids) < b.least || len(e.kids) > b.most:
		c.fail("arguments", e.pos, "%s takes %d arguments, not %d", e.name, b.most, len(e.kids))
		e.do = evalUnknownFunction
	default:
		e.builtin, e.do = b, evalBuiltin
	}
}

// namespaced turns namespace.name(…) into a call, unless the namespace's name is a variable here.
func (c *checker) namespaced(s *scope, e *expr) bool {
	space := e.kids[0]
	if e.do != nil || space.op != opName {
		return false
	}
	functions := namespaces[space.name]
	if space.name == "firestore" {
		functions = map[string]*builtin{} // in its own rules the functions have no namespace
		if c.service == Storage {
			functions = map[string]*builtin{"get": documentFunctions["get"], "exists": documentFunctions["exists"]}
		}
	}
	if functions == nil {
		return false
	}
	for at := s; at != nil; at = at.outer {
		_, local := at.slots[space.name]
		_, captured := at.captures[space.name]
		if local || captured {
			return false
		}
	}
	b := functions[e.name]
	e.op, e.name, e.kids = opCall, space.name+"."+e.name, e.kids[1:]
	for _, k := range e.kids {
		c.expr(s, k)
	}
	c.register(e)
	c.builtin(e, b)
	return true
}

func (c *checker) method(e *expr) {
	c.methodArguments(e)
	e.do = evalMethod
}

func (c *checker) methodArguments(e *expr) {
	m := methods[e.name]
	e.method = m
	if m == nil {
		c.warn("unknown-function", e.at, "Invalid function name: %s.", e.name)
		return
	}
	given := len(e.kids) - 1
	fits := slices.ContainsFunc(m.forms[:], func(f *form) bool { return f != nil && given >= f.least && given <= f.most })
	if !fits {
		c.fail("arguments", e.at, "no type has a method %s with %d arguments", e.name, given)
		return
	}
	if regexMethods[e.name] && e.kids[1].op == opConst && e.kids[1].value.kind == KindString {
		re, err := compileRegex(e.name, e.kids[1].value.text())
		if err != nil {
			c.fail("regex", e.kids[1].pos, "this is no regular expression of RE2: %v", err)
			return
		}
		e.pattern = re
	}
}

// bind resolves (/path/$(a)).bind(map): names that mean nothing here are the map's keys.
func (c *checker) bind(s *scope, e *expr) {
	path := e.kids[0]
	for _, k := range path.kids {
		if k.op == opName {
			before := len(c.issues)
			c.expr(s, k)
			c.issues = c.issues[:before]
			continue
		}
		c.expr(s, k)
	}
	c.register(path)
	path.do = evalPath
	for _, k := range e.kids[1:] {
		c.expr(s, k)
	}
	c.register(e)
	c.methodArguments(e)
	e.do = evalBind
}

// list makes a list of constants once and for all.
func (c *checker) list(e *expr) {
	e.do = evalList
	values := make([]Value, len(e.kids))
	for i, k := range e.kids {
		if k.op != opConst {
			return
		}
		values[i] = k.value
	}
	e.value = ListValue(newConstants(values))
	e.do = evalConstList
}

// evalConstList counts the elements as if it evaluated them.
func evalConstList(r *run, e *expr) Value {
	r.used += len(e.kids)
	return e.value
}
