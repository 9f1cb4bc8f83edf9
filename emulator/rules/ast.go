package rules

import "regexp"

// file is a parsed rules file.
type file struct {
	src        *source
	version    int
	versionPos int // offset of the rules_version statement, −1 when there is none
	services   []*service
	functions  []*function
}

// service is a service block.
type service struct {
	pos       int
	name      string
	functions []*function
	matches   []*match
}

// match is a match block.
type match struct {
	pos, end  int // of the block; end is after its brace
	segments  []segment
	allows    []*allow
	functions []*function
	matches   []*match
}

type segmentKind uint8

const (
	segmentLiteral segmentKind = iota
	segmentOne                 // {name}
	segmentRest                // {name=**}
)

// segment is one part of a match's path. slot is where a wildcard's value is kept.
type segment struct {
	kind     segmentKind
	text     string
	pos, end int
	slot     int
}

// allow is an allow statement. cond is nil when it has no condition, which grants.
type allow struct {
	pos, end int
	methods  []ident
	mask     methodSet
	cond     *expr
	id       int
}

// word is a name in the text.
type ident struct {
	text     string
	pos, end int
}

// function is a function of the rules. Its values are slots: parameters first, then variables.
type function struct {
	pos, end int
	name     ident
	params   []ident
	lets     []*let
	body     *expr
	calls    []*expr // the calls of other functions in it
	used     bool
	depth    int // of the deepest chain of calls that starts here; 0 is not known yet, −1 is being found out
}

// let is a variable of a function.
type let struct {
	name ident
	init *expr
	used bool
}

type op uint8

const (
	opConst op = iota
	opName
	opMember
	opIndex
	opRange
	opCall   // name(args) of a function, or namespace.name(args)
	opMethod // value.name(args): the first kid is the value
	opNot
	opNegate
	opAnd
	opOr
	opTernary
	opEqual
	opNotEqual
	opLess
	opLessEqual
	opGreater
	opGreaterEqual
	opAdd
	opSubtract
	opMultiply
	opDivide
	opModulo
	opIn
	opIs
	opList
	opMap // kids are keys and values in turn
	opPath
)

// symbols are the binary operators as the source spells them.
var symbols = map[op]string{opEqual: "==", opNotEqual: "!=", opLess: "<", opLessEqual: "<=", opGreater: ">",
	opGreaterEqual: ">=", opAdd: "+", opSubtract: "-", opMultiply: "*", opDivide: "/", opModulo: "%", opAnd: "&&",
	opOr: "||", opIn: "in", opIs: "is"}

// expr is a node of an expression. The parser fills in the first group, the checker the second; after that it does not
// change.
type expr struct {
	op       op
	pos, end int    // the text it stands for
	opPos    int    // where its operator or name stands
	name     string // of a variable, member, function, method, or type after `is`
	children []*expr
	value    Value    // of a constant
	parts    []string // of a path: literal text; a part at index i is followed by the kid i, if there is one

	eval    func(*evaluator, *expr) Value
	id      int // counts the expressions of the file
	slot    int
	kind    kindSet // of `is`
	fn      *function
	method  *method
	builtin *builtin
	pattern *regexp.Regexp // of a method with a constant pattern
}
