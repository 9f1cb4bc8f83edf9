package rules

import "sync/atomic"

// Outcome is what an expression came to.
type Outcome uint8

// The outcomes. Other is any value that is neither true nor false, Unknown one that a query leaves open.
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

// String is the outcome as reports name it.
func (o Outcome) String() string {
	if o < numOutcomes {
		return outcomeNames[o]
	}
	return "invalid"
}

// Coverage counts how often the expressions of a ruleset were evaluated, and to what. Give it to every Request. It may
// be used by any number of goroutines.
type Coverage struct {
	ruleset *Ruleset
	counts  [][numOutcomes]atomic.Uint64 // by expression
}

// NewCoverage starts to count for this ruleset.
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

func (c *Coverage) record(e *expr, v Value) {
	if e.id < len(c.counts) {
		c.counts[e.id][outcomeOf(v)].Add(1)
	}
}

// Spot is what was counted of one expression of the rules' conditions and functions.
type ExpressionCoverage struct {
	Line, Column int
	Source       string
	Counts       map[Outcome]uint64
	Condition    bool // it is the whole condition of an allow statement
}

// Full reports whether it was both true and not.
func (s ExpressionCoverage) Full() bool {
	return s.Counts[True] > 0 && s.Counts[False]+s.Counts[Failed] > 0
}

// Spots are the expressions that can be true or false, in the order of the text: conditions and what they are made of.
// One that was never true or never false is not tested through.
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

func (c *Coverage) appendExpressions(list *[]ExpressionCoverage, e *expr, condition bool) {
	if kindsOf(e) == setOf(KindBool) || condition {
		line, column := c.ruleset.src.position(e.pos)
		s := ExpressionCoverage{Line: line, Column: column, Source: c.ruleset.src.excerpt(e.pos, e.end, 100), Condition: condition, Counts: map[Outcome]uint64{}}
		for o := range numOutcomes {
			if n := c.counts[e.id][o].Load(); n > 0 {
				s.Counts[o] = n
			}
		}
		*list = append(*list, s)
	}
	if e.op == opAnd || e.op == opOr || e.op == opNot || e.op == opTernary {
		for _, k := range e.children {
			c.appendExpressions(list, k, false)
		}
	}
}

// functions are those that the conditions call, directly or not.
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
