package firebasedeploy

import (
	"encoding/pem"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"heek.kr/heektime/emulator/sdktest"
)

// cli is the installed Firebase CLI.
type cli struct {
	folder  string // of the npm package firebase-tools
	env     []string
	escapes string // the log of offline.cjs
}

// installCLI installs the CLI. Its environment has none of the user's settings and credentials, and
// offline.cjs keeps it off the network. Proxy variables with a closed port could not do that: the
// CLI ignores NO_PROXY and would send its requests to 127.0.0.1 through the proxy, too.
func installCLI(t *testing.T) *cli {
	t.Helper()
	packages := sdktest.Packages(t, os.DirFS("npm"))
	preload, err := filepath.Abs("offline.cjs")
	if err != nil {
		t.Fatal(err)
	}
	// go test caches results until a file that the test has read changes.
	if _, err := os.ReadFile(preload); err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	c := &cli{folder: filepath.Join(packages, "node_modules", "firebase-tools"), escapes: filepath.Join(home, "escapes")}
	c.env = []string{
		"PATH=" + os.Getenv("PATH"),
		"HOME=" + home, "XDG_CONFIG_HOME=" + home, "XDG_CACHE_HOME=" + home, "TMPDIR=" + home,
		`NODE_OPTIONS=--require "` + strings.ReplaceAll(preload, `\`, `\\`) + `"`,
		"OFFLINE_LOG=" + c.escapes,
		"CI=true", "NO_UPDATE_NOTIFIER=1", // no message of the day, no search for updates
	}
	return c
}

// deployTo points the CLI at a fake with the CLI's own environment variables.
func (c *cli) deployTo(t *testing.T, g *google) {
	t.Helper()
	certificate := filepath.Join(t.TempDir(), "certificate.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: g.server.Certificate().Raw})
	if err := os.WriteFile(certificate, text, 0o600); err != nil {
		t.Fatal(err)
	}
	c.env = append(c.env, "NODE_EXTRA_CA_CERTS="+certificate, "FIREBASE_TOKEN="+refreshToken)
	for variable, host := range origins {
		c.env = append(c.env, variable+"="+g.server.URL+"/"+host)
	}
}

// node runs Node in a folder and returns its output and exit code.
func (c *cli) node(t *testing.T, folder string, args ...string) (output string, exitCode int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "node", args...)
	cmd.Dir, cmd.Env = folder, c.env
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// deploy runs firebase deploy in a folder and fails the test unless it exits with 0.
func (c *cli) deploy(t *testing.T, folder string) (output string) {
	t.Helper()
	script := filepath.Join(c.folder, "lib", "bin", "firebase.js")
	output, exitCode := c.node(t, folder, script, "deploy", "--project", project, "--non-interactive")
	if escapes := c.escaped(t); escapes != "" {
		t.Errorf("firebase deploy tried to reach\n%s", escapes)
	}
	if exitCode != 0 {
		log, _ := os.ReadFile(filepath.Join(folder, "firebase-debug.log"))
		t.Fatalf("firebase deploy: exit code %d\n%s\n%s", exitCode, output, log)
	}
	return output
}

// escaped returns the addresses of other machines that a process tried to reach, one per line.
func (c *cli) escaped(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(c.escapes)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return string(text)
}
