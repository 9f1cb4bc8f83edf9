package main

import (
	"bufio"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/emulator/emulatortest"
)

// Another project's test run: fixtures in, a command beside the cloud, documents out, and the command's own exit code.
func TestEmulatorRunsACommand(t *testing.T) {
	fixtures := write(t, "in.json", `{"schools/가온대학교": {"name": "가온대학교"}}`)
	out := filepath.Join(t.TempDir(), "out.json")
	stdout, stderr, ok := output(t, "emulator", "--config", ports(t), "--import", fixtures, "--export", out, "--",
		"sh", "-c", "echo $FIRESTORE_EMULATOR_HOST $GOOGLE_CLOUD_PROJECT")
	if !ok || !strings.HasPrefix(stdout, "127.0.0.1:") || !strings.Contains(stdout, "demo-heektime") {
		t.Fatalf("ok %v\n%s%s", ok, stdout, stderr)
	}
	saved, err := os.ReadFile(out)
	if err != nil || !strings.Contains(string(saved), `"가온대학교"`) {
		t.Errorf("exported %s, %v", saved, err)
	}
	cmd := heektime(t, "emulator", "--config", ports(t), "--", "sh", "-c", "exit 7")
	if cmd.Run(); cmd.ProcessState.ExitCode() != 7 {
		t.Errorf("exit code %d, want the command's 7", cmd.ProcessState.ExitCode())
	}
}

func TestEmulatorRefusesBadFixtures(t *testing.T) {
	for name, text := range map[string]string{"no JSON": "{", "no document path": `{"schools": {"a": 1}}`, "no fields": `{"schools/a": 1}`} {
		fixtures := write(t, "bad.json", text)
		_, stderr, ok := output(t, "emulator", "--config", ports(t), "--import", fixtures, "--", "true")
		if ok || !strings.Contains(stderr, "bad.json") {
			t.Errorf("%s: ok %v, %s", name, ok, stderr)
		}
	}
}

// A function that runs somewhere else is called for what a command writes, and not for the fixtures.
func TestEmulatorTriggers(t *testing.T) {
	called := make(chan string, 10)
	function := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { called <- r.Header.Get("ce-document") }))
	defer function.Close()
	file := write(t, "triggers.json", `[{"name": "welcome", "event": "google.cloud.firestore.document.v1.created", "document": "users/{uid}",
		"url": "`+function.URL+`", "retry": true}]`)
	fixtures := write(t, "in.json", `{"users/fixture": {"name": "Kim"}}`)
	cmd := heektime(t, "emulator", "--config", ports(t), "--import", fixtures, "--triggers", file, "--",
		"sh", "-c", "echo $FIRESTORE_EMULATOR_HOST; read line")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	connection := emulatortest.Connection(t, strings.TrimSpace(address))
	client, err := firestore.NewClient(t.Context(), "demo-heektime", connection)
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
	in.Close()
	if err := cmd.Wait(); err != nil && cmd.ProcessState.ExitCode() != 1 { // read's at the end of its input
		t.Error(err)
	}
}

func TestEmulatorRefusesBadTriggers(t *testing.T) {
	const one = `{"name": "x", "event": "google.cloud.firestore.document.v1.created", "document": "a/b", "url": "http://localhost/"}`
	for want, text := range map[string]string{
		"no JSON array":       `{}`,
		"unknown field":       `[{"colour": "red"}]`,
		"needs a name":        `[{"event": "google.cloud.firestore.document.v1.created", "document": "a/{b}", "url": "http://localhost/"}]`,
		"did you mean a/{id}": `[{"name": "x", "event": "google.cloud.firestore.document.v1.created", "document": "a", "url": "http://localhost/"}]`,
		"another one named":   `[` + one + `, ` + one + `]`,
	} {
		file := write(t, "bad.json", text)
		_, stderr, ok := output(t, "emulator", "--config", ports(t), "--triggers", file, "--", "true")
		if ok || !strings.Contains(stderr, "bad.json") || !strings.Contains(stderr, want) {
			t.Errorf("want %q: ok %v, %s", want, ok, stderr)
		}
	}
}
