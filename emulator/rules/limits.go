package rules

// The limits of the language, from https://firebase.google.com/docs/firestore/quotas#security_rules and
// https://firebase.google.com/docs/storage/security/rules-conditions.
const (
	// MaxSourceBytes is how long a rules file may be.
	MaxSourceBytes = 256 << 10
	// MaxExpressions is how many expressions one request may evaluate. Every node of an expression counts each time
	// it is evaluated, literals too: how Google counts them is not documented, so this is the strictest reading.
	MaxExpressions = 1000
	// MaxAccessCalls is how many documents the rules may ask for in a request for one document or a query.
	MaxAccessCalls = 10
	// MaxAccessCallsBatch is how many they may ask for in a batch or transaction, each write no more than
	// MaxAccessCalls.
	MaxAccessCallsBatch = 20
	// MaxAccessCallsStorage is how many documents the rules of Cloud Storage may ask Firestore for.
	MaxAccessCallsStorage = 2
	// MaxCallDepth is how deep functions may call functions.
	MaxCallDepth = 20
	// MaxArguments is how many parameters a function may have.
	MaxArguments = 7
	// MaxLets is how many variables a function may declare.
	MaxLets = 10
	// MaxMatchDepth is how deep match blocks may nest.
	MaxMatchDepth = 10
	// MaxPathSegments is how many segments the paths of nested match blocks may have together.
	MaxPathSegments = 100
	// MaxCaptures is how many wildcards they may have together.
	MaxCaptures = 20

	// maxNesting is how deep an expression's parentheses may nest. It keeps the parser off the end of its stack;
	// nobody writes such an expression.
	maxNesting = 250

	// maxText bounds, in bytes, the strings that rules make, and maxWeight the values in the lists and maps that they
	// make: ten lines of rules could fill the memory by doubling. Documents are far below both.
	maxTextBytes = 16 << 20
	maxValues    = 1 << 16
)

// weightOf is how many values there are in a value, as far as rules have made it.
func countValues(v Value) int64 {
	switch v.kind {
	case KindList, KindSet:
		return max(v.num, 1+int64(v.elements().Len()))
	case KindMap:
		return max(v.num, 1)
	}
	return 1
}

// weighed is a list or map with its weight, which is kept in num, or an error if it weighs too much.
func limitValues(e *expr, v Value, weight int64) Value {
	if weight > maxValues {
		return fail(e, "The value would have more than 65536 parts.")
	}
	v.num = weight
	return v
}
