// Package securityrules proves firestore.rules and storage.rules. It has tests only.
//
// The tables read like the contract with the clients. allowed_test.go has every operation that clients have, in exactly
// their shapes. attacks_test.go has what must be refused, written by hand; generated_test.go makes the systematic part
// of it from the allowed shapes: each field missing, of each wrong type, out of its bounds, each other person. Every
// attack names the allowed operation that it differs from in one thing, and that one is shown to be allowed: so it is
// the one thing that is refused.
//
// Each operation is done twice: by Google's client against the embedded Firestore (client_test.go), and by the rules
// library alone on the same documents (replay_test.go). The second is fast enough to do everything again with every
// mutant of the rules (mutants_test.go): a condition that could be dropped without a test failing is found there.
package securityrules
