// Package rules is the language of Firebase Security Rules: it reads a rules file, says what is wrong with it, and
// judges requests by it, for Cloud Firestore and for Cloud Storage, in versions 1 and 2 of the language.
//
// # Reading the package
//
// [Compile] turns text into a [Ruleset] (lexer.go, parse.go, parseexpr.go, check.go). [Ruleset.Judge] finds the match
// blocks of a request's path and evaluates their conditions (judge.go, eval.go, ops.go and the files named for the
// types of the language). What a rule reads of documents goes through an [Access], which caches and counts
// (access.go). A list is judged by its query: the document is symbolic, known only as far as the query's filters say
// (query.go, facts.go, symbolic.go). [Coverage] counts what conditions evaluated to, [Mutants] makes the changed rule
// files that a good test suite must notice.
//
// # Why an evaluator of its own
//
// The language looks like the Common Expression Language and could be evaluated by its Go library, with a custom
// environment for paths, sets, map differences and `is`. Four things spoke against it:
//
//   - A list must be proved for every document that the query could return. That needs values that are only partly
//     known to flow through every operator and method, and unknown to stay distinct from error.
//   - Refusals must say which sub-expressions failed and what values they saw, mutation testing and coverage need the
//     source positions of all of them, and limits count expressions.
//   - Rules are judged on every request. The goal of 300,000 judgements a second leaves three microseconds for one with
//     a hundred expressions, so variables are slots and fields are converted when they are first looked at.
//   - The emulator is a library that people link into tests. The language is small; a parser generator's run time, a
//     type checker and a protobuf tree for it are not.
//
// # Errors
//
// An error is a value that flows: `true || error` and `error || true` are true, `false && error` and `error && false`
// are false, everything else that touches an error is an error. A condition that ends in an error grants nothing, and
// says nothing about the other conditions: any allow that is true grants the request. Breaking a limit is different:
// it refuses the request whatever else is true.
//
// Where the documentation and the observed behaviour of production differ, this package does what production does:
// get() of a document that does not exist is an error, not null
// (https://github.com/firebase/firebase-js-sdk/issues/3908).
//
// The reference of the language is https://firebase.google.com/docs/reference/rules/rules.
package rules
