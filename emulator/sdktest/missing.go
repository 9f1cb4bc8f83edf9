package sdktest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"testing"
)

// Require is the environment variable that, when it is not empty, makes tests fail that would be left out because something is
// missing: CI sets it.
const Require = "REQUIRE_SDKS"

// MissingError says what a test needs that is not installed.
type MissingError struct {
	// What is missing, such as "npm".
	What string
	// Hint says how to get it, or why it could not be had.
	Hint string
}

func (e *MissingError) Error() string { return fmt.Sprintf("%s: not installed (%s)", e.What, e.Hint) }

const (
	nodeHint     = "on Debian: apt-get install nodejs npm; elsewhere: https://nodejs.org, version 18 or later"
	chromiumHint = "on Debian: apt-get install chromium; elsewhere Chrome does as well"
)

// missingNode is an error when Node or npm is not there.
func missingNode() error {
	for _, program := range []string{"node", "npm"} {
		if _, err := exec.LookPath(program); err != nil {
			return &MissingError{What: program, Hint: nodeHint}
		}
	}
	return nil
}

// Missing is an error, a *[MissingError], that names the first thing that tests in a browser need and that is not there.
func Missing(ctx context.Context) error {
	if _, err := chromium(); err != nil {
		return err
	}
	_, err := InstallSDKs(ctx)
	return err
}

// leaveOut ends a test for which something is missing: it is skipped, or fails where it was required. Any other error fails.
func leaveOut(t testing.TB, err error) {
	t.Helper()
	var missing *MissingError
	if !errors.As(err, &missing) {
		t.Fatal(err)
	}
	if os.Getenv(Require) != "" {
		t.Fatalf("%v, and %s is set", err, Require)
	}
	t.Skipf("LEFT OUT: not tested with Node or in a browser here. %v", err)
}

// Main is the TestMain of a package whose tests all need a browser: what would be left out is seen in the output of plain
// go test, which shows nothing of what passing tests say, as "[no tests to run]" beside the package. The flags are parsed.
func Main(m *testing.M) int {
	if testing.Short() {
		return m.Run()
	}
	var missing *MissingError
	if err := Missing(context.Background()); errors.As(err, &missing) && os.Getenv(Require) == "" {
		fmt.Printf("LEFT OUT: all tests of this package. %v\n", err)
		fmt.Println("testing: warning: no tests to run") // go test looks for this line
		return 0
	}
	return m.Run()
}
