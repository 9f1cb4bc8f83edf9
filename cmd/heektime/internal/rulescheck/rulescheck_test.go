package rulescheck

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFile(t *testing.T) {
	const frame = "rules_version = '2';\nservice cloud.firestore {\n  match /databases/{database}/documents {\n    match /things/{thing} {\n      %\n    }\n  }\n}\n"
	for _, c := range []struct {
		name, statement string
		failures        int
		want            []string
	}{
		{"valid", "allow get: if request.auth != null;", 0, []string{": 0 errors, 0 warnings\n"}},
		{"open to everyone", "allow write: if true;", 0, []string{":5:7: warning: this allows everyone to write", "      allow write: if true;\n", "^", ": 0 errors, 1 warning\n"}},
		{"unknown name", "allow get: if somebody();", 0, []string{":5:21: warning: ", "somebody", "      allow get: if somebody();\n", ": 0 errors, 1 warning\n"}},
		{"field missing from the schema", "allow get: if request.auth != null; } match /schools/{id} { allow get: if resource.data.nmae == '';", 1, []string{
			": error: schools/{schoolId} has no field nmae: did you mean name?\n", ": 1 error, 0 warnings\n",
		}},
		{"syntax error", "allow get if", 1, []string{":5:", "expected", ": 1 error, 0 warnings\n"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "test.rules")
			if err := os.WriteFile(path, []byte(strings.Replace(frame, "%", c.statement, 1)), 0o600); err != nil {
				t.Fatal(err)
			}
			var out strings.Builder
			failures, err := File(&out, path)
			if err != nil || failures != c.failures {
				t.Errorf("got %d errors, %v; want %d errors", failures, err, c.failures)
			}
			for _, want := range c.want {
				if !strings.Contains(out.String(), want) {
					t.Errorf("missing %q in:\n%s", want, &out)
				}
			}
		})
	}
	if _, err := File(&strings.Builder{}, "no-such.rules"); err == nil || !strings.Contains(err.Error(), "no-such.rules") {
		t.Errorf("missing file: %v", err)
	}
}

func TestSummarize(t *testing.T) {
	const events = `{"Action":"start"}
{"Action":"run","Test":"TestMutants"}
{"Action":"output","Test":"TestMutants","Output":"=== RUN   TestMutants\n"}
{"Action":"output","Test":"TestMutants","Output":"    mutants_test.go:71: survived: firestore.rules:53:15: allow read\n"}
{"Action":"output","Test":"TestMutants","Output":"           53 allow list\n"}
{"Action":"output","Test":"TestAllowed/an_owner_lists","Output":"    rules_test.go:40: the server denies it\n"}
{"Action":"output","Test":"TestAllowed/an_owner_lists","Output":"    --- FAIL: TestAllowed/an_owner_lists (0.00s)\n"}
{"Action":"fail","Test":"TestAllowed/an_owner_lists","Elapsed":0}
{"Action":"fail","Test":"TestMutants","Elapsed":1.94}
{"Action":"fail","Test":"TestAllowed","Elapsed":0.1}
not JSON
{"Action":"fail","Elapsed":2}
`
	const want = `fail Mutants, 1.9 s
     survived: firestore.rules:53:15: allow read
                53 allow list
fail Allowed, 0.1 s
     an owner lists: the server denies it
not JSON
`
	var out strings.Builder
	if err := summarize(&out, strings.NewReader(events)); err != nil {
		t.Fatal(err)
	}
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", &out, want)
	}
}

func TestSummarizeShortensLongOutput(t *testing.T) {
	var events strings.Builder
	for i := range 12_771 {
		fmt.Fprintf(&events, `{"Action":"output","Test":"TestAttacks","Output":"    rules_test.go:1: attack %d is allowed\n"}`+"\n", i)
	}
	events.WriteString(`{"Action":"fail","Test":"TestAttacks","Elapsed":1}` + "\n")
	var out strings.Builder
	if err := summarize(&out, strings.NewReader(events.String())); err != nil {
		t.Fatal(err)
	}
	lines := strings.Count(out.String(), "\n")
	if lines > 50 || !strings.Contains(out.String(), "attack 0 is allowed") || !strings.Contains(out.String(), "attack 12770 is allowed") ||
		!strings.Contains(out.String(), "… 12726 more lines") {
		t.Errorf("%d lines:\n%s", lines, &out)
	}
}
