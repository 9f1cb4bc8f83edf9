// Package rules implements the Firebase Security Rules language: it compiles a rules file, reports
// what is wrong with it, and evaluates requests against it, for Cloud Firestore and Cloud Storage,
// in versions 1 and 2 of the language. It imports only the standard library.
//
// # Reading the package
//
// [Compile] turns source text into a [Ruleset] (lexer.go, parse.go, parse_expr.go, check.go,
// resolve.go). [Ruleset.Evaluate] finds the match blocks for a request's path (match.go) and
// evaluates their conditions (evaluate.go, eval.go, and the files named for the types and operators
// of the language). Rules read other documents through an [Access], which caches and counts those
// access calls (access.go). A list request is evaluated against its query: the document is
// symbolic, known only as far as the query's filters constrain it (query.go, constraint.go,
// symbolic.go). [Coverage] counts the outcomes of conditions, and [Mutants] generates the altered
// rulesets that a good test suite must detect.
//
// # Why not cel-go
//
// The language resembles the Common Expression Language. CEL's Go library could evaluate it, given
// a custom environment for paths, sets, map diffs and `is`. This package has its own evaluator for
// four reasons:
//
//   - A list request must be proved for every document the query could return. Partly known values
//     have to flow through every operator and method, and unknown must stay distinct from error.
//   - A denial must report which subexpressions failed and the values they saw, coverage and
//     mutation testing need the source position of every expression, and the limits count
//     expressions.
//   - Rules run on every request. The goal of 300,000 evaluations per second leaves about three
//     microseconds for a hundred expressions, so variables are slots and fields are converted
//     lazily.
//   - The emulator is a library that people link into tests. The language is small; a generated
//     parser's runtime, a type checker and a protobuf syntax tree are not.
//
// # Errors
//
// An error is a value: `true || error` and `error || true` are true, `false && error` and
// `error && false` are false, and every other operation on an error is an error. A condition that
// evaluates to an error grants nothing but does not affect other conditions: any allow statement
// whose condition is true grants the request. Exceeding a limit is different: it denies the request
// whatever the other conditions say.
//
// Where the documentation and the observed behavior of production differ, this package follows
// production: get() of a missing document is an error, not null
// (https://github.com/firebase/firebase-js-sdk/issues/3908).
//
// The language reference is https://firebase.google.com/docs/reference/rules/rules.
package rules
