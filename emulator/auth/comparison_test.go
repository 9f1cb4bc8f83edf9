package auth_test

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"heek.kr/heektime/emulator/sdktest"
)

var updateComparison = flag.Bool("update", false, "write docs/auth-parity.md")

const comparisonPage = "../../docs/auth-parity.md"

// TestComparison sends the stories of testdata/official to npm's official Authentication emulator and to this one, and
// compares the answers. Those that differ are exactly those that the stories mark, each with its reason, and differ as
// docs/auth-parity.md says.
func TestComparison(t *testing.T) {
	t.Parallel()
	stories := readStories(t)
	official, ours := startOfficial(t, endpoints(stories)), start(t).url
	page := strings.Builder{}
	page.WriteString(comparisonIntroduction + habitsTable())
	seen := map[*habit]bool{}
	for _, s := range stories {
		a, b := newTeller(official), newTeller(ours)
		a.clear(t)
		b.clear(t)
		var rows strings.Builder
		for _, step := range s.steps {
			theirs, mine := a.send(t, step), b.send(t, step)
			theirs.forget(mine, seen)
			same := theirs.equal(mine)
			switch {
			case same && step.reason != "":
				t.Errorf("%s: the answers to %q are the same, %s; the reason can go", s.title, step.text, theirs)
			case !same && step.reason == "":
				t.Errorf("%s: %s\n\tofficial %s\n\there     %s\n\tofficial %.600s\n\there     %.600s", s.title, step.text,
					theirs.without(mine), mine.without(theirs), theirs.raw, mine.raw)
			case !same:
				fmt.Fprintf(&rows, "| `` %s `` | %s | %s | %s |\n", strings.ReplaceAll(step.short(), "|", `\|`), theirs.without(mine), mine.without(theirs), step.reason)
			}
		}
		fmt.Fprintf(&page, "\n## %s\n\n%s\n", strings.ToUpper(s.title[:1])+s.title[1:], s.summary())
		if rows.Len() > 0 {
			page.WriteString("\n| request | official | here | why |\n|---|---|---|---|\n" + rows.String())
		}
	}
	for _, h := range habits {
		if !seen[h] {
			t.Errorf("no answers differ in %s: it can go", h.field)
		}
	}
	if t.Failed() {
		return
	}
	if *updateComparison {
		if err := os.WriteFile(comparisonPage, []byte(page.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if text, err := os.ReadFile(comparisonPage); err != nil || string(text) != page.String() {
		t.Errorf("docs/auth-parity.md is not what this test makes (%v): go test ./emulator/auth -run TestComparison -update", err)
	}
}

// startOfficial starts the official emulator for the requests that will come. It runs until the test ends. Without npm,
// the test is skipped.
func startOfficial(t *testing.T, coming []string) (origin string) {
	t.Helper()
	requests, err := json.Marshal(coming)
	if err != nil {
		t.Fatal(err)
	}
	cli := filepath.Join("..", "..", "internal", "tests", "firebasedeploy")
	tools := filepath.Join(sdktest.Packages(t, os.DirFS(filepath.Join(cli, "npm"))), "node_modules", "firebase-tools")
	offline, err := filepath.Abs(filepath.Join(cli, "offline.cjs"))
	if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	command := exec.CommandContext(t.Context(), "node", filepath.Join("jstest", "official.cjs"), tools, project, string(requests))
	command.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + home, "XDG_CONFIG_HOME=" + home, "TMPDIR=" + home, "CI=true",
		`NODE_OPTIONS=--require "` + strings.ReplaceAll(offline, `\`, `\\`) + `"`, "OFFLINE_LOG=" + filepath.Join(home, "escapes"),
	}
	var said strings.Builder
	command.Stderr = &said
	stop, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop.Close()
		command.Wait()
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if origin, ok := strings.CutPrefix(lines.Text(), "ORIGIN "); ok {
			go io.Copy(io.Discard, out)
			return origin
		}
	}
	t.Fatalf("the official emulator did not start: %v\n%s", lines.Err(), said.String())
	return ""
}

// comparisonIntroduction is the beginning of docs/auth-parity.md.
const comparisonIntroduction = `# Parity of Authentication

What the official Authentication emulator of npm's firebase-tools answers, and what this one does. ` + "`TestComparison`" + ` of
[emulator/auth](../emulator/auth) sends the same requests to both and fails if the answers differ in any other way than the tables say.
The requests are in [testdata](../emulator/auth/testdata/official), with the reasons;
` + "`go test ./emulator/auth -run TestComparison -update`" + ` writes this page.

Status and body are compared, and where a redirection leads. Random IDs, codes, hashes and tokens count as equal, tokens by their claims, and
times if both are given. Of an error, its code counts, not the sentence after it. ` + "`key`" + ` is a client with an API key, ` + "`owner`" + ` a server;
` + "`$name.field`" + ` is part of an earlier answer. A cell shows what differs.
`

// noRedirects is a client that does not follow redirections.
var noRedirects = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
