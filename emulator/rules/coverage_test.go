package rules_test

import (
	"encoding/json"
	"strings"
	"testing"

	"heek.kr/heektime/emulator/rules"
)

// covered returns the coverage of a few evaluations.
func covered(t *testing.T) *rules.Coverage {
	t.Helper()
	set := compile(t, rulesWith(`    function signedIn() { return request.auth != null; }
    allow get: if signedIn() && (resource.data.n > 1 || resource.data.none == 1);
    allow delete: if signedIn();`))
	cover := set.NewCoverage()
	for n := range 4 {
		set.Evaluate(t.Context(), &rules.Request{Service: rules.Firestore, Method: rules.Get, Path: root + "/things/x", Auth: alice, Time: now,
			Before: fields{"n": rules.IntValue(int64(n))}, Coverage: cover, Explain: true})
	}
	set.Evaluate(t.Context(), &rules.Request{Service: rules.Firestore, Method: rules.Get, Path: root + "/things/x", Time: now, Coverage: cover})
	return cover
}

func TestCoverageText(t *testing.T) {
	var out strings.Builder
	if err := covered(t).WriteText(&out); err != nil {
		t.Fatal(err)
	}
	want := `test.rules:5:19: true 2, false 1, error 2: signedIn() && (resource.data.n > 1 || resource.data.none == 1)
test.rules:5:33: true 2, error 2: (resource.data.n > 1 || resource.data.none == 1)
test.rules:5:34: true 2, false 2: resource.data.n > 1
test.rules:5:57: error 2: resource.data.none == 1
test.rules:6:22: never evaluated: signedIn()
test.rules:4:34: true 4, false 1: request.auth != null
4 of 6 were both true and not
`
	if got := out.String(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// TestCoverageJSON checks the field names that clients of the official emulator read.
func TestCoverageJSON(t *testing.T) {
	text, err := json.Marshal(covered(t))
	if err != nil {
		t.Fatal(err)
	}
	var report struct {
		Rules struct {
			Files []struct{ Name, Content string }
		}
		Report []struct {
			SourcePosition struct{ Line, Column, CurrentOffset, EndOffset int }
			Values         []struct {
				Value map[string]any
				Count int
			}
			Children []json.RawMessage
		}
	}
	if err := json.Unmarshal(text, &report); err != nil {
		t.Fatal(err)
	}
	if len(report.Rules.Files) != 1 || !strings.HasPrefix(report.Rules.Files[0].Content, "rules_version") {
		t.Errorf("files %+v", report.Rules.Files)
	}
	first := report.Report[0]
	source := report.Rules.Files[0].Content[first.SourcePosition.CurrentOffset:first.SourcePosition.EndOffset]
	if first.SourcePosition.Line != 5 || !strings.HasPrefix(source, "signedIn() &&") || len(first.Children) != 2 {
		t.Errorf("first expression %+v, %s", first, source)
	}
	if len(first.Values) != 3 || first.Values[0].Count != 2 || first.Values[0].Value["boolValue"] != true {
		t.Errorf("values of the first expression %+v", first.Values)
	}
}

func TestCoverageHTML(t *testing.T) {
	var out strings.Builder
	if err := covered(t).WriteHTML(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`<span class="full" title="true: 2, false: 2">resource.data.n &gt; 1</span>`,
		`<span class="none" title="never evaluated">signedIn()</span>`, `rules_version = &#39;2&#39;;`} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%s not found in\n%s", want, out.String())
		}
	}
}
