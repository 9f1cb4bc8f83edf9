package postgrestest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
)

// Require is the environment variable that makes tests without PostgreSQL fail instead of being skipped.
const Require = "REQUIRE_POSTGRES"

// debianFolders is where Debian's and Ubuntu's packages put the programs, which are not in PATH.
const debianFolders = "/usr/lib/postgresql/*/bin"

// findPrograms returns the folder that has initdb and postgres.
var findPrograms = sync.OnceValues(func() (string, error) {
	var folders []string
	// The postgres in PATH can be a link from elsewhere, with initdb only at its target.
	if found, err := exec.LookPath("postgres"); err == nil {
		folders = append(folders, filepath.Dir(found))
		if target, err := filepath.EvalSymlinks(found); err == nil {
			folders = append(folders, filepath.Dir(target))
		}
	}
	debian, _ := filepath.Glob(debianFolders)
	slices.SortFunc(debian, func(a, b string) int { return version(b) - version(a) })
	for _, folder := range append(folders, debian...) {
		if isProgram(filepath.Join(folder, "initdb")) && isProgram(filepath.Join(folder, "postgres")) {
			return folder, nil
		}
	}
	return "", fmt.Errorf("no initdb and postgres in PATH or %s: on Debian, apt-get install postgresql", debianFolders)
})

// version returns 15 for /usr/lib/postgresql/15/bin.
func version(folder string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(folder)))
	return n
}

func isProgram(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}

// programs returns the folder of PostgreSQL's programs. Without them it skips the test, or fails it if
// [Require] is set.
func programs(t testing.TB) string {
	t.Helper()
	if testing.Short() {
		t.Skip("-short skips tests that need PostgreSQL")
	}
	folder, err := findPrograms()
	switch {
	case err == nil:
		return folder
	case os.Getenv(Require) != "":
		t.Fatalf("this test needs PostgreSQL, and %s is set: %v", Require, err)
	}
	t.Skipf("this test needs PostgreSQL: %v", err)
	return ""
}
