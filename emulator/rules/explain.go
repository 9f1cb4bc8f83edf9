package rules

import (
	"fmt"
	"strings"
)

// How much a Refusal holds.
const (
	maxTried   = 20
	maxReasons = 12
)

// Refusal says why a request was refused.
type Denial struct {
	Method Method
	Path   string
	// Tried are the allow statements that the request came to, at most 20. None means that no match has a statement for
	// the method and path, which the rules then refuse without a condition.
	Tried []TriedStatement
	// Limit is the limit that was broken, or "".
	Limit string
	// Notes are what else is to be known, such as which disjunction of a query could not be proved.
	Notes []string
}

// Tried is an allow statement that did not grant a request.
type TriedStatement struct {
	Statement
	Result  string // "false", "unknown" for a list that could not be proved, or "error: …"
	Reasons []Reason
}

// Reason is a part of a condition that was not true.
type Reason struct {
	Line, Column int
	Source       string // the expression's text
	Result       string // what it came to
	Values       string // what its parts came to, "a = 1, b = 'x'"; "" when there is nothing to say
}

// String is the refusal over several lines, as a developer reads it.
func (f *Denial) String() string {
	var out strings.Builder
	fmt.Fprintf(&out, "%s %s is refused", f.Method, f.Path)
	if f.Limit != "" {
		fmt.Fprintf(&out, ": %s", f.Limit)
	}
	for _, n := range f.Notes {
		fmt.Fprintf(&out, "\n  note: %s", n)
	}
	if len(f.Tried) == 0 && f.Limit == "" {
		out.WriteString(": no allow statement is for it")
	}
	for _, t := range f.Tried {
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

// Summary is the refusal in one line, in the manner of Google's emulator: "false for 'get' @ L5".
func (f *Denial) Summary() string {
	if f.Limit != "" {
		return fmt.Sprintf("%s for '%s'", f.Limit, f.Method)
	}
	var parts []string
	for _, t := range f.Tried {
		parts = append(parts, fmt.Sprintf("%s for '%s' @ L%d", strings.TrimPrefix(t.Result, "error: "), f.Method, t.Line))
	}
	if parts == nil {
		return fmt.Sprintf("no matching allow statements for '%s'", f.Method)
	}
	return strings.Join(parts, ", ")
}

// span is an expression's evaluation with those of its parts.
type traceNode struct {
	e        *expr
	value    Value
	children []*traceNode
}

// evalWatched evaluates for coverage or for a trace.
func (r *evaluator) evalObserved(e *expr) Value {
	if r.denial == nil {
		v := e.eval(r, e)
		r.coverage.record(e, v)
		return v
	}
	outer := r.trace
	s := &traceNode{e: e}
	r.trace = s
	s.value = e.eval(r, e)
	r.trace = outer
	if outer != nil {
		outer.children = append(outer.children, s)
	}
	return s.value
}

// note adds to the explanation.
func (r *evaluator) note(text string) {
	if r.denial != nil {
		r.denial.Notes = append(r.denial.Notes, text)
	}
}

// tried evaluates an allow statement and writes down why it did not grant. Those that grant a disjunction of a query are
// not written down.
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
	for _, s := range top.children {
		r.reasons(&t, s)
	}
	r.denial.Tried = append(r.denial.Tried, t)
	return false
}

func resultOf(v Value) string {
	switch {
	case v.kind == kindUnknown:
		return "unknown: the query does not say it of every document"
	case v.kind == KindBool || v.kind == kindError:
		return v.String()
	}
	return v.String() + ", which is not true or false"
}

// reasons adds the smallest parts of an evaluation that kept it from being true.
func (r *evaluator) reasons(t *TriedStatement, s *traceNode) {
	if len(t.Reasons) == maxReasons || s.value.isTrue() {
		return
	}
	switch {
	case s.e.op == opAnd || s.e.op == opOr:
		for _, k := range s.children {
			r.reasons(t, k)
		}
		return
	case s.e.fn != nil && len(s.children) > 0:
		r.reasons(t, s.children[len(s.children)-1]) // the function's body
		return
	case s.e.op == opTernary && len(s.children) == 2:
		if s.children[0].value.kind != KindBool {
			r.reasons(t, s.children[0])
		} else {
			r.reasons(t, s.children[1])
		}
		return
	}
	at := s
	if s.value.kind == kindError {
		at = origin(s)
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

// origin is where an error first came up.
func origin(s *traceNode) *traceNode {
	for _, k := range s.children {
		if k.value.kind == kindError && k.value.ref == s.value.ref {
			return origin(k)
		}
	}
	return s
}
