package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
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

// Rules of every kind are reloaded when their file changes. With an error, they do not replace those in use. It is long because
// one cloud goes through all of it, to wait for few changes.
func TestRulesAreReloaded(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	dir := rulesProject(t, "false")
	write(t, dir, "firebase.json", `{"firestore": [{"database": "(default)", "rules": "firestore.rules"}, {"database": "archive", "rules": "archive.rules"}],
		"storage": {"rules": "storage.rules"}, "emulators": {"firestore": {"port": 0}, "auth": {"port": 0}, "storage": {"port": 0},
		"tasks": {"port": 0}, "ui": {"port": 0}, "hub": {"port": 0}}}`)
	writeOthers := func(condition string) {
		write(t, dir, "archive.rules", "service cloud.firestore { match /databases/{d}/documents/a/b { allow read: if "+condition+"; } }")
		write(t, dir, "storage.rules", "service firebase.storage { match /b/{b}/o/{name} { allow read: if "+condition+"; } }")
	}
	writeOthers("false")
	output, stdout := io.Pipe()
	errors, stderr := io.Pipe()
	p := &program{stdin: strings.NewReader(""), stdout: stdout, stderr: stderr}
	go func() {
		p.main(ctx, []string{"--config", dir, "--", "sh", "-c", "echo $FIRESTORE_EMULATOR_HOST $FIREBASE_STORAGE_EMULATOR_HOST; exec sleep 600"})
		stderr.Close()
	}()
	said := bufio.NewScanner(errors)
	wait := func(sentences ...string) {
		t.Helper()
		for len(sentences) > 0 {
			if !said.Scan() {
				t.Fatalf("it ended without saying %q", sentences)
			}
			sentences = slices.DeleteFunc(sentences, func(s string) bool { return strings.Contains(said.Text(), s) })
		}
	}
	wait(dir + "/storage.rules") // the start
	var firestore, storage string
	if _, err := fmt.Fscanln(output, &firestore, &storage); err != nil {
		t.Fatal(err)
	}
	const documents = "/v1/projects/demo-test/databases/%s/documents/a/b"
	want := func(step, path string, code int) {
		t.Helper()
		response, err := http.Get("http://" + path)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != code {
			t.Errorf("%s: %s: %s, want %d", step, path, response.Status, code)
		}
	}
	rest := firestore + fmt.Sprintf(documents, "(default)")
	all := []string{rest, firestore + fmt.Sprintf(documents, "archive"), storage + "/v0/b/demo-test.appspot.com/o/x"}
	for _, path := range all {
		want("at the start", path, http.StatusForbidden)
	}
	writeRules(t, dir, "true")
	writeOthers("true")
	wait("reloaded "+dir+"/firestore.rules", "reloaded "+dir+"/archive.rules", "reloaded "+dir+"/storage.rules")
	for _, path := range all {
		want("changed", path, http.StatusNotFound)
	}
	writeRules(t, dir, "fal se")
	wait("firestore.rules:3:")
	want("with an error", rest, http.StatusNotFound)
	writeRules(t, dir, "false")
	wait("reloaded " + dir)
	want("without it", rest, http.StatusForbidden)
	interrupt()
	for said.Scan() { // until it ends
	}
}
