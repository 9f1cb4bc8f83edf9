package rules

import "regexp"

// file is the syntax tree of a rules file.
type file struct {
	src        *source
	version    int
	versionPos int // offset of the rules_version statement, -1 if absent
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
	pos, end  int // of the whole block
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

// segment is one segment of a match path. slot is where the value of a wildcard is kept.
type segment struct {
	kind     segmentKind
	text     string
	pos, end int
	slot     int
}

// allow is an allow statement. A nil cond grants unconditionally.
type allow struct {
	pos, end int
	methods  []ident
	mask     methodSet
	cond     *expr
	id       int
}

// ident is an identifier and its position.
type ident struct {
	text     string
	pos, end int
}

// function is a function declaration. Its slots hold the parameters, then the variables.
type function struct {
	pos, end int
	name     ident
	params   []ident
	lets     []*let
	body     *expr
	calls    []*expr // calls of other functions in its body
	used     bool
	depth    int // of the deepest call chain from here; 0 is not computed yet, -1 in progress
}

// let is a variable declaration in a function.
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
	opCall   // name(args) or namespace.name(args)
	opMethod // value.name(args): the first child is the receiver
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
	opMap // children alternate between keys and values
	opPath
)

// symbols maps the binary operators to their spelling.
var symbols = map[op]string{opEqual: "==", opNotEqual: "!=", opLess: "<", opLessEqual: "<=", opGreater: ">",
	opGreaterEqual: ">=", opAdd: "+", opSubtract: "-", opMultiply: "*", opDivide: "/", opModulo: "%", opAnd: "&&",
	opOr: "||", opIn: "in", opIs: "is"}

// expr is an expression node. The parser sets the first group of fields, the checker the second;
// afterwards the node is immutable.
type expr struct {
	op       op
	pos, end int    // source range
	opPos    int    // position of the operator or name
	name     string // name of the variable, member, function or method, or the type after `is`
	children []*expr
	value    Value    // of opConst
	parts    []string // of opPath: literal text, where part i is followed by child i if there is one

	eval    func(*evaluator, *expr) Value
	id      int // number of the expression in the file
	slot    int
	kind    kindSet // of opIs
	fn      *function
	method  *method
	builtin *builtin
	pattern *regexp.Regexp // of a method call with a constant pattern
}
