package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"heek.kr/heektime/emulator/sdktest"
)

// TestMain lets the test's program stand in Java's place, as the command does.
func TestMain(m *testing.M) {
	if isJava(os.Args[0]) {
		main()
	}
	os.Exit(m.Run())
}

// The Firebase CLI runs without Java: its own Authentication and Storage, and our Firestore and rules. What it exports
// is ours to import, and the reverse.
func TestFirebaseCLI(t *testing.T) {
	npm := filepath.Join("..", "..", "..", "internal", "tests", "firebasedeploy")
	tools := filepath.Join(sdktest.Packages(t, os.DirFS(filepath.Join(npm, "npm"))), "node_modules", "firebase-tools")
	offline, err := filepath.Abs(filepath.Join(npm, "offline.cjs"))
	if err != nil {
		t.Fatal(err)
	}
	dir, home := t.TempDir(), t.TempDir()
	// Without ports, the CLI takes its defaults or, when they are in use, others.
	write(t, dir, "firebase.json", `{
		"firestore": {"rules": "firestore.rules", "indexes": "firestore.indexes.json"}, "storage": {"rules": "storage.rules"},
		"emulators": {"firestore": {}, "auth": {}, "storage": {}, "hub": {}, "logging": {}, "ui": {"enabled": false}}}`)
	write(t, dir, "firestore.rules", `service cloud.firestore { match /databases/{d}/documents { match /open/{id} { allow read, write; } } }`)
	write(t, dir, "firestore.indexes.json", "// as the CLI's template has it\n{}")
	write(t, dir, "storage.rules", `service firebase.storage { match /b/{b}/o {
		match /open/{file} { allow read, write: if request.resource == null || request.resource.size < 100; }
		match /listed/{file} { allow write: if firestore.get(/databases/(default)/documents/open/d).data.n == 1; }
	} }`)
	script := write(t, dir, "script.mjs", `
const firestore = 'http://' + process.env.FIRESTORE_EMULATOR_HOST + '/v1/projects/demo-test/databases/(default)/documents/'
const storage = 'http://' + process.env.FIREBASE_STORAGE_EMULATOR_HOST + '/v0/b/demo-test.appspot.com/o'
const status = async (method, url, body) => (await fetch(url, { method, body, headers: { 'Content-Type': 'application/json' } })).status
const put = (name, body) => status('POST', storage + '?name=' + encodeURIComponent(name), body)
console.log('RESULT ' + [
  await status('GET', firestore + 'open/seed'), await status('PATCH', firestore + 'open/d', '{"fields": {"n": {"integerValue": 1}}}'),
  await status('GET', firestore + 'closed/d'), await put('open/x', 'content'), await put('open/y', 'x'.repeat(200)),
  await put('listed/x', 'content'), await put('closed/x', 'content'),
].join(' '))
`)
	seed, out := filepath.Join(t.TempDir(), "seed"), filepath.Join(t.TempDir(), "out")
	documents := write(t, t.TempDir(), "in.json", `{"open/seed": {"s": "here"}}`)
	if _, stderr, code := run(t, "--config", project(t), "--import", documents, "--export-on-exit", seed, "--", "true"); code != 0 {
		t.Fatalf("the seed: exit code %d\n%s", code, stderr)
	}
	for name, value := range map[string]string{
		"HOME": home, "XDG_CONFIG_HOME": home, "XDG_CACHE_HOME": home, "CI": "true", "NO_UPDATE_NOTIFIER": "1",
		"NODE_OPTIONS": `--require "` + strings.ReplaceAll(offline, `\`, `\\`) + `"`, "OFFLINE_LOG": filepath.Join(home, "escapes"),
	} {
		t.Setenv(name, value)
	}
	t.Chdir(dir)
	stdout, stderr, code := run(t, "exec", "--", "node", filepath.Join(tools, "lib", "bin", "firebase.js"), "emulators:exec", "--project", "demo-test",
		"--only", "firestore,storage,auth", "--import", seed, "--export-on-exit="+out, "node "+script)
	if want := "RESULT 200 200 403 200 403 200 403"; code != 0 || !strings.Contains(stdout, want) {
		log, _ := os.ReadFile("firestore-debug.log")
		t.Fatalf("exit code %d, want %s\n%s%s\n%s", code, want, stdout, stderr, log)
	}
	exported := filepath.Join(t.TempDir(), "out.json")
	if _, stderr, code := run(t, "--config", project(t), "--import", out, "--export", exported, "--", "true"); code != 0 {
		t.Fatalf("the import: exit code %d\n%s", code, stderr)
	}
	text, err := os.ReadFile(exported)
	if err != nil || !strings.Contains(string(text), `"open/seed"`) || !strings.Contains(string(text), `"open/d"`) {
		t.Errorf("what the CLI exported has %s, %v", text, err)
	}
}

// In Java's place, the program tells a version that the CLI takes, and says what it cannot run.
func TestJava(t *testing.T) {
	dir := t.TempDir()
	env, err := javaEnvironment(dir)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range env {
		t.Setenv(name, value)
	}
	t.Setenv(outerPath, "")
	out, err := exec.CommandContext(t.Context(), "java", "-version").CombinedOutput()
	if err != nil || !strings.Contains(string(out), `version "21"`) {
		t.Errorf("java -version: %s, %v", out, err)
	}
	out, err = exec.CommandContext(t.Context(), "java", "-jar", "database.jar").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "install it for the others") {
		t.Errorf("another program: %s, %v", out, err)
	}
	if _, stderr, code := run(t, "exec"); code != exitUsage || !strings.Contains(stderr, "name a command") {
		t.Errorf("exec of nothing: %d %s", code, stderr)
	}
}

// The rules of Cloud Storage in lines of JSON, as the official Storage emulator asks for them.
func TestStorageRules(t *testing.T) {
	questions, in := io.Pipe()
	answers, out := io.Pipe()
	ended := make(chan error)
	go func() { ended <- (&storageRules{in: questions, out: out}).serve(context.Background()) }()
	lines := newLines(answers)
	if got := lines(t); !strings.Contains(got, `"id":-1`) {
		t.Fatalf("the start: %s", got)
	}
	ask := func(line string) string {
		t.Helper()
		fmt.Fprintln(in, line)
		return lines(t)
	}
	const text = `service firebase.storage { match /b/{b}/o { match /{f} { allow create: if request.auth.token.admin && request.resource.metadata.k == 'v';
		allow get: if resource.size == 3 && firestore.exists(/databases/(default)/documents/a/b) } } }`
	if got := ask(fmt.Sprintf(`{"id": 1, "action": "load_ruleset", "context": {"rulesetName": "0", "source": {"files": [{"name": "s", "content": %q}]}}}`, text)); !strings.Contains(got, `"errors":[]`) {
		t.Fatalf("load: %s", got)
	}
	if got := ask(`{"id": 2, "action": "load_ruleset", "context": {"rulesetName": "1", "source": {"files": [{"name": "s", "content": "service {"}]}}}`); strings.Contains(got, `"errors":[]`) {
		t.Errorf("load what does not compile: %s", got)
	}
	verify := func(id int, method, variables string) string {
		return fmt.Sprintf(`{"id": %d, "action": "verify", "context": {"rulesetName": "0", "path": "/b/x/o/f", "method": %q, "variables": %s}}`, id, method, variables)
	}
	upload := func(admin bool) string {
		return fmt.Sprintf(`{"request": {"map_value": {"fields": {"auth": {"map_value": {"fields": {"uid": {"string_value": "ann"},
			"token": {"map_value": {"fields": {"admin": {"bool_value": %t}}}}}}},
			"resource": {"map_value": {"fields": {"metadata": {"map_value": {"fields": {"k": {"string_value": "v"}}}}}}}}}}}`, admin)
	}
	for admin, want := range map[bool]string{true: `"permit":true`, false: `"permit":false`} {
		if got := ask(strings.ReplaceAll(verify(3, "create", upload(admin)), "\n", " ")); !strings.Contains(got, want) {
			t.Errorf("admin %t: %s", admin, got)
		}
	}
	read := verify(4, "get", `{"resource": {"map_value": {"fields": {"size": {"int_value": 3}}}}, "request": {"map_value": {"fields": {"auth": {"null_value": null}}}}}`)
	for document, want := range map[string]string{`"status": "ok", "result": {"fields": {}}`: `"permit":true`, `"status": "not_found"`: `"permit":false`} {
		if got := ask(read); !strings.Contains(got, "fetch_firestore_document") || !strings.Contains(got, "/databases/(default)/documents/a/b") {
			t.Fatalf("it does not ask for the document: %s", got)
		}
		if got := ask(`{"id": 4, ` + document + `}`); !strings.Contains(got, want) {
			t.Errorf("with %s: %s", document, got)
		}
	}
	in.Close()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// newLines returns a function that returns the next line.
func newLines(r io.Reader) func(*testing.T) string {
	lines := bufio.NewScanner(r)
	return func(t *testing.T) string {
		t.Helper()
		if !lines.Scan() {
			t.Fatalf("no line: %v", lines.Err())
		}
		return lines.Text()
	}
}
