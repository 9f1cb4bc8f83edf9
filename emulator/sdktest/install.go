package sdktest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Install installs the packages that a package-lock.json pins and returns their folder. files are copied
// there first: the package.json, the lock file, and scripts. Each version of files has its own folder
// in the user's cache, which is used again. Any number of processes may call Install concurrently. The
// error is a *[MissingError] when npm is missing or fails, as without a network.
func Install(ctx context.Context, files fs.FS) (string, error) {
	hash, err := hashOf(files)
	if err != nil {
		return "", fmt.Errorf("install npm packages: %w", err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	cache = filepath.Join(cache, "heektime", "npm")
	final := filepath.Join(cache, hash)
	if err := missingNode(); err != nil {
		return "", err
	}
	if isFolder(final) {
		return final, nil
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return "", fmt.Errorf("install npm packages: %w", err)
	}
	unlock, err := lock(final + ".lock")
	if err != nil {
		return "", fmt.Errorf("install npm packages: %w", err)
	}
	defer unlock()
	if isFolder(final) { // another process has installed it
		return final, nil
	}
	if err := install(ctx, files, cache, final); err != nil {
		return "", fmt.Errorf("install npm packages: %w", err)
	}
	return final, nil
}

// install fills a temporary folder and renames it, so a folder with the final name is complete.
func install(ctx context.Context, files fs.FS, cache, final string) error {
	work, err := os.MkdirTemp(cache, "installing-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	if err := os.CopyFS(work, files); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	cmd.Dir = work
	if out, err := cmd.CombinedOutput(); err != nil {
		return &MissingError{What: "npm packages", Hint: fmt.Sprintf("npm ci: %v: %s", err, strings.TrimSpace(string(out)))}
	}
	if err := os.Rename(work, final); err != nil && !isFolder(final) {
		return err
	}
	return nil
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// hashOf returns a hash of all names and contents, 16 hex digits.
func hashOf(files fs.FS) (string, error) {
	hash := sha256.New()
	err := fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(files, path)
		fmt.Fprintf(hash, "%s %d\n%s", path, len(text), text)
		return err
	})
	return hex.EncodeToString(hash.Sum(nil))[:16], err
}
