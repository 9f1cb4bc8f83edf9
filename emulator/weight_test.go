package emulator_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// Google's clients, the Admin SDK and package testing belong to tests. A program that only runs the
// cloud must not link them.
var forbidden = []string{
	"testing",
	"cloud.google.com/go/firestore", "cloud.google.com/go/storage",
	"cloud.google.com/go/cloudtasks/apiv2", "cloud.google.com/go/scheduler/apiv1", "cloud.google.com/go/run/apiv2",
	"firebase.google.com/go/v4", "google.golang.org/api/option",
}

// What importing a package costs: a dependency that comes in unnoticed fails this test. Raise a
// number when the dependency is worth it. Seven packages of each emulator read the YAML of the meter's
// prices.
func TestImportWeight(t *testing.T) {
	for _, c := range []struct {
		path      string
		most      int // packages, its own and the standard library's included
		forbidden []string
	}{
		{"heek.kr/heektime/emulator", 435, forbidden},
		{"heek.kr/heektime/emulator/cmd/localcloud", 440, forbidden},
		{"heek.kr/heektime/emulator/cmd/firestore", 375, append([]string{"heek.kr/heektime/emulator", "heek.kr/heektime/emulator/auth"}, forbidden...)},
		{"heek.kr/heektime/emulator/firestore", 370, append([]string{"heek.kr/heektime/emulator/auth"}, forbidden...)},
		{"heek.kr/heektime/emulator/auth", 228, append([]string{"google.golang.org/grpc"}, forbidden...)},
		{"heek.kr/heektime/emulator/storage", 228, append([]string{"google.golang.org/grpc"}, forbidden...)},
		{"heek.kr/heektime/emulator/rules", 128, append([]string{"net/http"}, forbidden...)},
		{"heek.kr/heektime/emulator/emulatortest", 592, []string{
			"cloud.google.com/go/storage", "cloud.google.com/go/cloudtasks/apiv2", "cloud.google.com/go/scheduler/apiv1", "firebase.google.com/go/v4",
		}},
	} {
		t.Run(strings.TrimPrefix(c.path, "heek.kr/heektime/"), func(t *testing.T) {
			imports := dependencies(t, c.path)
			if n := len(imports); n > c.most || n < c.most-15 {
				t.Errorf("%s has %d dependencies; the test allows %d to %d", c.path, n, c.most-15, c.most)
			}
			for _, path := range c.forbidden {
				if _, ok := imports[path]; ok {
					t.Errorf("%s must not import %s, but does: %s", c.path, path, strings.Join(chain(imports, c.path, path), " → "))
				}
			}
		})
	}
}

// The rules are a library of their own: nothing but the standard library.
func TestRulesImportTheStandardLibraryOnly(t *testing.T) {
	const rules = "heek.kr/heektime/emulator/rules"
	imports := dependencies(t, rules)
	for path := range imports {
		first, _, _ := strings.Cut(path, "/")
		if strings.Contains(first, ".") && path != rules {
			t.Errorf("%s", strings.Join(chain(imports, rules, path), " → "))
		}
	}
}

// dependencies returns what a package imports, directly or not, without its tests: the imports of
// each package by its path.
func dependencies(t *testing.T, path string) map[string][]string {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", "list", "-deps", "-json=ImportPath,Imports", path)
	out, err := command.Output()
	if errors.Is(err, exec.ErrNotFound) {
		t.Skip("needs the go command")
	}
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			err = errors.New(string(exit.Stderr))
		}
		t.Fatalf("go list %s: %v", path, err)
	}
	all := map[string][]string{}
	for packages := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := packages.Decode(&p); err == io.EOF {
			return all
		} else if err != nil {
			t.Fatalf("go list %s: %v", path, err)
		}
		all[p.ImportPath] = p.Imports
	}
}

// chain returns a shortest way by which one package imports another.
func chain(imports map[string][]string, from, to string) []string {
	came := map[string]string{from: ""}
	for next := []string{from}; len(next) > 0; next = next[1:] {
		for _, path := range imports[next[0]] {
			if _, seen := came[path]; !seen {
				came[path] = next[0]
				next = append(next, path)
			}
		}
	}
	var way []string
	for path := to; path != ""; path = came[path] {
		way = append(way, path)
	}
	slices.Reverse(way)
	return way
}
