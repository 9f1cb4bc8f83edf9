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

// Versions are the folders of the web SDKs: firebase 12 and 9.6.
var Versions = []string{"v12", "v9"}

//go:embed npm
var npm embed.FS

// InstallSDKs installs the SDKs unless they are installed, and returns their folder. It contains a folder
// for each of [Versions], and "admin" for firebase-admin.
func InstallSDKs(ctx context.Context) (string, error) {
	files, err := fs.Sub(npm, "npm")
	if err != nil {
		return "", err
	}
	return Install(ctx, files)
}

// SDKs returns the folder of the installed SDKs: see [InstallSDKs]. Without npm, or with -short, the test
// is skipped.
func SDKs(t testing.TB) string {
	t.Helper()
	files, err := fs.Sub(npm, "npm")
	if err != nil {
		t.Fatal(err)
	}
	return Packages(t, files)
}

// RunNode runs a test script with Node's test runner. The script loads the SDK with
//
//	const require = createRequire(process.env.SDK + '/')
//
// where SDK is the folder sdk in [SDKs]. env is added to the environment, as "NAME=value".
func RunNode(t testing.TB, sdk, script string, env ...string) {
	t.Helper()
	folder := filepath.Join(SDKs(t), sdk)
	if _, err := os.ReadFile(script); err != nil { // so that go test's cache notices changes of the file
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
