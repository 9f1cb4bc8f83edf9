package main

import (
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// goesWith is the only file outside this folder that goes with it.
const goesWith = "cmd/heektime/compat.go"

// The migration ends by deleting this folder: everything else, tests included, compiles without it and the one file that runs it
// in heektime dev. The go command is told that they are not there.
func TestDeletable(t *testing.T) {
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	gone := map[string]string{filepath.Join(root, goesWith): ""}
	err = fs.WalkDir(os.DirFS(root), "compat-server", func(path string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".go") {
			gone[filepath.Join(root, path)] = ""
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(map[string]any{"Replace": gone})
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
	if packages := run("list", "-overlay", overlay, "-deps", "-test", "./..."); strings.Contains(packages, "heektime/compat-server") ||
		!strings.Contains(packages, "heektime/cmd/heektime") {
		t.Errorf("packages without the folder:\n%s", packages)
	}
	run("vet", "-overlay", overlay, "./...")
}
