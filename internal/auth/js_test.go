package auth_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"heek.kr/heektime/internal/auth"
)

// sdkFolder has the lock file of Firebase's JavaScript SDKs, which the embedded Authentication is tested with, too.
const sdkFolder = "../../emulator/auth/jstest"

// TestJavaScript signs in as web pages do, with an old version of Firebase's JavaScript SDK and a new one, in Node.
func TestJavaScript(t *testing.T) {
	if testing.Short() {
		t.Skip("left out: -short")
	}
	for _, tool := range []string{"node", "npm"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("left out: the JavaScript SDK was NOT tested, because %s is not installed", tool)
		}
	}
	sdks := installSDKs(t)
	script, err := filepath.Abs("jstest/signin.test.mjs")
	if err != nil {
		t.Fatal(err)
	}
	for _, version := range []string{"v9", "v12"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			// All the page's calls come from one address, as a browser's do.
			url := w.serve(t, w.service(t, func(d *auth.Dependencies) { d.Limits.Client.Free = 1000 }))
			old := map[string]string{}
			for name, method := range map[string]string{"a": "pbkdf2:sha256:260000", "b": "pbkdf2:sha1:1000", "c": "pbkdf2:sha512:1000", "d": "scrypt:32768:8:1"} {
				email := name + "@user.heektime.heek.kr"
				old[email] = "uid of " + method
				w.old(t, email, old[email], oldHash(t, method, "web "+secret))
			}
			accounts, err := json.Marshal(old)
			if err != nil {
				t.Fatal(err)
			}
			cmd := exec.CommandContext(t.Context(), "node", "--test-reporter=spec", script)
			cmd.Env = append(os.Environ(), "SERVICE_URL="+url, "AUTH_URL=http://"+w.AuthAddress(), "AUTH_PROJECT="+w.Project,
				"SDK="+filepath.Join(sdks, version), "PASSWORD=web "+secret, "OLD_ACCOUNTS="+string(accounts))
			out, err := cmd.CombinedOutput()
			t.Logf("%s", out)
			if err != nil {
				t.Errorf("node: %v", err)
			}
		})
	}
}

// installSDKs installs what the lock file names into a folder of the user's cache, once for each state of it. That is where
// the embedded Authentication's own tests put it, so it is there already when they ran before.
func installSDKs(t *testing.T) string {
	t.Helper()
	hash := sha256.New()
	contents := map[string][]byte{}
	for _, name := range []string{"package.json", "package-lock.json", "v9/package.json", "v12/package.json"} {
		text, err := os.ReadFile(filepath.Join(sdkFolder, name))
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
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	cmd.Dir = folder
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("left out: the JavaScript SDK was NOT tested, because npm could not install it: %v\n%s", err, out)
	}
	if err := os.Rename(folder, final); err != nil {
		if _, statErr := os.Stat(final); statErr != nil {
			t.Fatal(err)
		}
	}
	return final
}
