package api_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"heek.kr/heektime/internal/longtest"
)

// devFile is the only file outside compat-server that must be deleted with it. It runs the server in
// heektime dev.
const devFile = "cmd/heektime/compat.go"

// Deleting compat-server and devFile ends the migration, so everything else, tests included, must
// compile without them. An overlay hides the files from the go command. Nothing else may import
// compat-server's packages, so only devFile's own package can stop compiling. Compiling just that one,
// and with the flags of a plain go test, takes the rest from Go's cache. It is compiled with LONG_TESTS.
func TestDeletable(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	hidden := map[string]string{filepath.Join(root, devFile): ""}
	err = fs.WalkDir(os.DirFS(root), "compat-server", func(name string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(name, ".go") {
			hidden[filepath.Join(root, name)] = ""
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(map[string]any{"Replace": hidden})
	if err != nil {
		t.Fatal(err)
	}
	overlay := filepath.Join(t.TempDir(), "overlay.json")
	if err := os.WriteFile(overlay, text, 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) string {
		cmd := exec.CommandContext(t.Context(), "go", args...)
		cmd.Dir = root
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
		}
		return string(out)
	}
	packages := run("list", "-overlay", overlay, "-deps", "-test", "./...")
	if strings.Contains(packages, "heektime/compat-server") || !strings.Contains(packages, "heektime/cmd/heektime") {
		t.Errorf("unexpected packages after deleting compat-server:\n%s", packages)
	}
	if longtest.Enabled() {
		run("list", "-overlay", overlay, "-export", "-test", "./"+path.Dir(devFile)) // compiles, but does not link
	}
}
