package rules

import (
	"fmt"
	"strings"
)

// How much a Denial holds.
const (
	maxTried   = 20
	maxReasons = 12
)

// Denial explains why a request was denied.
type Denial struct {
	Method Method
	Path   string
	// Tried are the allow statements that were evaluated, at most 20. If there are none, no match
	// block has a statement for this method and path, and the request is denied by default.
	Tried []TriedStatement
	// Limit is the limit that was exceeded, or "".
	Limit string
	// Notes are further hints, such as which disjunction of a query could not be proved.
	Notes []string
}

// TriedStatement is an allow statement that did not grant a request.
type TriedStatement struct {
	Statement
	Result  string // "false", "unknown: …" for a list that could not be proved, or "error: …"
	Reasons []Reason
}

// Reason is a part of a condition that was not true.
type Reason struct {
	Line, Column int
	Source       string // the text of the expression
	Result       string // its value
	Values       string // the values of its operands, "a = 1, b = 'x'"; may be empty
}

// String formats the denial for developers, on several lines.
func (d *Denial) String() string {
	var out strings.Builder
	fmt.Fprintf(&out, "%s %s is denied", d.Method, d.Path)
	if d.Limit != "" {
		fmt.Fprintf(&out, ": %s", d.Limit)
	}
	for _, n := range d.Notes {
		fmt.Fprintf(&out, "\n  note: %s", n)
	}
	if len(d.Tried) == 0 && d.Limit == "" {
		out.WriteString(": no allow statement matches")
	}
	for _, t := range d.Tried {
		fmt.Fprintf(&out, "\n  line %d: %s\n    was %s", t.Line, t.Source, t.Result)
		for _, r := range t.Reasons {
			fmt.Fprintf(&out, "\n    line %d: %s was %s", r.Line, r.Source, r.Result)
			if r.Values != "" {
				fmt.Fprintf(&out, ", with %s", r.Values)
			}
		}
	}
	return out.String()
}

// Summary formats the denial on one line, in the style of Google's emulator: "false for 'get' @
// L5".
func (d *Denial) Summary() string {
	if d.Limit != "" {
		return fmt.Sprintf("%s for '%s'", d.Limit, d.Method)
	}
	var parts []string
	for _, t := range d.Tried {
		parts = append(parts, fmt.Sprintf("%s for '%s' @ L%d", strings.TrimPrefix(t.Result, "error: "), d.Method, t.Line))
	}
	if parts == nil {
		return fmt.Sprintf("no matching allow statements for '%s'", d.Method)
	}
	return strings.Join(parts, ", ")
}

// traceNode records the evaluation of an expression and of its operands.
type traceNode struct {
	e        *expr
	value    Value
	children []*traceNode
}

// evalObserved evaluates e and records the outcome for coverage or for an explanation.
func (r *evaluator) evalObserved(e *expr) Value {
	if r.denial == nil {
		v := e.eval(r, e)
		r.coverage.record(e, v)
		return v
	}
	outer := r.trace
	n := &traceNode{e: e}
	r.trace = n
	n.value = e.eval(r, e)
	r.trace = outer
	if outer != nil {
		outer.children = append(outer.children, n)
	}
	return n.value
}

// note adds a note to the explanation.
func (r *evaluator) note(text string) {
	if r.denial != nil {
		r.denial.Notes = append(r.denial.Notes, text)
	}
}

// explainAllow evaluates an allow statement and records why it did not grant the request.
// Statements that grant a disjunction of a query are not recorded.
func (r *evaluator) explainAllow(a *allow) bool {
	if a.cond == nil {
		return true
	}
	r.trace = &traceNode{}
	v := r.eval(a.cond)
	top := r.trace
	r.trace = nil
	if v.isTrue() && r.exceeded == nil {
		return true
	}
	if r.exceeded != nil {
		r.denial.Limit = r.exceeded.String()
	}
	if len(r.denial.Tried) == maxTried {
		return false
	}
	t := TriedStatement{Statement: r.ruleset.statements[a.id], Result: resultOf(v)}
	for _, n := range top.children {
		r.reasons(&t, n)
	}
	r.denial.Tried = append(r.denial.Tried, t)
	return false
}

func resultOf(v Value) string {
	switch {
	case v.kind == kindUnknown:
		return "unknown: the query does not guarantee it for every document"
	case v.kind == KindBool || v.kind == kindError:
		return v.String()
	}
	return v.String() + ", which is not a boolean"
}

// reasons adds the smallest subexpressions that kept an evaluation from being true.
func (r *evaluator) reasons(t *TriedStatement, n *traceNode) {
	if len(t.Reasons) == maxReasons || n.value.isTrue() {
		return
	}
	switch {
	case n.e.op == opAnd || n.e.op == opOr:
		for _, k := range n.children {
			r.reasons(t, k)
		}
		return
	case n.e.fn != nil && len(n.children) > 0:
		r.reasons(t, n.children[len(n.children)-1]) // the body of the function
		return
	case n.e.op == opTernary && len(n.children) == 2:
		if n.children[0].value.kind != KindBool {
			r.reasons(t, n.children[0])
		} else {
			r.reasons(t, n.children[1])
		}
		return
	}
	at := n
	if n.value.kind == kindError {
		at = origin(n)
	}
	line, column := r.ruleset.src.position(at.e.pos)
	reason := Reason{Line: line, Column: column, Source: r.ruleset.src.excerpt(at.e.pos, at.e.end, 120), Result: at.value.String()}
	var values []string
	for _, k := range at.children {
		if k.e.op != opConst && k.e.op != opList && k.value.kind != kindError && len(values) < 4 {
			values = append(values, r.ruleset.src.excerpt(k.e.pos, k.e.end, 60)+" = "+k.value.String())
		}
	}
	reason.Values = strings.Join(values, ", ")
	t.Reasons = append(t.Reasons, reason)
}

// origin returns the node where an error first occurred.
func origin(n *traceNode) *traceNode {
	for _, k := range n.children {
		if k.value.kind == kindError && k.value.ref == n.value.ref {
			return origin(k)
		}
	}
	return n
}
