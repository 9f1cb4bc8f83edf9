package rules

import "slices"

// resolve resolves an expression and its operands and selects the functions that evaluate them.
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

// addExpr numbers an expression. It sees a top-level function of a file with two services twice.
func (c *checker) addExpr(e *expr) {
	if e.eval != nil {
		return
	}
	e.id = c.ruleset.numExprs
	c.ruleset.numExprs++
	c.ruleset.exprs = append(c.ruleset.exprs, e)
}

// resolveName resolves a variable: parameters, local variables and wildcards from the inside out,
// then the language's own variables.
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

// function returns the function of that name that is visible in s, or nil.
func (s *scope) function(name string) *function {
	for at := s; at != nil; at = at.outer {
		if f := at.functions[name]; f != nil {
			return f
		}
	}
	return nil
}

// enclosingFunction returns the function that s is in, or nil.
func (s *scope) enclosingFunction() *function {
	for at := s; at != nil; at = at.outer {
		if at.fn != nil {
			return at.fn
		}
	}
	return nil
}

// resolveCall resolves a call without a receiver.
func (c *checker) resolveCall(s *scope, e *expr) {
	if e.eval != nil && e.fn == nil {
		return // a top-level function, already resolved for an earlier service
	}
	if f := s.function(e.name); f != nil {
		e.fn, e.eval = f, evalCall
		f.used = true
		if by := s.enclosingFunction(); by != nil {
			by.calls = append(by.calls, e)
		}
		if len(e.children) != len(f.params) {
			line, _ := c.src.position(f.pos)
			c.fail("arguments", e.pos, "wrong number of arguments for function %s, declared on line %d: got %d, want %d",
				e.name, line, len(e.children), len(f.params))
		}
		return
	}
	b := globalFunctions[e.name]
	if b == nil && c.service == Firestore {
		b = documentFunctions[e.name]
	}
	c.resolveBuiltin(e, b)
}

// resolveBuiltin makes e a call of the builtin b, which is nil if no builtin has e's name.
func (c *checker) resolveBuiltin(e *expr, b *builtin) {
	switch {
	case b == nil:
		c.warn("unknown-function", e.pos, "Invalid function name: %s.", e.name)
		e.eval = evalUnknownFunction
	case len(e.children) < b.minArgs || len(e.children) > b.maxArgs:
		c.fail("arguments", e.pos, "wrong number of arguments for %s: got %d, want %d", e.name, len(e.children), b.maxArgs)
		e.eval = evalUnknownFunction
	default:
		e.builtin, e.eval = b, evalBuiltin
	}
}

// resolveNamespaced turns namespace.name(…) into a call, unless a local variable shadows the
// namespace.
func (c *checker) resolveNamespaced(s *scope, e *expr) bool {
	space := e.children[0]
	if e.eval != nil || space.op != opName {
		return false
	}
	functions := namespaces[space.name]
	if space.name == "firestore" {
		functions = map[string]*builtin{} // rules for Firestore call these functions without a namespace
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

// resolveMethod resolves a method call.
func (c *checker) resolveMethod(e *expr) {
	c.checkArguments(e)
	e.eval = evalMethod
}

// checkArguments looks up the method of a call and checks its arguments. It compiles a constant
// regular expression.
func (c *checker) checkArguments(e *expr) {
	m := methods[e.name]
	e.method = m
	if m == nil {
		c.warn("unknown-function", e.opPos, "Invalid function name: %s.", e.name)
		return
	}
	given := len(e.children) - 1
	fits := slices.ContainsFunc(m.overloads[:], func(o *overload) bool {
		return o != nil && given >= o.minArgs && given <= o.maxArgs
	})
	if !fits {
		c.fail("arguments", e.opPos, "no type has a method %s with %d arguments", e.name, given)
		return
	}
	if regexMethods[e.name] && e.children[1].op == opConst && e.children[1].value.kind == KindString {
		re, err := compileRegex(e.name, e.children[1].value.text())
		if err != nil {
			c.fail("regex", e.children[1].pos, "this is not a valid RE2 regular expression: %v", err)
			return
		}
		e.pattern = re
	}
}

// resolveBind resolves (/path/$(a)).bind(map), where names unknown in this scope are keys of the
// map.
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

// resolveList builds a list of constants at compile time.
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
