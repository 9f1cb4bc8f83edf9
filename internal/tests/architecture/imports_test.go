// Package architecture tests the structure of the code: folders import only what docs/architecture.md
// allows, only internal/schema names collections and fields, packages have a comment, and long functions
// give a reason.
package architecture

import (
	"bytes"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "heek.kr/heektime/"

// mayImport lists, for each top-level folder, the others that its code may import, except for tests.
var mayImport = map[string][]string{
	"run":           {"internal"},
	"functions":     {"internal"},
	"compat-server": {"internal"},
	"internal":      {},
	"emulator":      {},
	"cmd":           {"internal", "emulator", "compat-server"},
}

// testsMayImport lists what tests may import in addition. Services are tested against the local cloud, which
// imports nothing of this project, not even in its own tests.
var testsMayImport = map[string][]string{
	"run":           {"emulator"},
	"functions":     {"emulator"},
	"compat-server": {"emulator"},
	"internal":      {"emulator"},
}

// forbidden returns why a file may not import path, or "" if it may.
func forbidden(file, path string) string {
	folder, _, _ := strings.Cut(filepath.ToSlash(file), "/")
	inside, ours := strings.CutPrefix(path+"/", module)
	if !ours {
		return ""
	}
	target, _, _ := strings.Cut(inside, "/")
	allowed, known := mayImport[folder]
	switch {
	case !known:
		return folder + " is not a folder in docs/architecture.md"
	case target == folder, slices.Contains(allowed, target):
		return ""
	case strings.HasSuffix(file, "_test.go") && slices.Contains(testsMayImport[folder], target):
		return ""
	}
	return folder + " may not import " + target
}

func TestImports(t *testing.T) {
	files := 0
	eachGoFile(t, func(file string, source []byte) {
		files++
		parsed, err := parser.ParseFile(token.NewFileSet(), file, source, parser.ImportsOnly)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			return
		}
		for _, spec := range parsed.Imports {
			path, _ := strconv.Unquote(spec.Path.Value)
			if why := forbidden(file, path); why != "" {
				t.Errorf("%s imports %s: %s", file, path, why)
			}
		}
	})
	if files < 20 {
		t.Fatalf("found only %d Go files", files)
	}
}

// A main package has no logic, so that heektime dev and tests run the same service as a deployment.
func TestMainsAreShort(t *testing.T) {
	mains := 0
	eachGoFile(t, func(file string, source []byte) {
		file = filepath.ToSlash(file)
		if matched, _ := filepath.Match("run/*/main.go", file); matched || file == "functions/main.go" || file == "compat-server/main.go" {
			mains++
			if lines := bytes.Count(source, []byte("\n")); lines > 80 {
				t.Errorf("%s has %d lines, more than 80", file, lines)
			}
		}
	})
	if mains < 6 {
		t.Errorf("found only %d main.go files", mains)
	}
}

func TestForbidden(t *testing.T) {
	for _, c := range []struct {
		file, path string
		ok         bool
	}{
		{"run/refresh/main.go", module + "internal/refresh", true},
		{"run/refresh/main.go", module + "emulator", false},
		{"internal/refresh/run.go", module + "emulator/clock", false},
		{"internal/refresh/run_test.go", module + "emulator", true},
		{"internal/refresh/run.go", module + "run/courses", false},
		{"emulator/cloud.go", module + "internal/schema", false},
		{"emulator/cloud_test.go", module + "internal/schema", false},
		{"emulator/cloud.go", "cloud.google.com/go/firestore", true},
		{"cmd/heektime/dev.go", module + "emulator", true},
		{"cmd/heektime/compat.go", module + "compat-server/api", true},
		{"run/auth/main.go", module + "compat-server/api", false},
		{"functions/main.go", module + "internal/functions", true},
		{"functions/main.go", module + "run/auth", false},
		{"compat-server/api/server.go", module + "compat-server/token", true},
		{"helpers/x.go", module + "internal", false},
	} {
		if why := forbidden(c.file, c.path); (why == "") != c.ok {
			t.Errorf("%s importing %s: %q", c.file, c.path, why)
		}
	}
}

// eachGoFile calls f with the path from the root and the content of every Go file of the project.
func eachGoFile(t *testing.T, f func(file string, source []byte)) {
	t.Helper()
	root := os.DirFS("../../..")
	err := fs.WalkDir(root, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		hidden := strings.HasPrefix(d.Name(), ".") || strings.HasPrefix(d.Name(), "_") // Go ignores them, too
		if d.IsDir() && (d.Name() == "node_modules" || d.Name() == "testdata" || hidden && path != ".") {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") {
			return nil
		}
		source, err := fs.ReadFile(root, path)
		if err != nil {
			return err
		}
		f(path, source)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
