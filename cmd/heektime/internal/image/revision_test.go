package image

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

func TestRevision(t *testing.T) {
	dir := t.TempDir()
	if _, err := Revision(t.Context(), dir); err == nil {
		t.Error("a folder without a commit has a revision")
	}
	git := func(args ...string) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), "git", args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@b.c", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@b.c")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	git("init", "--quiet")
	write("a.go", "package a")
	git("add", "a.go")
	git("commit", "--quiet", "--message=a")
	clean, err := Revision(t.Context(), dir)
	if err != nil || len(clean) != 40 {
		t.Fatalf("got %q, %v", clean, err)
	}
	for name, text := range map[string]string{"a.go": "package b", "new.go": "package a"} {
		write(name, text)
		if got, err := Revision(t.Context(), dir); err != nil || got != clean+dirty || !Dirty(got) {
			t.Errorf("with a changed %s: %q, %v", name, got, err)
		}
		git("clean", "--quiet", "--force")
		git("checkout", "--quiet", "a.go")
	}
}
