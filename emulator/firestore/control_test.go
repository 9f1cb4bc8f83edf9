package firestore_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// The test libraries of Firebase load rules, clear the database and look at what the rules did.
func TestControl(t *testing.T) {
	s := startWeb(t)
	const of = "/emulator/v1/projects/demo-web"
	body := func(rules string) string {
		text, _ := json.Marshal(map[string]any{"rules": map[string]any{"files": []any{map[string]any{"content": rules}}}})
		return string(text)
	}
	open := strings.Replace(notes, "allow write: if request.auth.uid == 'ann'", "allow read, write", 1)
	broken := strings.Replace(notes, "allow write: if request.auth.uid == 'ann'", "allow write: iff", 1)
	for _, c := range []struct {
		name, method, path, body string
		status                   int
		want                     string
	}{
		{"no rules yet", "GET", of + ":securityRules", "", 404, "has no security rules"},
		{"no coverage yet", "GET", of + ":ruleCoverage", "", 404, "has no security rules"},
		{"everybody may", "PATCH", "/v1/" + webRoot + "/secrets/s", "{}", 200, ""},
		{"load", "PUT", of + ":securityRules", body(notes), 200, `"issues"`},
		{"nobody may", "PATCH", "/v1/" + webRoot + "/secrets/s", "{}", 403, "PERMISSION_DENIED"},
		{"load with a mistake", "PUT", of + ":securityRules", body(broken), 400, "firestore.rules:16:20: error: unexpected 'iff': expected 'if' before the condition\n          allow write: iff;\n"},
		{"load with a mistake, as the CLI does", "PUT", of + ":securityRules", strings.Replace(body(broken), "{", `{"ignore_errors":true,`, 1), 200, `"severity": "ERROR"`},
		{"the rules are as before", "PATCH", "/v1/" + webRoot + "/secrets/s", "{}", 403, "PERMISSION_DENIED"},
		{"read", "GET", of + ":securityRules", "", 200, "request.auth.uid == 'ann'"},
		{"load others", "PUT", of + ":securityRules", body(open), 200, `"issues"`},
		{"they are in force", "PATCH", "/v1/" + webRoot + "/secrets/s", "{}", 200, ""},
		{"another project has none", "PATCH", "/v1/projects/other/databases/(default)/documents/secrets/s", "{}", 200, ""},
		{"no files", "PUT", of + ":securityRules", `{"rules":{}}`, 400, "one element"},
		{"no JSON", "PUT", of + ":securityRules", "rules", 400, "The body must be"},
		{"coverage", "GET", of + ":ruleCoverage", "", 200, `"rules"`},
		{"coverage as a page", "GET", of + ":ruleCoverage.html", "", 200, "<html"},
		{"coverage posted", "POST", of + ":ruleCoverage", "", 404, "nothing at"},
		{"clear", "DELETE", of + "/databases/(default)/documents", "", 200, "{}"},
		{"is clear", "GET", "/v1/" + webRoot + "/secrets/s", "", 404, "NOT_FOUND"},
		{"clear a database that is none", "DELETE", of + "/databases/X/documents", "", 400, "Invalid database id"},
		{"clear one document", "DELETE", of + "/databases/(default)/documents/a/b", "", 404, "nothing at"},
		{"patched", "PATCH", of + ":securityRules", "", 404, "nothing at"},
		{"no project", "GET", "/emulator/v1/projects/:securityRules", "", 404, "nothing at"},
		{"no such thing", "GET", "/emulator/v1/config", "", 404, "nothing at"},
		{"ready", "GET", "/", "", 200, "Ok\n"},
		{"ready, by HEAD", "HEAD", "/", "", 200, ""},
		{"ready, posted", "POST", "/", "", 404, "nothing at"},
		{"favicon", "GET", "/favicon.ico", "", 404, "nothing at"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := s.do(c.method, c.path, "", c.body)
			if got.status != c.status || !strings.Contains(string(got.body), c.want) {
				t.Errorf("%d %s\nwant %d …%s…", got.status, got.body, c.status, c.want)
			}
		})
	}
	r, err := http.NewRequest("PUT", s.url+of+":securityRules", strings.NewReader(body(broken)))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if got := s.send(r); got.status != 400 || !strings.Contains(string(got.body), `"status":"INVALID_ARGUMENT"`) {
		t.Errorf("a mistake, to who speaks JSON: %d %s", got.status, got.body)
	}
}
