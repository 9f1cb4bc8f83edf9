// Package stage lays out the functions' source as Cloud Functions builds it.
//
// Its buildpack wants the package of the functions in the folder of go.mod, and uploads nothing from above the folder that it is
// told; ours stands in functions/, and uses internal/. So the files of functions/ are put beside go.mod, with internal/ below:
// imports are the same, since they go by the module's name.
//
// Source: https://github.com/GoogleCloudPlatform/buildpacks/tree/main/cmd/go/functions_framework
package stage

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Source copies what a deployment of the functions needs from the project at root into dir, which must not exist or be empty.
// Tests and what they bring along stay behind.
func Source(root, dir string) error {
	if found, err := os.ReadDir(dir); err == nil && len(found) > 0 {
		return fmt.Errorf("%s is not empty: name a folder that does not exist yet", dir)
	}
	for _, name := range []string{"go.mod", "go.sum"} {
		if err := copyFile(filepath.Join(root, name), filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	for from, to := range map[string]string{"functions": dir, "internal": filepath.Join(dir, "internal")} {
		if err := copyGo(filepath.Join(root, from), to); err != nil {
			return err
		}
	}
	return nil
}

// copyGo copies a folder's Go files, but for tests.
func copyGo(from, to string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("lay out the functions: %w", err)
		}
		if d.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		below, err := filepath.Rel(from, path)
		if err != nil {
			return fmt.Errorf("lay out the functions: %w", err)
		}
		return copyFile(path, filepath.Join(to, below))
	})
}

func copyFile(from, to string) error {
	data, err := os.ReadFile(from)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(to), 0o755)
	}
	if err == nil {
		err = os.WriteFile(to, data, 0o644)
	}
	if err != nil {
		return fmt.Errorf("lay out the functions: %w", err)
	}
	return nil
}
