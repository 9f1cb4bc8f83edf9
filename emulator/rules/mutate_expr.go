package rules

import (
	"fmt"
	"math"
	"strings"
)

// replacementOps maps an operator to the one that replaces it in a mutant.
var replacementOps = map[op]string{opEqual: "!=", opNotEqual: "==", opLess: "<=", opLessEqual: "<", opGreater: ">=",
	opGreaterEqual: ">", opAdd: "-", opSubtract: "+", opAnd: "||"}

// swappedAccess maps each access call to its counterpart before or after the request.
var swappedAccess = map[string]string{"get": "getAfter", "getAfter": "get", "exists": "existsAfter", "existsAfter": "exists"}

// expr emits the mutants of an expression and of its operands.
func (m *mutator) expr(e *expr) {
	switch e.op {
	case opAnd, opOr:
		m.dropOperand(e)
		if e.op == opAnd {
			m.changeOperator(e)
		}
	case opEqual, opNotEqual:
		m.changeOperator(e)
		m.makeTrue(e)
	case opLess, opLessEqual, opGreater, opGreaterEqual:
		if !m.shiftBounds(e) {
			m.changeOperator(e)
		}
		m.makeTrue(e)
	case opIn:
		m.makeTrue(e)
		m.dropElements(e.children[1])
	case opIs:
		m.makeTrue(e)
	case opAdd, opSubtract:
		m.changeOperator(e)
	case opNot:
		m.emit(e.opPos, e.opPos+1, "", "drop-not", "drop ! of %s", m.excerpt(e))
	case opTernary:
		m.replace(e, m.parenthesize(e.children[1]), "choose", "always the first of %s", m.excerpt(e))
		m.replace(e, m.parenthesize(e.children[2]), "choose", "always the second of %s", m.excerpt(e))
	case opMethod:
		if regexMethods[e.name] && e.name == "matches" || e.name == "hasAll" || e.name == "hasAny" || e.name == "hasOnly" {
			m.makeTrue(e)
			for _, k := range e.children[1:] {
				m.dropElements(k)
			}
		}
	case opCall:
		if other, ok := swappedAccess[e.name]; ok {
			m.emit(e.opPos, e.opPos+len(e.name), other, "swap-time", "%s instead of %s", other, m.excerpt(e))
			if e.name == "exists" || e.name == "existsAfter" {
				m.makeTrue(e)
			}
		}
	case opName:
		if e.name == "resource" {
			m.replace(e, "request.resource", "swap-resource", "request.resource instead of resource")
		}
	case opMember:
		if e.name == "resource" && e.children[0].op == opName && e.children[0].name == "request" {
			m.replace(e, "resource", "swap-resource", "resource instead of request.resource")
			return
		}
	}
	for _, k := range e.children {
		m.expr(k)
	}
}

// parenthesize returns the source of e in parentheses.
func (m *mutator) parenthesize(e *expr) string { return "(" + m.src.text[e.pos:e.end] + ")" }

// dropOperand drops one operand of && or ||.
func (m *mutator) dropOperand(e *expr) {
	kind := "drop-conjunct"
	if e.op == opOr {
		kind = "drop-disjunct"
	}
	for i, k := range e.children {
		if k.op == e.op && m.src.text[k.pos] != '(' {
			continue // its operands are dropped one by one
		}
		m.replace(e, m.parenthesize(e.children[1-i]), kind, "drop %s from %s", m.excerpt(k), symbols[e.op])
	}
}

func (m *mutator) changeOperator(e *expr) {
	old, replacement := symbols[e.op], replacementOps[e.op]
	m.emit(e.opPos, e.opPos+len(old), replacement, "change-operator", "%s instead of %s in %s",
		replacement, old, m.excerpt(e))
}

// makeTrue replaces e with true.
func (m *mutator) makeTrue(e *expr) {
	m.replace(e, "true", "always-true", "%s is always true", m.excerpt(e))
}

// shiftBounds changes a constant bound by one, which covers replacing the operator as well.
func (m *mutator) shiftBounds(e *expr) bool {
	found := false
	for _, k := range e.children {
		if k.op != opConst || k.value.kind != KindInt || k.value.num == math.MaxInt64 {
			continue
		}
		found = true
		for _, step := range []int64{1, -1} {
			m.replace(k, fmt.Sprint(k.value.num+step), "bound", "%d instead of %d in %s", k.value.num+step, k.value.num, m.excerpt(e))
		}
	}
	return found
}

// dropElements drops the elements of a list literal one by one.
func (m *mutator) dropElements(list *expr) {
	if list.op != opList {
		return
	}
	for i, k := range list.children {
		var rest []string
		for j, other := range list.children {
			if i != j {
				rest = append(rest, m.src.text[other.pos:other.end])
			}
		}
		m.replace(list, "["+strings.Join(rest, ", ")+"]", "drop-element", "drop %s from %s", m.excerpt(k), m.excerpt(list))
	}
}
