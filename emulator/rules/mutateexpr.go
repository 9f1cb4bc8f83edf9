package rules

import (
	"fmt"
	"math"
	"strings"
)

// turned are the operators that another takes the place of.
var turned = map[op]string{opEqual: "!=", opNotEqual: "==", opLess: "<=", opLessEqual: "<", opGreater: ">=",
	opGreaterEqual: ">", opAdd: "-", opSubtract: "+", opAnd: "||"}

var writtenAs = map[op]string{opEqual: "==", opNotEqual: "!=", opLess: "<", opLessEqual: "<=", opGreater: ">",
	opGreaterEqual: ">=", opAdd: "+", opSubtract: "-", opAnd: "&&", opOr: "||"}

// swapped are the functions that look at the other side of the request.
var swapped = map[string]string{"get": "getAfter", "getAfter": "get", "exists": "existsAfter", "existsAfter": "exists"}

func (m *mutator) expr(e *expr) {
	switch e.op {
	case opAnd, opOr:
		m.drop(e)
		if e.op == opAnd {
			m.turn(e)
		}
	case opEqual, opNotEqual:
		m.turn(e)
		m.always(e)
	case opLess, opLessEqual, opGreater, opGreaterEqual:
		if !m.bounds(e) {
			m.turn(e)
		}
		m.always(e)
	case opIn:
		m.always(e)
		m.keys(e.kids[1])
	case opIs:
		m.always(e)
	case opAdd, opSubtract:
		m.turn(e)
	case opNot:
		m.offer(e.at, e.at+1, "", "drop-not", "drop ! of %s", m.excerpt(e))
	case opChoose:
		m.replace(e, m.wrap(e.kids[1]), "choose", "always the first of %s", m.excerpt(e))
		m.replace(e, m.wrap(e.kids[2]), "choose", "always the second of %s", m.excerpt(e))
	case opMethod:
		if regexMethods[e.name] && e.name == "matches" || e.name == "hasAll" || e.name == "hasAny" || e.name == "hasOnly" {
			m.always(e)
			for _, k := range e.kids[1:] {
				m.keys(k)
			}
		}
	case opCall:
		if other, ok := swapped[e.name]; ok {
			m.offer(e.at, e.at+len(e.name), other, "swap-time", "%s instead of %s", other, m.excerpt(e))
			if e.name == "exists" || e.name == "existsAfter" {
				m.always(e)
			}
		}
	case opName:
		if e.name == "resource" {
			m.replace(e, "request.resource", "swap-resource", "request.resource instead of resource")
		}
	case opMember:
		if e.name == "resource" && e.kids[0].op == opName && e.kids[0].name == "request" {
			m.replace(e, "resource", "swap-resource", "resource instead of request.resource")
			return
		}
	}
	for _, k := range e.kids {
		m.expr(k)
	}
}

func (m *mutator) wrap(e *expr) string { return "(" + m.src.text[e.pos:e.end] + ")" }

// drop leaves out one side of && or ||.
func (m *mutator) drop(e *expr) {
	kind := "drop-conjunct"
	if e.op == opOr {
		kind = "drop-disjunct"
	}
	for i, k := range e.kids {
		if k.op == e.op && m.src.text[k.pos] != '(' {
			continue // its own parts are dropped one by one
		}
		m.replace(e, m.wrap(e.kids[1-i]), kind, "drop %s from %s", m.excerpt(k), writtenAs[e.op])
	}
}

func (m *mutator) turn(e *expr) {
	m.offer(e.at, e.at+len(writtenAs[e.op]), turned[e.op], "turn-operator", "%s instead of %s in %s", turned[e.op], writtenAs[e.op], m.excerpt(e))
}

func (m *mutator) always(e *expr) {
	m.replace(e, "true", "always-true", "%s is always true", m.excerpt(e))
}

// bounds moves a constant bound by one, which says the same as another operator would.
func (m *mutator) bounds(e *expr) bool {
	found := false
	for _, k := range e.kids {
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

// keys leaves out the elements of a list one by one.
func (m *mutator) keys(list *expr) {
	if list.op != opList {
		return
	}
	for i, k := range list.kids {
		var rest []string
		for j, other := range list.kids {
			if i != j {
				rest = append(rest, m.src.text[other.pos:other.end])
			}
		}
		m.replace(list, "["+strings.Join(rest, ", ")+"]", "drop-element", "drop %s from %s", m.excerpt(k), m.excerpt(list))
	}
}
