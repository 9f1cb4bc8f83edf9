package sdktest

import (
	"context"
	"embed"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Versions are the folders of the SDKs for apps: firebase 12 and 9.6.
var Versions = []string{"v12", "v9"}

//go:embed npm
var npm embed.FS

// InstallSDKs installs the SDKs, unless they are there already, and returns the folder that has one folder for each of
// [Versions] and "admin" for firebase-admin.
func InstallSDKs(ctx context.Context) (string, error) {
	files, err := fs.Sub(npm, "npm")
	if err != nil {
		return "", err
	}
	return Install(ctx, files)
}

// SDKs is the folder of the installed SDKs, see [InstallSDKs]. Without npm, or with -short, the test is left out.
func SDKs(t testing.TB) string {
	t.Helper()
	files, err := fs.Sub(npm, "npm")
	if err != nil {
		t.Fatal(err)
	}
	return Packages(t, files)
}

// RunNode runs a script of tests for Node's test runner. The script finds the SDK by
//
//	const require = createRequire(process.env.SDK + '/')
//
// which is the given folder of [SDKs]. env is added to the environment, as "NAME=value".
func RunNode(t testing.TB, sdk, script string, env ...string) {
	t.Helper()
	folder := filepath.Join(SDKs(t), sdk)
	if _, err := os.ReadFile(script); err != nil { // go test runs again when a file that the test has opened changed
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "node", "--test-reporter=spec", script)
	cmd.Env = append(append(os.Environ(), "SDK="+folder), env...)
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Errorf("node %s: %v", script, err)
	}
}
