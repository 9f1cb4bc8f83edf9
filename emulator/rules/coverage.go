package rules

import "sync/atomic"

// Outcome is what an expression evaluated to.
type Outcome uint8

// The outcomes. Other is a value other than true, false and null; Unknown is a value that a query
// does not determine.
const (
	True Outcome = iota
	False
	Failed
	Null
	Other
	Unknown
	numOutcomes
)

var outcomeNames = [numOutcomes]string{"true", "false", "error", "null", "value", "unknown"}

// String returns the outcome's name in reports.
func (o Outcome) String() string {
	if o < numOutcomes {
		return outcomeNames[o]
	}
	return "invalid"
}

// Coverage counts how often each expression of a ruleset evaluated to each outcome. Set it as
// Request.Coverage. It is safe for concurrent use.
type Coverage struct {
	ruleset *Ruleset
	counts  [][numOutcomes]atomic.Uint64 // by expression ID
}

// NewCoverage returns an empty Coverage for this ruleset.
func (s *Ruleset) NewCoverage() *Coverage {
	return &Coverage{ruleset: s, counts: make([][numOutcomes]atomic.Uint64, s.numExprs)}
}

func outcomeOf(v Value) Outcome {
	switch v.kind {
	case KindBool:
		if v.num != 0 {
			return True
		}
		return False
	case kindError:
		return Failed
	case KindNull:
		return Null
	case kindUnknown:
		return Unknown
	}
	return Other
}

// record counts an evaluation of e.
func (c *Coverage) record(e *expr, v Value) {
	if e.id < len(c.counts) {
		c.counts[e.id][outcomeOf(v)].Add(1)
	}
}

// ExpressionCoverage is the coverage of one expression.
type ExpressionCoverage struct {
	Line, Column int
	Source       string
	Counts       map[Outcome]uint64
	Condition    bool // whether it is the whole condition of an allow statement
}

// Full reports whether the expression evaluated both to true and to false or an error.
func (e ExpressionCoverage) Full() bool {
	return e.Counts[True] > 0 && e.Counts[False]+e.Counts[Failed] > 0
}

// Expressions returns the coverage of every boolean expression, in source order: conditions of
// allow statements with their operands, then functions. An expression that was never true or never
// false is not fully tested.
func (c *Coverage) Expressions() []ExpressionCoverage {
	var list []ExpressionCoverage
	for _, a := range c.ruleset.allows {
		if a.cond != nil {
			c.appendExpressions(&list, a.cond, true)
		}
	}
	for _, f := range c.functions() {
		for _, l := range f.lets {
			c.appendExpressions(&list, l.init, false)
		}
		c.appendExpressions(&list, f.body, false)
	}
	return list
}

// appendExpressions appends the coverage of e and its boolean operands.
func (c *Coverage) appendExpressions(list *[]ExpressionCoverage, e *expr, condition bool) {
	if kindsOf(e) == setOf(KindBool) || condition {
		line, column := c.ruleset.src.position(e.pos)
		counted := ExpressionCoverage{Line: line, Column: column, Condition: condition,
			Source: c.ruleset.src.excerpt(e.pos, e.end, 100), Counts: map[Outcome]uint64{}}
		for o := range numOutcomes {
			if n := c.counts[e.id][o].Load(); n > 0 {
				counted.Counts[o] = n
			}
		}
		*list = append(*list, counted)
	}
	if e.op == opAnd || e.op == opOr || e.op == opNot || e.op == opTernary {
		for _, k := range e.children {
			c.appendExpressions(list, k, false)
		}
	}
}

// functions returns the functions that conditions call, directly or indirectly.
func (c *Coverage) functions() []*function {
	var list []*function
	seen := map[*function]bool{}
	for _, e := range c.ruleset.exprs {
		if e.fn != nil && !seen[e.fn] {
			seen[e.fn] = true
			list = append(list, e.fn)
		}
	}
	return list
}
