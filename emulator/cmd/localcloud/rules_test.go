package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
)

// rulesProject writes a project whose Firestore has rules.
func rulesProject(t *testing.T, condition string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	write(t, dir, "firebase.json", `{"firestore": {"rules": "firestore.rules"}, "emulators": {"firestore": {"port": 0}, "auth": {"port": 0},
		"storage": {"port": 0}, "tasks": {"port": 0}, "ui": {"port": 0}, "hub": {"port": 0}}}`)
	writeRules(t, dir, condition)
	return dir
}

func writeRules(t *testing.T, dir, condition string) {
	t.Helper()
	write(t, dir, "firestore.rules", "rules_version = '2';\nservice cloud.firestore { match /databases/{d}/documents/{p=**} {\nallow read: if "+condition+";\n} }")
}

// The start names the files with rules, what nobody means in them, and which service has none.
func TestRulesAreNamed(t *testing.T) {
	dir := rulesProject(t, "requst.auth.uid == 'ann' && isOwner()")
	_, stderr, code := run(t, "--config", dir, "--", "true")
	for _, want := range []string{
		"rules      " + dir + "/firestore.rules\n", "rules      none for Storage in " + dir + "/firebase.json: everybody may do everything",
		"level=WARN msg=\"security rules\"", "Invalid variable name: requst", "Invalid function name: isOwner",
	} {
		if code != 0 || !strings.Contains(stderr, want) {
			t.Errorf("exit code %d, want %q in\n%s", code, want, stderr)
		}
	}
	if _, stderr, code := run(t, "--config", rulesProject(t, "true"), "--", "true"); code != 0 || strings.Contains(stderr, "security rules") {
		t.Errorf("rules as in samples: exit code %d\n%s", code, stderr)
	}
	write(t, dir, "firestore.rules", "service firebase.storage {}")
	_, stderr, code = run(t, "--config", dir, "--", "true")
	if code != exitFailure || !strings.Contains(stderr, dir+"/firestore.rules") || !strings.Contains(stderr, "these are rules for firebase.storage") {
		t.Errorf("rules of another service: exit code %d\n%s", code, stderr)
	}
}

// Rules are reloaded when their file changes. With an error, they do not replace those in use.
func TestRulesAreReloaded(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	dir := rulesProject(t, "false")
	output, stdout := io.Pipe()
	errors, stderr := io.Pipe()
	p := &program{stdin: strings.NewReader(""), stdout: stdout, stderr: stderr}
	code := make(chan int, 1)
	go func() {
		code <- p.main(ctx, []string{"--config", dir, "--", "sh", "-c", "echo $FIRESTORE_EMULATOR_HOST; exec sleep 600"})
		stderr.Close()
	}()
	said := make(chan string, 100)
	go func() {
		for lines := bufio.NewScanner(errors); lines.Scan(); {
			said <- lines.Text()
		}
		close(said)
	}()
	address, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		condition, says string // "" leaves the file
		want            int
	}{{"", "", http.StatusForbidden}, {"true", "reloaded " + dir, http.StatusNotFound}, {"fal se", "firestore.rules:3:", http.StatusNotFound}, {"false", "reloaded " + dir, http.StatusForbidden}} {
		if step.condition != "" {
			writeRules(t, dir, step.condition)
		}
		for step.says != "" {
			line, ok := <-said
			if !ok {
				t.Fatalf("%q: it ended without saying %s", step.condition, step.says)
			}
			if strings.Contains(line, step.says) {
				break
			}
		}
		response, err := http.Get("http://" + strings.TrimSpace(address) + "/v1/projects/demo-test/databases/(default)/documents/a/b")
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != step.want {
			t.Errorf("%q: %s, want %d", step.condition, response.Status, step.want)
		}
	}
	interrupt()
	for range said { // until it ends
	}
	<-code
}
