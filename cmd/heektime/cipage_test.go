package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"heek.kr/heektime/internal/longtest"
)

// The workflows on the local cloud's page about CI have no faults that actionlint knows. It is the version of the gate,
// which has it already.
func TestWorkflowsOnPages(t *testing.T) {
	longtest.Only(t, "runs actionlint, which may have to be downloaded and compiled")
	gate, err := os.ReadFile(filepath.Join(root, ".ci", "run"))
	if err != nil {
		t.Fatal(err)
	}
	actionlint := regexp.MustCompile(`github\.com/rhysd/actionlint/cmd/actionlint@\S+`).FindString(string(gate))
	if actionlint == "" {
		t.Fatal("the gate does not run actionlint")
	}
	page, err := os.ReadFile(filepath.Join(root, "emulator", "docs", "ci.md"))
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)\n```yaml\n(name: .*?\n)```\n").FindAllStringSubmatch(string(page), -1)
	if len(blocks) != 2 {
		t.Fatalf("found %d workflows", len(blocks))
	}
	args := []string{"run", actionlint, "-shellcheck=", "-pyflakes="}
	for i, block := range blocks {
		path := filepath.Join(t.TempDir(), fmt.Sprintf("%d.yml", i))
		if err := os.WriteFile(path, []byte(block[1]), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, path)
	}
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
