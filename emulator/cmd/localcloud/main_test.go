package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/emulator/emulatortest"
)

// project writes a Firebase project whose emulators listen on free ports, and returns its folder.
func project(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, "firebase.json", `{"emulators": {"firestore": {"port": 0}, "auth": {"port": 0}, "storage": {"port": 0},
		"tasks": {"port": 0}, "ui": {"port": 0}, "hub": {"port": 0}}}`)
	return dir
}

func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// run runs the command to its end.
func run(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	p := &program{stdin: strings.NewReader(""), stdout: &out, stderr: &errs}
	code = p.main(t.Context(), args)
	return out.String(), errs.String(), code
}

// Another project's test run: documents in, a command beside the cloud, documents out.
func TestCommand(t *testing.T) {
	documents := write(t, t.TempDir(), "in.json", `{"schools/가온대학교": {"name": "가온대학교"}}`)
	exported := filepath.Join(t.TempDir(), "out.json")
	stdout, stderr, code := run(t, "--config", project(t), "--import", documents, "--export", exported, "--",
		"sh", "-c", "echo $FIRESTORE_EMULATOR_HOST $GOOGLE_CLOUD_PROJECT")
	if code != 0 || !strings.HasPrefix(stdout, "127.0.0.1:") || !strings.Contains(stdout, "demo-test") {
		t.Fatalf("exit code %d\n%s%s", code, stdout, stderr)
	}
	saved, err := os.ReadFile(exported)
	if err != nil || !strings.Contains(string(saved), `"가온대학교"`) {
		t.Errorf("exported %s, %v", saved, err)
	}
}

// What makes the cloud trust more than production does is named at the start.
func TestSignedTokensAreNamed(t *testing.T) {
	_, stderr, code := run(t, "--config", project(t), "--accept-signed-tokens", "--", "true")
	if code != 0 || !strings.Contains(stderr, "without verifying their signatures") {
		t.Errorf("exit code %d, %s", code, stderr)
	}
}

// An export has all databases of all projects, and an import restores them.
func TestDatabases(t *testing.T) {
	text := `{"databases": {
		"projects/demo-test/databases/(default)": {"a/b": {"n": 1}},
		"projects/demo-test/databases/archive": {"a/b": {"n": 2}, "projects/p/databases/x": {"n": 3}},
		"projects/demo-other/databases/(default)": {"a/b": {"n": 4}}}}`
	in, out, again := write(t, t.TempDir(), "in.json", text), filepath.Join(t.TempDir(), "out.json"), filepath.Join(t.TempDir(), "again.json")
	for _, files := range [][2]string{{in, out}, {out, again}} {
		if _, stderr, code := run(t, "--config", project(t), "--import", files[0], "--export", files[1], "--", "true"); code != 0 {
			t.Fatalf("exit code %d\n%s", code, stderr)
		}
		var got, want any
		saved, err := os.ReadFile(files[1])
		if err != nil || json.Unmarshal(saved, &got) != nil || json.Unmarshal([]byte(text), &want) != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("exported %s, %v", saved, err)
		}
	}
	for _, bad := range []string{`{"databases": {"projects/demo-test/databases/x": {}}}`, `{"databases": {}, "a/b": {}}`, `{"databases": 1}`} {
		if _, stderr, code := run(t, "--config", project(t), "--import", write(t, t.TempDir(), "in.json", bad), "--", "true"); code != 1 {
			t.Errorf("%s: exit code %d\n%s", bad, code, stderr)
		}
	}
}

// The layout of Firebase's suite goes in and out, with and without a named folder.
func TestExportOnExit(t *testing.T) {
	documents, dir := write(t, t.TempDir(), "in.json", `{"a/b": {"n": 1}}`), filepath.Join(t.TempDir(), "seed")
	other := filepath.Join(t.TempDir(), "other")
	for _, args := range [][]string{
		{"--import", documents, "--export-on-exit", dir}, {"--import", dir, "--export-on-exit"}, {"--import=" + dir, "--export-on-exit=" + other},
	} {
		if _, stderr, code := run(t, append(append([]string{"--config", project(t)}, args...), "--", "true")...); code != 0 {
			t.Fatalf("%q: exit code %d\n%s", args, code, stderr)
		}
	}
	out := filepath.Join(t.TempDir(), "out.json")
	if _, stderr, code := run(t, "--config", project(t), "--import", other, "--export", out, "--", "true"); code != 0 {
		t.Fatalf("exit code %d\n%s", code, stderr)
	}
	if text, err := os.ReadFile(out); err != nil || !strings.Contains(string(text), `"a/b"`) {
		t.Errorf("%s, %v", text, err)
	}
	for _, flag := range []string{"--export-on-exit", "--export=first"} { // on the first run there is nothing to import
		t.Chdir(t.TempDir())
		_, stderr, code := run(t, "--config", project(t), "--import", "./first", flag, "--", "true")
		if _, err := os.Stat("first"); code != 0 || err != nil || !strings.Contains(stderr, "starts empty") {
			t.Errorf("the first run with %s: exit code %d, %v, %s", flag, code, err, stderr)
		}
	}
	mine := t.TempDir()
	write(t, mine, "thesis.txt", "years of work")
	for want, args := range map[string][]string{
		"needs a folder":  {"--export-on-exit"},
		"no such folder":  {"--import", filepath.Join(mine, "no"), "--export-on-exit", filepath.Join(t.TempDir(), "other")},
		"nor JSON":        {"--import", filepath.Join(mine, "thesis.txt")},
		"is not empty":    {"--export-on-exit", mine},
		"no such file":    {"--export-on-exit", filepath.Join(mine, "no", "folder")},
		"not a directory": {"--export-on-exit", filepath.Join(mine, "thesis.txt")},
	} {
		_, stderr, code := run(t, append(append([]string{"--config", project(t)}, args...), "--", "true")...)
		if code != exitFailure || !strings.Contains(stderr, want) {
			t.Errorf("%q: exit code %d, %s, want %s", args, code, stderr, want)
		}
	}
}

// The project is the alias default of .firebaserc, or one that is named; its start says what has no effect.
func TestFirebaserc(t *testing.T) {
	dir := project(t)
	write(t, dir, ".firebaserc", `{"projects": {"default": "demo-main", "staging": "demo-staging"}}`)
	write(t, dir, "firebase.json", `{"functions": {"source": "functions"}, "emulators": {"firestore": {"port": 0}, "auth": {"port": 0}, "storage": {"port": 0},
		"tasks": {"port": 0}, "ui": {"port": 0, "enabled": false}, "hub": {"port": 0}}}`)
	for _, c := range []struct {
		args []string
		want string
	}{{nil, "demo-main"}, {[]string{"--project", "staging"}, "demo-staging"}, {[]string{"--project", "demo-own"}, "demo-own"}} {
		args := append(append([]string{"--config", dir}, c.args...), "--", "sh", "-c", "echo $GCLOUD_PROJECT")
		stdout, stderr, code := run(t, args...)
		if code != 0 || strings.TrimSpace(stdout) != c.want || strings.Count(stderr, "functions has no effect") != 1 {
			t.Errorf("%q: exit code %d, %s, want %s\n%s", c.args, code, stdout, c.want, stderr)
		}
	}
}

// A project that is no alias may be a misspelt one: the warning lists the aliases.
func TestMisspeltAlias(t *testing.T) {
	dir := project(t)
	write(t, dir, ".firebaserc", `{"projects": {"staging": "shop-staging"}}`)
	for name, listed := range map[string]bool{"stagin": true, "shop-staging": false} {
		_, stderr, code := run(t, "--config", dir, "--project", name, "--", "true")
		if code != 0 || !strings.Contains(stderr, "project="+name) || strings.Contains(stderr, `"aliases in .firebaserc"=staging`) != listed {
			t.Errorf("%s: exit code %d, %s", name, code, stderr)
		}
	}
}

// An export that fails or is cut short leaves the old file.
func TestExportFails(t *testing.T) {
	path := write(t, t.TempDir(), "out.json", "old")
	err := replace(path, func(w io.Writer) error {
		w.Write([]byte("new"))
		if text, err := os.ReadFile(path); err != nil || string(text) != "old" { // what a crash here would leave
			t.Errorf("during the export: %s, %v", text, err)
		}
		return io.ErrShortWrite
	})
	text, _ := os.ReadFile(path)
	files, _ := os.ReadDir(filepath.Dir(path))
	if !errors.Is(err, io.ErrShortWrite) || string(text) != "old" || len(files) != 1 {
		t.Errorf("%v leaves %s and %d files", err, text, len(files))
	}
}

func TestExitCodes(t *testing.T) {
	config := project(t)
	for _, c := range []struct {
		args []string
		want int
	}{
		{[]string{"--help"}, 0},
		{[]string{"--config", config, "--", "true"}, 0},
		{[]string{"--config", config, "--", "sh", "-c", "exit 7"}, 7},
		{[]string{"--config", config, "--", "sh", "-c", "kill -9 $$"}, 1},
		{[]string{"--config", config, "--", "./not-there"}, 1},
		{[]string{"--config", filepath.Join(config, "other.json"), "--", "true"}, 1},
		{[]string{"--colour"}, 2},
	} {
		if _, stderr, code := run(t, c.args...); code != c.want {
			t.Errorf("%v: exit code %d, want %d\n%s", c.args, code, c.want, stderr)
		}
	}
}

// Command lines that a user of the Firebase CLI may try are answered with the right ones.
func TestCommandHints(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args []string
		want string
		code int
	}{
		{[]string{"emulators:start"}, "localcloud alone starts the cloud", exitFailure},
		{[]string{"--only", "firestore", "exec", "--", "true"}, "exec comes first", exitFailure},
		{[]string{"exec", "--only", "firestore", "--", "true"}, "those of services belong to the CLI", exitUsage},
		{[]string{"exec", "--", "emulators:start"}, "name the Firebase CLI", exitFailure},
	} {
		if _, stderr, code := run(t, c.args...); code != c.code || !strings.Contains(stderr, c.want) {
			t.Errorf("%q: exit code %d, %s, want %s", c.args, code, stderr, c.want)
		}
	}
}

func TestHelp(t *testing.T) {
	stdout, stderr, _ := run(t, "--help")
	for _, want := range []string{"usage: localcloud", "--import PATH", "--allow-unindexed\n", "exit code"} {
		if !strings.Contains(stdout, want) || stderr != "" {
			t.Errorf("help lacks %q:\n%s%s", want, stdout, stderr)
		}
	}
}

// --function creates the queue of a function, and tasks without a URL go to its stand-in.
func TestFunctions(t *testing.T) {
	called := make(chan string, 1)
	function := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { called <- r.URL.Path }))
	defer function.Close()
	stdin, input := io.Pipe()
	output, stdout := io.Pipe()
	p := &program{stdin: stdin, stdout: stdout, stderr: os.Stderr}
	ended := make(chan int)
	go func() {
		ended <- p.main(t.Context(), []string{"--config", project(t), "--function", "resize=" + function.URL + "/stand-in",
			"--function", "locations/asia-northeast3/functions/other=http://127.0.0.1:1/", "--",
			"sh", "-c", "echo $CLOUD_TASKS_EMULATOR_HOST; read line; exit 0"})
	}()
	address, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	at := "http://" + strings.TrimSpace(address)
	response, err := http.Get(at + "/v2/projects/demo-test/locations/asia-northeast3/queues/other")
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("the queue of the other function: %v, %v", response, err)
	}
	response.Body.Close()
	response, err = http.Post(at+"/projects/demo-test/locations/us-central1/queues/resize/tasks", "application/json",
		strings.NewReader(`{"task":{"httpRequest":{}}}`))
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("a task: %v, %v", response, err)
	}
	response.Body.Close()
	if path := <-called; path != "/stand-in" {
		t.Errorf("called %s", path)
	}
	input.Close()
	if code := <-ended; code != 0 {
		t.Errorf("exit code %d", code)
	}
	for _, bad := range []string{"resize", "=http://localhost/", "resize=", "a/b=http://localhost/", "resize=localhost"} {
		if _, stderr, code := run(t, "--config", project(t), "--function", bad, "--", "true"); code == 0 || !strings.Contains(stderr, "function") {
			t.Errorf("--function %s: exit code %d, %s", bad, code, stderr)
		}
	}
}

// Without a command it runs until it is interrupted, and prints what a shell evaluates.
func TestUntilInterrupted(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	out, in := io.Pipe()
	p := &program{stdin: strings.NewReader(""), stdout: in, stderr: io.Discard}
	code := make(chan int)
	go func() { code <- p.main(ctx, []string{"--config", project(t)}) }()
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "export STORAGE_EMULATOR_HOST=http://127.0.0.1:") {
			break
		}
	}
	interrupt()
	go io.Copy(io.Discard, out)
	if got := <-code; got != 0 {
		t.Errorf("exit code %d", got)
	}
}

func TestPortInUse(t *testing.T) {
	var addresses, ports []string
	for range 2 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		_, port, _ := net.SplitHostPort(l.Addr().String())
		addresses, ports = append(addresses, l.Addr().String()), append(ports, port)
	}
	config := write(t, t.TempDir(), "firebase.json", `{"emulators": {"firestore": {"port": `+ports[0]+`}, "auth": {"port": 0},
		"storage": {"port": `+ports[1]+`}, "tasks": {"port": 0}}}`)
	_, stderr, code := run(t, "--config", config, "--", "true")
	for _, want := range []string{
		"firestore (" + addresses[0] + "), storage (" + addresses[1] + ")",
		"set emulators.firestore.port, emulators.storage.port in " + config + " to another port",
	} {
		if code != exitFailure || !strings.Contains(stderr, want) {
			t.Errorf("exit code %d, %s, want %s", code, stderr, want)
		}
	}
}

func TestBadDocuments(t *testing.T) {
	config := project(t)
	for name, text := range map[string]string{"not JSON": "{", "not a document path": `{"schools": {"a": 1}}`, "no fields": `{"schools/a": 1}`} {
		documents := write(t, t.TempDir(), "bad.json", text)
		_, stderr, code := run(t, "--config", config, "--import", documents, "--", "true")
		if code != exitFailure || !strings.Contains(stderr, "bad.json") {
			t.Errorf("%s: exit code %d, %s", name, code, stderr)
		}
	}
}

// A function that runs somewhere else is called for what a command writes, and not for the import.
func TestTriggers(t *testing.T) {
	called := make(chan string, 10)
	function := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { called <- r.Header.Get("ce-document") }))
	defer function.Close()
	file := write(t, t.TempDir(), "triggers.json", `[{"name": "welcome", "event": "google.cloud.firestore.document.v1.created", "document": "users/{uid}",
		"url": "`+function.URL+`", "retry": true}]`)
	documents := write(t, t.TempDir(), "in.json", `{"users/imported": {"name": "Kim"}}`)
	stdin, input := io.Pipe()
	output, stdout := io.Pipe()
	p := &program{stdin: stdin, stdout: stdout, stderr: os.Stderr}
	ended := make(chan int)
	go func() {
		ended <- p.main(t.Context(), []string{"--config", project(t), "--import", documents, "--triggers", file, "--",
			"sh", "-c", "echo $FIRESTORE_EMULATOR_HOST; read line; exit 0"})
	}()
	address, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	client, err := firestore.NewClient(t.Context(), "demo-test", emulatortest.Connection(t, strings.TrimSpace(address)))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if _, err := client.Doc("users/u1").Create(t.Context(), map[string]any{}); err != nil {
		t.Fatal(err)
	}
	if document := <-called; document != "users/u1" {
		t.Errorf("called for %s", document)
	}
	input.Close()
	if code := <-ended; code != 0 {
		t.Errorf("exit code %d", code)
	}
}

func TestBadTriggers(t *testing.T) {
	config := project(t)
	const one = `{"name": "x", "event": "google.cloud.firestore.document.v1.created", "document": "a/b", "url": "http://localhost/"}`
	for want, text := range map[string]string{
		"a JSON array":        `{}`,
		"unknown field":       `[{"colour": "red"}]`,
		"the name is missing": `[{"event": "google.cloud.firestore.document.v1.created", "document": "a/{b}", "url": "http://localhost/"}]`,
		"did you mean a/{id}": `[{"name": "x", "event": "google.cloud.firestore.document.v1.created", "document": "a", "url": "http://localhost/"}]`,
		"is duplicated":       `[` + one + `, ` + one + `]`,
	} {
		file := write(t, t.TempDir(), "bad.json", text)
		_, stderr, code := run(t, "--config", config, "--triggers", file, "--", "true")
		if code != exitFailure || !strings.Contains(stderr, "bad.json") || !strings.Contains(stderr, want) {
			t.Errorf("want %q: exit code %d, %s", want, code, stderr)
		}
	}
}

// What is not asked for does not start: it has no address, and --data keeps what it had.
func TestOnly(t *testing.T) {
	data, in := t.TempDir(), write(t, t.TempDir(), "in.json", `{"a/b": {"n": 1}}`)
	const show = "echo $FIRESTORE_EMULATOR_HOST,$FIREBASE_AUTH_EMULATOR_HOST,$STORAGE_EMULATOR_HOST,$CLOUD_TASKS_EMULATOR_HOST,$FCM_EMULATOR_HOST,$GCE_METADATA_HOST"
	only := func(names string, more ...string) (parts []string, stderr string) {
		t.Helper()
		args := append(append([]string{"--config", project(t), "--data", data, "--only", names}, more...), "--", "sh", "-c", show)
		stdout, stderr, code := run(t, args...)
		if parts = strings.Split(strings.TrimSpace(stdout), ","); code != 0 || len(parts) != 6 {
			t.Fatalf("--only %s: exit code %d, %s%s", names, code, stdout, stderr)
		}
		return parts, stderr
	}
	got, stderr := only("firestore, functions:api", "--import", in)
	if got[0] == "" || strings.Join(got[1:], "") != "" || !strings.Contains(stderr, "functions has no effect") {
		t.Errorf("only Firestore: %q, %s", got, stderr)
	}
	if got, _ := only("auth,storage,tasks"); got[0] != "" || got[1] == "" || got[2] == "" || got[3] == "" || got[4] != "" || got[5] != got[3] {
		t.Errorf("all but Firestore: %q", got)
	}
	out := filepath.Join(t.TempDir(), "out.json")
	only("firestore,ui", "--export", out)
	if text, err := os.ReadFile(out); err != nil || !strings.Contains(string(text), `"a/b"`) {
		t.Errorf("what Firestore had: %s, %v", text, err)
	}
	for _, bad := range []string{"firestor", "functions", "ui", ",", "singleProjectMode", "ui.enabled"} {
		if _, stderr, code := run(t, "--config", project(t), "--only", bad, "--", "true"); code != exitFailure || !strings.Contains(stderr, "--only") {
			t.Errorf("--only %s: exit code %d, %s", bad, code, stderr)
		}
	}
}

// In a container, it listens everywhere if it is told to, and says so. Programs beside it are told an address that
// they can connect to.
func TestHost(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	var stdout bytes.Buffer
	stderr, errs := io.Pipe()
	p := &program{stdin: strings.NewReader(""), stdout: &stdout, stderr: errs}
	code := make(chan int)
	go func() { code <- p.main(ctx, []string{"--host", "0.0.0.0", "--config", project(t)}) }()
	for lines := bufio.NewScanner(stderr); lines.Scan(); {
		if text, ok := strings.CutPrefix(lines.Text(), "open to    "); ok {
			if !strings.Contains(text, "other machines") || !strings.Contains(text, "firestore (0.0.0.0)") || !strings.Contains(text, "--host") {
				t.Errorf("open to %s", text)
			}
			break
		}
	}
	go io.Copy(io.Discard, stderr)
	interrupt()
	if got := <-code; got != 0 || !strings.Contains(stdout.String(), "export FIRESTORE_EMULATOR_HOST=127.0.0.1:") || strings.Contains(stdout.String(), "[::]") {
		t.Errorf("exit code %d, %s", got, stdout.String())
	}
}

func TestVersion(t *testing.T) {
	if stdout, _, code := run(t, "--version"); code != 0 || !strings.HasPrefix(stdout, "localcloud ") || strings.Count(stdout, "\n") != 1 {
		t.Errorf("exit code %d, %s", code, stdout)
	}
}

// Projects of the shapes that public ones have start, and name what is not done.
func TestTypicalProjects(t *testing.T) {
	const ports = `"emulators": {"firestore": {"port": 0}, "auth": {"port": 0}, "storage": {"port": 0}, "tasks": {"port": 0}, "hosting": {"port": 0},
		"functions": {"port": 5001}, "database": {"port": 9000}, "ui": {"port": 0, "enabled": true}, "hub": {"port": 0}, "singleProjectMode": true}`
	for name, c := range map[string]struct {
		firebase, rc string
		notices      []string
	}{
		"functions with a codebase": {`{"functions": [{"source": "functions", "codebase": "default", "ignore": ["node_modules"], "predeploy": ["npm run lint"]}], ` + ports + `}`,
			"", []string{"functions has no effect", "emulators.database has no effect"}},
		"a web app beside Firestore": {`{"firestore": {"rules": "firestore.rules", "indexes": "firestore.indexes.json"}, "hosting": {"public": "dist",
			"ignore": ["firebase.json", "**/.*", "**/node_modules/**"], "rewrites": [{"source": "**", "destination": "/index.html"}]}, "storage": {"rules": "storage.rules"}, ` + ports + `}`,
			`{"projects": {"default": "demo-app"}}`, []string{"firestore.indexes has no effect"}},
		"a web framework": {`{"hosting": {"source": ".", "frameworksBackend": {"region": "us-central1"}}, ` + ports + `}`,
			"", []string{"hosting.source has no effect", "hosting.frameworksBackend has no effect"}},
		"rewrites without a folder": {`{"functions": {"source": "functions"}, "hosting": {"rewrites": [{"source": "/oauth", "function": "oauth"}]}, ` + ports + `}`,
			"", []string{`hosting has no effect: its \"public\" is missing`}},
		"the Realtime Database": {`{"database": {"rules": "database.rules.json"}, ` + ports + `}`, "", []string{"database has no effect"}},
		"extensions":            {`{"extensions": {"resize": "firebase/storage-resize-images@0.1.0"}, ` + ports + `}`, "", []string{"extensions has no effect"}},
		"sites with targets": {`{"hosting": [{"target": "app", "public": "a"}, {"target": "blog", "public": "b"}], ` + ports + `}`,
			`{"projects": {"default": "demo-app"}, "targets": {"demo-app": {"hosting": {"app": ["app"], "blog": ["blog"]}}}}`, nil},
		"nothing but functions and Data Connect": {`{"dataconnect": {"source": "dataconnect"}, "functions": {"source": "functions"}, "apphosting": {"backendId": "b", "rootDir": "/", "ignore": []}, ` + ports + `}`,
			"", []string{"dataconnect has no effect", "apphosting has no effect"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			write(t, dir, "firebase.json", c.firebase)
			write(t, dir, "firestore.rules", "rules_version = '2'; service cloud.firestore { match /databases/{d}/documents { match /{all=**} { allow read; } } }")
			write(t, dir, "storage.rules", "rules_version = '2'; service firebase.storage { match /b/{b}/o { match /{all=**} { allow read; } } }")
			if c.rc != "" {
				write(t, dir, ".firebaserc", c.rc)
			}
			_, stderr, code := run(t, "--config", dir, "--", "true")
			if code != 0 {
				t.Fatalf("exit code %d, %s", code, stderr)
			}
			for _, notice := range c.notices {
				if strings.Count(stderr, `msg="`+notice) != 1 {
					t.Errorf("want %q once: %s", notice, stderr)
				}
			}
		})
	}
}
