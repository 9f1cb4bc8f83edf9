package listdelta_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"heek.kr/heektime/emulator/sdktest"
	"heek.kr/heektime/internal/listdelta"
	"heek.kr/heektime/internal/longtest"
)

// input is a line that testdata/apply.mjs reads, output one that it writes.
type (
	input struct {
		List  []byte `json:"list"`
		Delta []byte `json:"delta"`
		Name  string `json:"name"`
		// From and To are addresses of lists, instead of the above.
		From *string `json:"from,omitempty"`
		To   string  `json:"to,omitempty"`
	}
	output struct {
		Result *[]byte `json:"result"`
		Error  string  `json:"error"`
		URL    string  `json:"url"`
		Name   string  `json:"name"`
	}
)

// web/src/listdelta.ts is valid in TypeScript's strictest settings, and applies, and rejects, the same
// deltas as the Go implementation: all vectors, random pairs, and damaged deltas of them.
func TestTypeScriptAgrees(t *testing.T) {
	folder := compileTypeScript(t)
	module := filepath.Join(folder, "listdelta.mjs")
	testModules(t, folder)
	testReferenceClient(t, module)
	var inputs []input
	for _, v := range vectors(t) {
		inputs = append(inputs, input{List: []byte(v.List), Delta: []byte(v.Delta), Name: v.Name})
	}
	n := 1000
	if longtest.Enabled() {
		n = 10_000
	}
	r := rand.New(rand.NewPCG(3, 0))
	for i, p := range randomPairs(3, n) {
		d, err := listdelta.Make(p.from, p.to)
		if err != nil {
			t.Fatal(err)
		}
		delta := d.Encode()
		inputs = append(inputs, input{List: p.from, Delta: delta, Name: name(p.to)})
		if i%10 == 0 {
			inputs = append(inputs, input{List: p.from, Delta: damage(r, delta), Name: name(p.to)})
		}
	}
	deltas := len(inputs)
	const a, b = "0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"
	addresses := []struct{ from, to, url string }{
		{"gs://x/lectures/가온/2026-0900/" + a + ".json", "gs://x/lectures/가온/2026-0900/" + b + ".json", "gs://x/lectures/가온/2026-0900/" + a + "-" + b + ".delta.json"},
		{"gs://x/lectures/s/2026-0900/" + a + ".json", "gs://x/lectures/s/2027-0300/" + b + ".json", ""},
		{"gs://x/lectures/s/2026-0900/" + a + ".json", "gs://x/lectures/s/2026-0900/" + a + ".json", ""},
		{"", "gs://x/lectures/s/2026-0900/" + b + ".json", ""},
	}
	for _, c := range addresses {
		inputs = append(inputs, input{From: &c.from, To: c.to})
	}
	outputs := runNode(t, module, inputs)
	for i, c := range addresses {
		if got := outputs[deltas+i]; got.URL != c.url || !strings.HasSuffix(c.to, "/"+got.Name+".json") {
			t.Errorf("the delta from %s to %s is %q of list %q, want %q", c.from, c.to, got.URL, got.Name, c.url)
		}
	}
	for i, in := range inputs[:deltas] {
		want, err := listdelta.Apply(in.List, in.Delta, in.Name)
		out := outputs[i]
		switch {
		case (err == nil) != (out.Result != nil):
			t.Fatalf("%q: Go says %v, TypeScript %q", in.Delta, err, out.Error)
		case err == nil && !bytes.Equal(want, *out.Result):
			t.Fatalf("%q: the results differ: %q, %q", in.Delta, want, *out.Result)
		}
	}
}

// modules are the modules of web/src that web clients use on their own.
var modules = []string{"listdelta", "pushtopics", "lecturechanges"}

// testModules tests the other modules.
func testModules(t *testing.T, folder string) {
	t.Helper()
	const script, vectors = "testdata/modules.mjs", "../push/topic/testdata/vectors.json"
	for _, file := range []string{script, vectors} {
		if _, err := os.ReadFile(file); err != nil {
			t.Fatal(err)
		}
	}
	if text, err := exec.CommandContext(t.Context(), "node", script, folder, vectors).CombinedOutput(); err != nil {
		t.Errorf("node %s: %v\n%s", script, err, text)
	}
}

// testReferenceClient checks that the reference client, which runs in browsers, has the compiled module.
func testReferenceClient(t *testing.T, module string) {
	t.Helper()
	const file, header = "../tests/webclient/listdelta.mjs", "// Compiled from web/src/listdelta.ts: go test ./internal/listdelta -run TypeScript -update\n"
	compiled, err := os.ReadFile(module)
	if err != nil {
		t.Fatal(err)
	}
	compiled = append([]byte(header), compiled...)
	if *update {
		if err := os.WriteFile(file, compiled, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if old, err := os.ReadFile(file); err != nil || !bytes.Equal(old, compiled) {
		t.Errorf("%s is out of date (%v): run go test ./internal/listdelta -run TypeScript -update", file, err)
	}
}

// compileTypeScript checks and compiles the modules and returns their folder.
func compileTypeScript(t *testing.T) string {
	t.Helper()
	packages, out := sdktest.Packages(t, os.DirFS("npm")), t.TempDir()
	args := []string{filepath.Join(packages, "node_modules", "typescript", "bin", "tsc"),
		"--strict", "--noUncheckedIndexedAccess", "--exactOptionalPropertyTypes", "--noPropertyAccessFromIndexSignature", "--noImplicitOverride",
		"--noUnusedLocals", "--noUnusedParameters", "--isolatedModules", "--skipLibCheck", "--target", "ES2022", "--module", "ES2022", "--lib", "ES2022,DOM",
		"--outDir", out}
	for _, name := range modules {
		source := "../../web/src/" + name + ".ts"
		if _, err := os.ReadFile(source); err != nil { // go test caches results until a file that the test has read changes
			t.Fatal(err)
		}
		args = append(args, source)
	}
	if text, err := exec.CommandContext(t.Context(), "node", args...).CombinedOutput(); err != nil {
		t.Fatalf("tsc: %v\n%s", err, text)
	}
	for _, name := range modules {
		if err := os.Rename(filepath.Join(out, name+".js"), filepath.Join(out, name+".mjs")); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func runNode(t *testing.T, module string, inputs []input) []output {
	t.Helper()
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	for _, in := range inputs {
		if err := enc.Encode(in); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(t.TempDir(), "inputs")
	if err := os.WriteFile(file, text.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := os.ReadFile("testdata/apply.mjs"); err != nil {
		t.Fatal(err)
	}
	var problems bytes.Buffer
	node := exec.CommandContext(t.Context(), "node", "testdata/apply.mjs", file, module)
	node.Stderr = &problems
	result, err := node.Output()
	if err != nil {
		t.Fatalf("node: %v\n%s", err, problems.Bytes())
	}
	var outputs []output
	lines := bufio.NewScanner(bytes.NewReader(result))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var out output
		if err := json.Unmarshal(lines.Bytes(), &out); err != nil {
			t.Fatal(err)
		}
		outputs = append(outputs, out)
	}
	if len(outputs) != len(inputs) {
		t.Fatalf("node applied %d deltas of %d", len(outputs), len(inputs))
	}
	return outputs
}
