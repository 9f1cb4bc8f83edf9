package rules

import (
	"context"
	"sync"
	"time"
)

// evaluator is the state of one evaluation. It belongs to one goroutine and is reused.
type evaluator struct {
	ctx     context.Context
	ruleset *Ruleset
	req     *Request
	path    string // request.path

	request  Value
	resource Value
	after    Value // request.resource
	before   document
	incoming document
	symbolic unknown

	captures [MaxCaptures + 1]Value
	slots    []Value // the stack: parameters and variables of the active calls
	base     int     // start of the innermost call's frame in slots

	access       *Access
	ownAccess    Access   // used when the request has none
	evaluated    int      // expressions evaluated so far
	maxEvaluated int      // the most that one disjunction of a query took
	exceeded     *failure // the limit that was exceeded
	granted      *allow
	err          error // error of an access call
	now          time.Time

	bindings []Fields // of paths; see Value.nano in path_bind.go
	tokens   []pathToken
	observed bool // a trace or coverage is wanted
	trace    *traceNode
	coverage *Coverage
	denial   *Denial
}

var evaluators = sync.Pool{New: func() any { return &evaluator{slots: make([]Value, 0, 64)} }}

// eval returns an expression's value, which may be an error value.
func (r *evaluator) eval(e *expr) Value {
	r.evaluated++
	if r.evaluated > MaxExpressions {
		return r.tooManyExpressions(e)
	}
	if r.observed {
		return r.evalObserved(e)
	}
	return e.eval(r, e)
}

func (r *evaluator) tooManyExpressions(e *expr) Value {
	return r.exceed(e, "Unable to evaluate the expression as the maximum of 1000 expressions to evaluate has been reached.")
}

// exceed aborts the evaluation: the request is denied whatever the other conditions say.
func (r *evaluator) exceed(e *expr, text string) Value {
	v := fail(e, text)
	if r.exceeded == nil {
		r.exceeded = v.failure()
	}
	return v
}

func evalConst(_ *evaluator, e *expr) Value { return e.value }

func evalLocal(r *evaluator, e *expr) Value { return r.slots[r.base+e.slot] }

func evalCapture(r *evaluator, e *expr) Value { return r.captures[e.slot] }

func evalRequest(r *evaluator, _ *expr) Value { return r.request }

func evalResource(r *evaluator, _ *expr) Value { return r.resource }

func evalMember(r *evaluator, e *expr) Value {
	return r.member(e, r.eval(e.children[0]), e.name)
}

// member returns v.name.
func (r *evaluator) member(e *expr, v Value, name string) Value {
	switch v.kind {
	case KindMap:
		if x, ok := v.fields().Get(name); ok {
			return x
		}
		return undefined(e, name)
	case kindError:
		return v
	case kindUnknown:
		return v.unknown().field(name)
	case KindNull:
		return nullValue(e)
	case KindPath:
		return r.binding(e, v, name)
	}
	return undefined(e, name)
}

func evalAnd(r *evaluator, e *expr) Value {
	left := r.eval(e.children[0])
	if left.isFalse() {
		return left
	}
	right := r.eval(e.children[1])
	switch {
	case right.isFalse():
		return right
	case left.isTrue() && right.isTrue():
		return right
	}
	return undecided(e, "&&", left, right)
}

func evalOr(r *evaluator, e *expr) Value {
	left := r.eval(e.children[0])
	if left.isTrue() {
		return left
	}
	right := r.eval(e.children[1])
	switch {
	case right.isTrue():
		return right
	case left.isFalse() && right.isFalse():
		return right
	}
	return undecided(e, "||", left, right)
}

// undecided returns the value of && and || when neither operand decides it: the first error, or
// unknown.
func undecided(e *expr, name string, left, right Value) Value {
	switch {
	case left.kind == kindError:
		return left
	case left.kind != KindBool && left.kind != kindUnknown:
		return unsupported(e, name, left)
	case right.kind == kindError:
		return right
	case right.kind != KindBool && right.kind != kindUnknown:
		return unsupported(e, name, right)
	}
	return unknownBool(surelyBool(left) && surelyBool(right))
}

func evalNot(r *evaluator, e *expr) Value {
	switch v := r.eval(e.children[0]); v.kind {
	case KindBool:
		return BoolValue(v.num == 0)
	case kindError:
		return v
	case kindUnknown:
		return unknownBool(surelyBool(v))
	default:
		return unsupported(e, "!", v)
	}
}

func evalTernary(r *evaluator, e *expr) Value {
	switch v := r.eval(e.children[0]); v.kind {
	case KindBool:
		if v.num != 0 {
			return r.eval(e.children[1])
		}
		return r.eval(e.children[2])
	case kindError:
		return v
	case kindUnknown:
		return eitherOf(v, r.eval(e.children[1]), r.eval(e.children[2]))
	default:
		return unsupported(e, "?:", v)
	}
}

// evalCall calls a function of the rules. Arguments and variables are evaluated first, once each;
// an error among them is an error only where the variable is used.
func evalCall(r *evaluator, e *expr) Value {
	if len(e.children) == 0 && len(e.fn.lets) == 0 {
		return r.eval(e.fn.body) // it needs no frame
	}
	start := len(r.slots)
	for _, k := range e.children {
		v := r.eval(k)
		r.slots = append(r.slots, v)
	}
	outer := r.base
	r.base = start
	for _, l := range e.fn.lets {
		v := r.eval(l.init)
		r.slots = append(r.slots, v)
	}
	v := r.eval(e.fn.body)
	r.base = outer
	r.slots = r.slots[:start]
	return v
}

// arguments evaluates expressions onto the stack and returns them; release removes them.
func (r *evaluator) arguments(exprs []*expr) []Value {
	start := len(r.slots)
	for _, k := range exprs {
		v := r.eval(k)
		r.slots = append(r.slots, v)
	}
	return r.slots[start:]
}

func (r *evaluator) release(args []Value) { r.slots = r.slots[:len(r.slots)-len(args)] }

func evalBuiltin(r *evaluator, e *expr) Value {
	args := r.arguments(e.children)
	for _, a := range args {
		if a.kind == kindError {
			r.release(args)
			return a
		}
	}
	v := e.builtin.call(r, e, args)
	r.release(args)
	return v
}

func evalMethod(r *evaluator, e *expr) Value {
	values := r.arguments(e.children)
	for _, a := range values {
		if a.kind == kindError {
			r.release(values)
			return a
		}
	}
	v := callMethod(r, e, values[0], values[1:])
	r.release(values)
	return v
}

func callMethod(r *evaluator, e *expr, self Value, args []Value) Value {
	switch {
	case e.method == nil:
		return fail(e, "Function not found error: Name: ["+e.name+"].")
	case self.kind == KindNull:
		return nullValue(e)
	case self.kind == kindUnknown:
		return self.unknown().call(e, args)
	}
	for _, a := range args {
		if a.kind == kindUnknown {
			return anything
		}
	}
	impl := e.method.overloads[self.Kind()]
	switch {
	case impl == nil:
		return fail(e, "Function not found error: Name: ["+e.name+"] on "+self.kind.String()+".")
	case len(args) < impl.minArgs || len(args) > impl.maxArgs:
		return fail(e, "Function ["+e.name+"] called with wrong number of arguments.")
	}
	return impl.call(r, e, self, args)
}

// evalUnknownName and evalUnknownFunction evaluate names that the checker has warned about.
func evalUnknownName(_ *evaluator, e *expr) Value {
	return fail(e, "Variable not found error: Name: ["+e.name+"].")
}

func evalUnknownFunction(_ *evaluator, e *expr) Value {
	return fail(e, "Function not found error: Name: ["+e.name+"].")
}
