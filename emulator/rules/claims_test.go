package rules_test

import (
	"testing"

	"heek.kr/heektime/emulator/rules"
)

// TestClaims converts what encoding/json decodes from a token.
func TestClaims(t *testing.T) {
	set := compile(t, rulesWith(`allow get: if request.auth.token == {'n': 3, 'f': 0.5, 'l': ['a', 1], 'm': {'k': true}, 'z': null};`))
	d := set.Evaluate(t.Context(), &rules.Request{Service: rules.Firestore, Method: rules.Get, Path: root + "/things/x", Explain: true, Auth: &rules.Auth{UID: "a",
		Token: rules.Claims{"n": 3.0, "f": 0.5, "l": []any{"a", 1.0}, "m": map[string]any{"k": true}, "z": nil}}})
	if !d.Allowed {
		t.Error(d.Denial)
	}
}
