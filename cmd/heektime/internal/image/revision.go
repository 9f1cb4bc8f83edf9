package image

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
)

// dirty ends the revision of images that were built with uncommitted changes.
const dirty = "-dirty"

// Dirty reports whether a revision is that of a repository with uncommitted changes.
func Dirty(revision string) bool { return strings.HasSuffix(revision, dirty) }

// Revision returns the commit of the repository in dir. It ends with "-dirty" if files of it differ
// from the commit or are not in it: such an image cannot be built again, and is not released.
func Revision(ctx context.Context, dir string) (string, error) {
	git := func(args ...string) (string, error) {
		cmd := exec.CommandContext(ctx, "git", args...)
		cmd.Dir = dir
		text, err := output(cmd)
		return strings.TrimSpace(string(text)), err
	}
	commit, err := git("rev-parse", "HEAD")
	if err != nil {
		return "", fmt.Errorf("find the commit (outside a git repository, pass --revision): %w", err)
	}
	changes, err := git("status", "--porcelain")
	if err != nil {
		return "", fmt.Errorf("find uncommitted changes: %w", err)
	}
	if changes != "" {
		commit += dirty
	}
	return commit, nil
}
