package auth_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// jsFiles decide what is installed.
var jsFiles = []string{"package.json", "package-lock.json", "v9/package.json", "v12/package.json"}

// TestJavaScript runs Firebase's JavaScript SDK, an old version and a new one, in Node.
func TestJavaScript(t *testing.T) {
	if testing.Short() {
		t.Skip("left out: -short")
	}
	for _, tool := range []string{"node", "npm"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("left out: the JavaScript SDK was NOT tested, because %s is not installed", tool)
		}
	}
	sdks := installJS(t)
	script, err := filepath.Abs("jstest/auth.test.mjs")
	if err != nil {
		t.Fatal(err)
	}
	for _, version := range []string{"v9", "v12"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			cmd := exec.CommandContext(t.Context(), "node", "--test-reporter=spec", script)
			cmd.Env = append(os.Environ(), "AUTH_URL="+s.url, "AUTH_PROJECT="+project, "SDK="+filepath.Join(sdks, version))
			out, err := cmd.CombinedOutput()
			t.Logf("%s", out)
			if err != nil {
				t.Errorf("node: %v", err)
			}
		})
	}
}

// installJS installs the SDKs into a folder of the user's cache, once for each state of the lock file.
func installJS(t *testing.T) string {
	t.Helper()
	hash := sha256.New()
	contents := map[string][]byte{}
	for _, name := range jsFiles {
		text, err := os.ReadFile(filepath.Join("jstest", name))
		if err != nil {
			t.Fatal(err)
		}
		contents[name] = text
		hash.Write(text)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	cache = filepath.Join(cache, "heektime", "emulator-auth-js")
	final := filepath.Join(cache, hex.EncodeToString(hash.Sum(nil))[:16])
	if _, err := os.Stat(final); err == nil {
		return final
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		t.Fatal(err)
	}
	// Two tests at once install side by side; the first to finish wins.
	folder, err := os.MkdirTemp(cache, "installing-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(folder)
	for name, text := range contents {
		path := filepath.Join(folder, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, text, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	cmd.Dir = folder
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("left out: the JavaScript SDK was NOT tested, because npm could not install it: %v\n%s", err, out)
	}
	if err := os.Rename(folder, final); err != nil && !errors.Is(err, fs.ErrExist) {
		if _, statErr := os.Stat(final); statErr != nil {
			t.Fatal(err)
		}
	}
	return final
}
