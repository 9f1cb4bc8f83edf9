// Package longtest leaves out of a plain go test ./... what takes minutes. The gate, .ci/run, and CI set
// LONG_TESTS=1 and run everything; docs/tests.md lists what that adds.
package longtest

import (
	"os"
	"testing"
)

// Enabled reports whether tests should take the time that they need.
func Enabled() bool { return os.Getenv("LONG_TESTS") != "" }

// Only skips a test unless long tests are enabled. what says what it does that takes long.
func Only(t testing.TB, what string) {
	t.Helper()
	if !Enabled() {
		t.Skipf("skipped: %s; set LONG_TESTS=1, as .ci/run does", what)
	}
}
