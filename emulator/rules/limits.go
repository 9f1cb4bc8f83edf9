package rules

// The limits of the language, from https://firebase.google.com/docs/firestore/quotas#security_rules
// and https://firebase.google.com/docs/storage/security/rules-conditions.
const (
	// MaxSourceBytes is the largest size of a rules file.
	MaxSourceBytes = 256 << 10
	// MaxExpressions is how many expressions one request may evaluate. Every node counts each time
	// it is evaluated, literals included. Google does not document how it counts; this is the
	// strictest interpretation.
	MaxExpressions = 1000
	// MaxAccessCalls is how many documents the rules may read for a single-document request or a
	// query.
	MaxAccessCalls = 10
	// MaxAccessCallsBatch is how many documents the rules may read for a batch or transaction; each
	// of its writes is still limited to MaxAccessCalls.
	MaxAccessCallsBatch = 20
	// MaxAccessCallsStorage is how many Firestore documents the rules of Cloud Storage may read.
	MaxAccessCallsStorage = 2
	// MaxCallDepth is how deeply function calls may nest.
	MaxCallDepth = 20
	// MaxArguments is how many parameters a function may have.
	MaxArguments = 7
	// MaxLets is how many variables a function may declare.
	MaxLets = 10
	// MaxMatchDepth is how deeply match blocks may nest.
	MaxMatchDepth = 10
	// MaxPathSegments is how many path segments nested match blocks may have in total.
	MaxPathSegments = 100
	// MaxCaptures is how many wildcards they may have in total.
	MaxCaptures = 20

	// maxNesting is how deeply parentheses may nest in an expression. It protects the parser from
	// stack overflow; real rules stay far below it.
	maxNesting = 250

	// maxTextBytes limits the strings that rules create, and maxValues the number of values in the
	// lists and maps they create: without a limit, ten lines of rules could exhaust memory by
	// repeated doubling. Both are far above what a document can hold.
	maxTextBytes = 16 << 20
	maxValues    = 1 << 16
)

// countValues returns the number of values in v, as far as rules created it.
func countValues(v Value) int64 {
	switch v.kind {
	case KindList, KindSet:
		return max(v.num, 1+int64(v.elements().Len()))
	case KindMap:
		return max(v.num, 1)
	}
	return 1
}

// limitValues returns a list or map that holds n values, recording n in num, or an error if n is
// over the limit.
func limitValues(e *expr, v Value, n int64) Value {
	if n > maxValues {
		return fail(e, "The value would have more than 65536 parts.")
	}
	v.num = n
	return v
}
