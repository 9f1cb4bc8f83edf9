package firestorebench

import (
	"context"
	"crypto/sha256"
	"embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

//go:embed npm/package.json npm/package-lock.json npm/serve.js
var npmFiles embed.FS

// install puts the pinned npm server into a folder below parent and returns the folder. What is there already stays. The
// error says what is missing.
func install(ctx context.Context, parent string) (string, error) {
	for _, tool := range []string{"node", "npm"} {
		if _, err := exec.LookPath(tool); err != nil {
			return "", fmt.Errorf("%s is not installed", tool)
		}
	}
	files := map[string][]byte{}
	hash := sha256.New()
	for _, name := range []string{"package.json", "package-lock.json", "serve.js"} {
		text, err := npmFiles.ReadFile("npm/" + name)
		if err != nil {
			return "", fmt.Errorf("read embedded %s: %w", name, err)
		}
		files[name] = text
		hash.Write(text)
	}
	dir := filepath.Join(parent, fmt.Sprintf("firestorebench-npm-%.4x", hash.Sum(nil)))
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	// Installed beside and renamed, so that a folder with the right name is whole.
	work, err := tempDir(parent)
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(work)
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(work, name), text, 0o644); err != nil {
			return "", fmt.Errorf("install the npm server: %w", err)
		}
	}
	cmd := exec.CommandContext(ctx, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	cmd.Dir = work
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("npm ci failed: %w: %s", err, strings.TrimSpace(string(out)))
	}
	if err := os.Rename(work, dir); err != nil && !errors.Is(err, os.ErrExist) {
		return "", fmt.Errorf("install the npm server: %w", err)
	}
	return dir, nil
}
