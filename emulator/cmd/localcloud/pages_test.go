package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"heek.kr/heektime/emulator/sdktest"
)

// ciPage is the page about CI.
const ciPage = "../../docs/ci.md"

// The steps of the page's first workflow run, with this program in the place of the one that they install.
func TestCIPage(t *testing.T) {
	sdktest.SDKs(t) // there is npm
	dir, bin := projectWithTest(t), commandOnPath(t)
	ran := 0
	for _, step := range workflow(t) {
		if pkg, ok := strings.CutPrefix(step, "go install heek.kr/heektime/"); ok {
			folder, version, _ := strings.Cut(pkg, "@")
			if _, err := os.Stat(filepath.Join("../../..", folder, "main.go")); err != nil || version != "latest" {
				t.Errorf("%s: %v", step, err)
			}
			continue
		}
		out := shell(t, dir, bin, step)
		if strings.Contains(step, "npm test") && !strings.Contains(out, "RESULT 200 demo-test") {
			t.Errorf("%s: %s", step, out)
		}
		ran++
	}
	if ran != 2 {
		t.Errorf("ran %d steps, want npm ci and npm test", ran)
	}
	page, err := os.ReadFile(ciPage)
	if err != nil {
		t.Fatal(err)
	}
	only := regexp.MustCompile("`(localcloud --only [^`]*)`").FindStringSubmatch(string(page))
	if only == nil {
		t.Fatal("the page does not show --only")
	}
	if out := shell(t, dir, bin, only[1]); !strings.Contains(out, "RESULT 200 demo-test") || !strings.Contains(out, "STORAGE undefined") {
		t.Errorf("%s: %s", only[1], out)
	}
}

// workflow returns the commands of the page's first workflow.
func workflow(t *testing.T) (steps []string) {
	t.Helper()
	page, err := os.ReadFile(ciPage)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "\n```yaml\n")
	text, _, _ := strings.Cut(rest, "\n```\n")
	var w struct {
		Jobs map[string]struct{ Steps []struct{ Run string } }
	}
	if err := yaml.Unmarshal([]byte(text), &w); err != nil {
		t.Fatal(err)
	}
	for _, job := range w.Jobs {
		for _, step := range job.Steps {
			if step.Run != "" {
				steps = append(steps, step.Run)
			}
		}
	}
	return steps
}

// projectWithTest writes a project whose npm test writes a document.
func projectWithTest(t *testing.T) string {
	t.Helper()
	dir := project(t)
	write(t, dir, "package.json", `{"name": "notes", "private": true, "scripts": {"test": "node test.mjs"}}`)
	write(t, dir, "package-lock.json", `{"name": "notes", "lockfileVersion": 3, "requires": true, "packages": {"": {"name": "notes"}}}`)
	write(t, dir, "test.mjs", `
const { FIRESTORE_EMULATOR_HOST, GCLOUD_PROJECT, STORAGE_EMULATOR_HOST } = process.env
const url = 'http://' + FIRESTORE_EMULATOR_HOST + '/v1/projects/' + GCLOUD_PROJECT + '/databases/(default)/documents/notes/n1'
const response = await fetch(url, { method: 'PATCH', body: '{"fields": {"n": {"integerValue": 1}}}', headers: { 'Content-Type': 'application/json' } })
console.log('RESULT', response.status, GCLOUD_PROJECT, 'STORAGE', STORAGE_EMULATOR_HOST)
`)
	return dir
}

// commandOnPath returns a folder in which this program is named localcloud.
func commandOnPath(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	if err := os.Symlink(self, filepath.Join(bin, "localcloud")); err != nil {
		t.Fatal(err)
	}
	return bin
}

// shell runs a command in a folder, and returns what it prints.
func shell(t *testing.T, dir, bin, command string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", "-ec", command)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "PATH="+bin+string(filepath.ListSeparator)+os.Getenv("PATH"), "NO_UPDATE_NOTIFIER=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", command, err, out)
	}
	return string(out)
}
