package standalone_test

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/emulator/firestore/standalone"
)

// command runs the command until the test ends, and returns the address that it prints.
func command(t *testing.T, args ...string) (address string, stop func() int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	in, out := io.Pipe()
	stdin, keep := io.Pipe()
	code := make(chan int, 1)
	var errs bytes.Buffer
	go func() {
		code <- standalone.Run(ctx, append([]string{"--port", "0"}, args...), stdin, out, &errs)
		out.Close()
	}()
	stop = func() int {
		keep.Close() // with --until-eof, this stops it
		if !strings.Contains(strings.Join(args, " "), "--until-eof") {
			cancel()
		}
		return <-code
	}
	line, err := bufio.NewReader(in).ReadString('\n')
	if err != nil {
		t.Fatalf("%v: exit code %d, %s", err, <-code, &errs)
	}
	t.Cleanup(cancel)
	_, address, _ = strings.Cut(strings.TrimSpace(line), "export FIRESTORE_EMULATOR_HOST=")
	return address, stop
}

// The documents of a data directory survive, and the rules apply to whoever is not a server.
func TestRun(t *testing.T) {
	dir := t.TempDir()
	rules := filepath.Join(dir, "firestore.rules")
	if err := os.WriteFile(rules, []byte("rules_version = '2'; service cloud.firestore { match /databases/{d}/documents { match /a/{b} { allow get; } } }"), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"--rules", rules, "--data", filepath.Join(dir, "data"), "--until-eof"}
	for try := range 2 {
		address, stop := command(t, args...)
		t.Setenv("FIRESTORE_EMULATOR_HOST", address)
		fs, err := firestore.NewClient(t.Context(), "demo-alone")
		if err != nil {
			t.Fatal(err)
		}
		if try == 0 {
			_, err = fs.Doc("a/b").Create(t.Context(), map[string]any{"n": 1})
		} else {
			_, err = fs.Doc("a/b").Get(t.Context())
		}
		if err != nil {
			t.Fatalf("try %d: %v", try, err)
		}
		fs.Close()
		if code := stop(); code != 0 {
			t.Fatalf("exit code %d", code)
		}
	}
}

func TestErrors(t *testing.T) {
	address, _ := command(t)
	_, port, _ := strings.Cut(address, ":")
	for _, tc := range []struct {
		args []string
		code int
		text string
	}{
		{[]string{"--help"}, 0, "security rules"},
		{[]string{"--nope"}, 2, "not defined"},
		{[]string{"npm", "test"}, 2, "unexpected argument"},
		{[]string{"--rules", "none.rules"}, 1, "none.rules"},
		{[]string{"--port", port}, 1, "in use"},
	} {
		var errs bytes.Buffer
		if code := standalone.Run(t.Context(), tc.args, strings.NewReader(""), io.Discard, &errs); code != tc.code || !strings.Contains(errs.String(), tc.text) {
			t.Errorf("%q: exit code %d, %s", tc.args, code, &errs)
		}
	}
}
