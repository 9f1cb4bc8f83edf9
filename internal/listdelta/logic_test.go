package listdelta_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"heek.kr/heektime/emulator/sdktest"
	"heek.kr/heektime/internal/longtest"
)

// web/src/logic is valid in TypeScript's strictest settings, and passes its tests in web/tests/logic: search, planner,
// clashes, colours and what else the web client computes without a server. They are here because this package has the
// compiler.
func TestWebLogic(t *testing.T) {
	packages, out := sdktest.Packages(t, os.DirFS("npm")), t.TempDir()
	readSources(t, "../../web/src/logic", "../../web/tests/logic") // go test caches results until a file that the test has read changes
	tsc := exec.CommandContext(t.Context(), "node", filepath.Join(packages, "node_modules", "typescript", "bin", "tsc"),
		"--project", "../../web/tests/logic", "--typeRoots", filepath.Join(packages, "node_modules", "@types"), "--outDir", out)
	if text, err := tsc.CombinedOutput(); err != nil {
		t.Fatalf("tsc: %v\n%s", err, text)
	}
	if err := os.WriteFile(filepath.Join(out, "package.json"), []byte(`{"type": "module"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	tests, err := filepath.Glob(filepath.Join(out, "tests", "logic", "*.test.js"))
	if err != nil || len(tests) == 0 {
		t.Fatalf("no tests in %s: %v", out, err)
	}
	node := exec.CommandContext(t.Context(), "node", append([]string{"--test", "--test-reporter=spec"}, tests...)...)
	node.Env = append(os.Environ(), "HEEKTIME_SHARED="+sharedFolder(t))
	if longtest.Enabled() { // asked here, so that go test does not take the result of a short run from its cache
		node.Env = append(node.Env, "LONG_TESTS=1")
	}
	text, err := node.CombinedOutput()
	if err != nil {
		t.Fatalf("node --test: %v\n%s", err, text)
	}
	t.Logf("%s", text)
}

func readSources(t *testing.T, folders ...string) {
	t.Helper()
	for _, folder := range folders {
		err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".ts") && !strings.HasSuffix(path, ".json") {
				return err
			}
			_, err = os.ReadFile(path)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// sharedFolder returns the absolute path of the folder that may have real course lists. Without them, the tests of the
// logic use made-up ones alone, and say so.
func sharedFolder(t *testing.T) string {
	t.Helper()
	folder := os.Getenv("HEEKTIME_SHARED")
	if folder == "" {
		folder = "../../../shared"
	}
	folder, err := filepath.Abs(folder)
	if err != nil {
		t.Fatal(err)
	}
	return folder
}
