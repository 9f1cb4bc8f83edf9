package sdktest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"testing"
)

// Require is an environment variable. When it is not empty, tests fail instead of being skipped because
// something is missing. CI sets it.
const Require = "REQUIRE_SDKS"

// MissingError names a program that a test needs and that is not installed.
type MissingError struct {
	// What is the program, such as "npm".
	What string
	// Hint says how to install it, or why that failed.
	Hint string
}

func (e *MissingError) Error() string { return fmt.Sprintf("%s: not installed (%s)", e.What, e.Hint) }

const (
	nodeHint     = "on Debian: apt-get install nodejs npm; elsewhere: https://nodejs.org, version 18 or later"
	chromiumHint = "on Debian: apt-get install chromium; elsewhere: Chrome works as well"
)

// missingNode returns an error when Node or npm is missing.
func missingNode() error {
	for _, program := range []string{"node", "npm"} {
		if _, err := exec.LookPath(program); err != nil {
			return &MissingError{What: program, Hint: nodeHint}
		}
	}
	return nil
}

// Missing returns a *[MissingError] for the first program that browser tests need and that is missing.
func Missing(ctx context.Context) error {
	if _, err := chromium(); err != nil {
		return err
	}
	_, err := InstallSDKs(ctx)
	return err
}

// skip ends a test: when something is missing, it is skipped, unless [Require] is set. Any other error
// fails it.
func skip(t testing.TB, err error) {
	t.Helper()
	var missing *MissingError
	if !errors.As(err, &missing) {
		t.Fatal(err)
	}
	if os.Getenv(Require) != "" {
		t.Fatalf("%v, and %s is set", err, Require)
	}
	t.Skipf("SKIPPED: not tested with Node or in a browser here. %v", err)
}

// Main is the TestMain of a package whose tests all need a browser. When they cannot run, plain go test,
// which hides the output of skipped tests, shows "[no tests to run]" next to the package. The flags must
// be parsed.
func Main(m *testing.M) int {
	if testing.Short() {
		return m.Run()
	}
	var missing *MissingError
	if err := Missing(context.Background()); errors.As(err, &missing) && os.Getenv(Require) == "" {
		fmt.Printf("SKIPPED: all tests of this package. %v\n", err)
		fmt.Println("testing: warning: no tests to run") // go test looks for this line
		return 0
	}
	return m.Run()
}
