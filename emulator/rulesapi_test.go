package emulator_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"cloud.google.com/go/firestore"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/emulator"
	"heek.kr/heektime/emulator/emulatortest"
)

// rulesOf returns Firestore's rules with this condition for everything.
func rulesOf(condition string) string {
	return "rules_version = '2';\nservice cloud.firestore { match /{all=**} { allow read, write: if " + condition + "; } }\n"
}

// TestRulesAPI switches rules with requests as the Firebase Rules API documents them. It is long because each
// request depends on those before.
func TestRulesAPI(t *testing.T) {
	cloud := emulatortest.Start(t, func(cfg *emulator.Config) { cfg.Rules = []byte(rulesOf("false")) })
	base := "http://" + cloud.TasksAddress() + "/v1/projects/demo-test/"
	request := func(method, path, body string, code int) (answer struct {
		Name, RulesetName string
		Source            struct{ Files []struct{ Content string } }
		Error             struct{ Status string }
	}) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, base+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		if err == nil {
			err = json.Unmarshal(text, &answer)
		}
		if err != nil || response.StatusCode != code {
			t.Fatalf("%s %s: %v, %d %s, want %d", method, path, err, response.StatusCode, text, code)
		}
		return answer
	}
	id := func(name string) string { return strings.TrimPrefix(name, "projects/demo-test/") }
	create := func(condition string) string {
		t.Helper()
		text, _ := json.Marshal(rulesOf(condition))
		return request("POST", "rulesets", fmt.Sprintf(`{"source": {"files": [{"name": "x", "content": %s}]}}`, text), 200).Name
	}
	patch := func(release, ruleset string, code int) {
		t.Helper()
		name := "projects/demo-test/releases/" + release
		request("PATCH", "releases/"+release, fmt.Sprintf(`{"release": {"name": %q, "rulesetName": %q}}`, name, ruleset), code)
	}
	client := cloud.FirestoreClientSignedOut(t)
	write := func(want codes.Code) {
		t.Helper()
		_, err := client.Collection("c").Doc("d").Set(t.Context(), map[string]any{"n": firestore.Increment(1)})
		if status.Code(err) != want {
			t.Errorf("a write: %v, want %v", err, want)
		}
	}
	write(codes.PermissionDenied)
	first := request("GET", "releases/cloud.firestore", "", 200).RulesetName
	if got := request("GET", id(first), "", 200).Source.Files[0].Content; got != rulesOf("false") {
		t.Errorf("the released rules are %q", got)
	}
	if again := request("GET", "releases/cloud.firestore", "", 200).RulesetName; again != first {
		t.Errorf("without a change, the release names %s, then %s", first, again)
	}
	open := create("true")
	write(codes.PermissionDenied) // a ruleset alone is not in force
	patch("cloud.firestore", open, 200)
	write(codes.OK)
	if got := request("GET", "releases/cloud.firestore", "", 200).RulesetName; got != open {
		t.Errorf("the release names %s, want %s", got, open)
	}
	patch("cloud.firestore", first, 200)
	write(codes.PermissionDenied)

	request("DELETE", id(first), "", 400) // it is released
	request("DELETE", id(open), "", 200)
	request("GET", id(open), "", 404)
	patch("cloud.firestore", open, 404)
	patch("cloud.nothing", first, 404)
	request("GET", "releases/firebase.storage/demo-test", "", 404) // it has no rules
	request("POST", "rulesets", `{"source": {"files": [{"name": "x", "content": "service {"}]}}`, 400)
	request("POST", "rulesets", `{"source": {"files": []}}`, 400)
	request("GET", "rulesets", "", 501)

	// Rules that come into force in another way are a release, too.
	if _, err := cloud.Firestore.SetRules("", []byte(rulesOf("1 == 1"))); err != nil {
		t.Fatal(err)
	}
	if _, err := cloud.Firestore.SetRules("demo-test", []byte(rulesOf("2 == 2"))); err != nil {
		t.Fatal(err)
	}
	other := request("GET", "releases/cloud.firestore", "", 200).RulesetName
	if got := request("GET", id(other), "", 200).Source.Files[0].Content; got != rulesOf("2 == 2") || other == first {
		t.Errorf("the released rules are %q in %s", got, other)
	}
}
