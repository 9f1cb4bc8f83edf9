package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"heek.kr/heektime/emulator/sdktest"
)

// TestMain lets the test's program stand in Java's place, as the command does, or be the command.
func TestMain(m *testing.M) {
	if isJava(os.Args[0]) || filepath.Base(os.Args[0]) == "localcloud" {
		main()
	}
	os.Exit(m.Run())
}

// cliScript is what the Firebase CLI runs. The first line is about rules, the others about functions.
const cliScript = `
const firestore = 'http://' + process.env.FIRESTORE_EMULATOR_HOST + '/v1/projects/demo-test/databases/(default)/documents/'
const storage = 'http://' + process.env.FIREBASE_STORAGE_EMULATOR_HOST + '/v0/b/demo-test.appspot.com/o'
const status = async (method, url, body) => (await fetch(url, { method, body, headers: { 'Content-Type': 'application/json' } })).status
const put = (name, body) => status('POST', storage + '?name=' + encodeURIComponent(name), body)
console.log('RESULT ' + [
  await status('GET', firestore + 'open/seed'), await status('PATCH', firestore + 'open/d', '{"fields": {"n": {"integerValue": 1}}}'),
  await status('GET', firestore + 'closed/d'), await put('open/x', 'content'), await put('open/y', 'x'.repeat(200)),
  await put('listed/x', 'content'), await put('closed/x', 'content'),
].join(' '))
await status('PATCH', firestore + 'open/e', '{"fields": {"n": {"integerValue": 7}}}')
for (const name of ['first', 'second']) { // the functions write what they hear
  for (let tries = 0; tries < 2400; tries++) { // two minutes, which say that none comes
    const response = await fetch(firestore + 'heard/' + name)
    const text = await response.text()
    if (response.ok) {
      console.log('HEARD', name, JSON.parse(text).fields.what.stringValue)
      break
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
`

// The Firebase CLI runs without Java: its own Authentication, Storage and Functions, and our Firestore and rules. Functions
// hear of documents. What it exports is ours to import, and the reverse.
func TestFirebaseCLI(t *testing.T) {
	npm := filepath.Join("..", "..", "..", "internal", "tests", "firebasedeploy")
	tools := filepath.Join(sdktest.Packages(t, os.DirFS(filepath.Join(npm, "npm"))), "node_modules", "firebase-tools")
	offline, err := filepath.Abs(filepath.Join(npm, "offline.cjs"))
	if err != nil {
		t.Fatal(err)
	}
	dir, home := t.TempDir(), t.TempDir()
	writeProject(t, dir)
	script := write(t, dir, "script.mjs", cliScript)
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
		"--only", "firestore,storage,auth,functions", "--import", seed, "--export-on-exit="+out, "node "+script)
	if want := "RESULT 200 200 403 200 403 200 403"; code != 0 || !strings.Contains(stdout, want) {
		log, _ := os.ReadFile("firestore-debug.log")
		t.Fatalf("exit code %d, want %s\n%s%s\n%s", code, want, stdout, stderr, log)
	}
	for _, want := range []string{
		`HEARD first ["e",false,"7",true,"google.firestore.document.write"]`, `HEARD second ["e",false,7,"unknown"]`,
	} {
		if !strings.Contains(stdout, want) {
			t.Errorf("the functions: want %s\n%s%s", want, stdout, stderr)
		}
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

// writeProject writes a project for the Firebase CLI, with rules and functions.
func writeProject(t *testing.T, dir string) {
	t.Helper()
	ports := quietPorts(t, 6)
	write(t, dir, "firebase.json", fmt.Sprintf(`{
		"firestore": {"rules": "firestore.rules", "indexes": "firestore.indexes.json"}, "storage": {"rules": "storage.rules"},
		"functions": [{"source": "functions", "codebase": "default", "runtime": "nodejs22"}],
		"emulators": {"firestore": {"port": %d, "websocketPort": %d}, "auth": {"port": %d}, "storage": {"port": %d}, "functions": {"port": %d},
			"eventarc": {"port": %d}, "hub": {}, "logging": {}, "ui": {"enabled": false}}}`, ports...))
	write(t, dir, "firestore.rules", `service cloud.firestore { match /databases/{d}/documents {
		match /open/{id} { allow read, write; }
		match /heard/{id} { allow read; }
	} }`)
	writeFunctions(t, filepath.Join(dir, "functions"))
	write(t, dir, "firestore.indexes.json", "// as the CLI's template has it\n{}")
	write(t, dir, "storage.rules", `service firebase.storage { match /b/{b}/o {
		match /open/{file} { allow read, write: if request.resource == null || request.resource.size < 100; }
		match /listed/{file} { allow write: if firestore.get(/databases/(default)/documents/open/d).data.n == 1; }
	} }`)
}

// quietPorts returns ports that are free, and that the system gives to nobody who asks for any: the CLI does not take
// others when somebody else has them.
func quietPorts(t *testing.T, n int) (ports []any) {
	t.Helper()
	for len(ports) < n {
		port := 20000 + rand.IntN(10000)
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue
		}
		defer l.Close() // so that no two are the same
		ports = append(ports, port)
	}
	return ports
}

// writeFunctions writes functions of both generations, which write what they hear.
func writeFunctions(t *testing.T, dir string) {
	t.Helper()
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(sdktest.SDKs(t), "node_modules"), filepath.Join(dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
	write(t, dir, "package.json", `{"name": "functions", "main": "index.js", "dependencies": {"firebase-admin": "*", "firebase-functions": "*"}}`)
	write(t, dir, "index.js", `
const { initializeApp } = require('firebase-admin/app')
const { getFirestore } = require('firebase-admin/firestore')
const v1 = require('firebase-functions/v1')
const { onDocumentWrittenWithAuthContext } = require('firebase-functions/v2/firestore')
initializeApp()
const tell = (name, what) => getFirestore().doc('heard/' + name).set({ what: JSON.stringify(what) })
exports.first = v1.firestore.document('open/{id}').onWrite(({ before, after }, context) =>
  context.params.id === 'e' && tell('first', [context.params.id, before.exists, String(after.get('n')), after.updateTime !== undefined, context.eventType]))
exports.second = onDocumentWrittenWithAuthContext('open/{id}', ({ params, data, authType }) =>
  params.id === 'e' && tell('second', [params.id, data.before.exists, data.after.get('n'), authType]))
`)
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
