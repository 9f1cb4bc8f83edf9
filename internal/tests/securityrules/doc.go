// Package securityrules tests firestore.rules and storage.rules. It has only tests.
//
// The tables read like the contract with the clients. allowed_test.go has every client operation in
// exactly its shape. attacks_test.go has what the rules must deny, written by hand;
// generated_test.go makes the systematic part from the allowed shapes and the schema: each field
// missing, of each wrong type, outside its bounds, each other user. Every attack names the allowed
// operation from which it differs in one thing, and the tests show that one to be allowed. So that
// one thing is what the rules deny.
//
// Each operation runs twice: by Google's client against the Firestore emulator (client_test.go),
// and by the rules library alone on the same documents (replay_test.go). The second is fast enough
// to repeat everything with every mutant of the rules (mutants_test.go), which finds conditions
// that no test needs.
package securityrules
