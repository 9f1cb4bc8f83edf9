package rules

import "slices"

// expr resolves an expression and those within it, and chooses how they are evaluated.
func (c *checker) resolve(s *scope, e *expr) {
	if e.op == opMethod && c.resolveNamespaced(s, e) {
		return
	}
	if e.op == opMethod && e.name == "bind" && e.children[0].op == opPath {
		c.resolveBind(s, e)
		return
	}
	for _, k := range e.children {
		c.resolve(s, k)
	}
	c.addExpr(e)
	switch e.op {
	case opConst:
		e.eval = evalConst
	case opName:
		c.resolveName(s, e)
	case opMember:
		e.eval = evalMember
	case opIndex:
		e.eval = evalIndex
	case opRange:
		e.eval = evalRange
	case opCall:
		c.resolveCall(s, e)
	case opMethod:
		c.resolveMethod(e)
	case opNot:
		e.eval = evalNot
	case opNegate:
		e.eval = evalNegate
	case opAnd:
		e.eval = evalAnd
	case opOr:
		e.eval = evalOr
	case opTernary:
		e.eval = evalTernary
	case opEqual:
		e.eval = evalEqual
	case opNotEqual:
		e.eval = evalNotEqual
	case opLess, opLessEqual, opGreater, opGreaterEqual:
		e.eval = evalCompare
	case opAdd, opSubtract, opMultiply, opDivide, opModulo:
		e.eval = evalArithmetic
	case opIn:
		e.eval = evalIn
	case opIs:
		e.eval = evalIs
	case opList:
		c.resolveList(e)
	case opMap:
		e.eval = evalMap
	case opPath:
		e.eval = evalPath
	}
	c.checkTypes(e)
}

// register numbers an expression. A function at the top of a file with two services is seen twice.
func (c *checker) addExpr(e *expr) {
	if e.eval != nil {
		return
	}
	e.id = c.ruleset.numExprs
	c.ruleset.numExprs++
	c.ruleset.exprs = append(c.ruleset.exprs, e)
}

// name finds what a variable means: the innermost of parameters, variables and wildcards, then the language's own.
func (c *checker) resolveName(s *scope, e *expr) {
	for at := s; at != nil; at = at.outer {
		if slot, ok := at.slots[e.name]; ok {
			e.slot, e.eval = slot, evalLocal
			if i := slot - len(at.fn.params); i >= 0 {
				at.fn.lets[i].used = true
			}
			return
		}
		if slot, ok := at.captures[e.name]; ok {
			e.slot, e.eval = slot, evalCapture
			return
		}
	}
	switch e.name {
	case "request":
		e.eval = evalRequest
	case "resource":
		e.eval = evalResource
	default:
		e.eval = evalUnknownName
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
func (s *scope) enclosingFunction() *function {
	for at := s; at != nil; at = at.outer {
		if at.fn != nil {
			return at.fn
		}
	}
	return nil
}

func (c *checker) resolveCall(s *scope, e *expr) {
	if e.eval != nil && e.fn == nil {
		return // of a function at the top of the file, resolved for an earlier service
	}
	if f := s.function(e.name); f != nil {
		e.fn, e.eval = f, evalCall
		f.used = true
		if by := s.enclosingFunction(); by != nil {
			by.calls = append(by.calls, e)
		}
		if len(e.children) != len(f.params) {
			line, _ := c.src.position(f.pos)
			c.fail("arguments", e.pos, "function %s takes %d arguments, not %d (line %d)", e.name, len(f.params), len(e.children), line)
		}
		return
	}
	b := globalFunctions[e.name]
	if b == nil && c.service == Firestore {
		b = documentFunctions[e.name]
	}
	c.resolveBuiltin(e, b)
}

// builtin makes e the call of a function of the language, nil when there is none of its name.
func (c *checker) resolveBuiltin(e *expr, b *builtin) {
	switch {
	case b == nil:
		c.warn("unknown-function", e.pos, "Invalid function name: %s.", e.name)
		e.eval = evalUnknownFunction
	case len(e.children) < b.minArgs || len(e.children) > b.maxArgs:
		c.fail("arguments", e.pos, "%s takes %d arguments, not %d", e.name, b.maxArgs, len(e.children))
		e.eval = evalUnknownFunction
	default:
		e.builtin, e.eval = b, evalBuiltin
	}
}

// namespaced turns namespace.name(…) into a call, unless the namespace's name is a variable here.
func (c *checker) resolveNamespaced(s *scope, e *expr) bool {
	space := e.children[0]
	if e.eval != nil || space.op != opName {
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
	e.op, e.name, e.children = opCall, space.name+"."+e.name, e.children[1:]
	for _, k := range e.children {
		c.resolve(s, k)
	}
	c.addExpr(e)
	c.resolveBuiltin(e, b)
	return true
}

func (c *checker) resolveMethod(e *expr) {
	c.checkArguments(e)
	e.eval = evalMethod
}

func (c *checker) checkArguments(e *expr) {
	m := methods[e.name]
	e.method = m
	if m == nil {
		c.warn("unknown-function", e.opPos, "Invalid function name: %s.", e.name)
		return
	}
	given := len(e.children) - 1
	fits := slices.ContainsFunc(m.overloads[:], func(f *overload) bool { return f != nil && given >= f.minArgs && given <= f.maxArgs })
	if !fits {
		c.fail("arguments", e.opPos, "no type has a method %s with %d arguments", e.name, given)
		return
	}
	if regexMethods[e.name] && e.children[1].op == opConst && e.children[1].value.kind == KindString {
		re, err := compileRegex(e.name, e.children[1].value.text())
		if err != nil {
			c.fail("regex", e.children[1].pos, "this is no regular expression of RE2: %v", err)
			return
		}
		e.pattern = re
	}
}

// bind resolves (/path/$(a)).bind(map): names that mean nothing here are the map's keys.
func (c *checker) resolveBind(s *scope, e *expr) {
	path := e.children[0]
	for _, k := range path.children {
		if k.op == opName {
			before := len(c.issues)
			c.resolve(s, k)
			c.issues = c.issues[:before]
			continue
		}
		c.resolve(s, k)
	}
	c.addExpr(path)
	path.eval = evalPath
	for _, k := range e.children[1:] {
		c.resolve(s, k)
	}
	c.addExpr(e)
	c.checkArguments(e)
	e.eval = evalBind
}

// list makes a list of constants once and for all.
func (c *checker) resolveList(e *expr) {
	e.eval = evalList
	values := make([]Value, len(e.children))
	for i, k := range e.children {
		if k.op != opConst {
			return
		}
		values[i] = k.value
	}
	e.value = ListValue(newConstantList(values))
	e.eval = evalConstList
}

// evalConstList counts the elements as if it evaluated them.
func evalConstList(r *evaluator, e *expr) Value {
	r.evaluated += len(e.children)
	return e.value
}
