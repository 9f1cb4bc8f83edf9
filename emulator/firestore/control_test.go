package firestore_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// Firebase's test libraries load rules, clear the database and read the coverage. It is long because of its table.
func TestControl(t *testing.T) {
	s := startWeb(t)
	const api = "/emulator/v1/projects/demo-web"
	body := func(rules string) string {
		text, _ := json.Marshal(map[string]any{"rules": map[string]any{"files": []any{map[string]any{"content": rules}}}})
		return string(text)
	}
	open := strings.Replace(notesRules, "allow write: if request.auth.uid == 'ann'", "allow read, write", 1)
	broken := strings.Replace(notesRules, "allow write: if request.auth.uid == 'ann'", "allow write: iff", 1)
	for _, c := range []struct {
		name, method, path, body string
		status                   int
		want                     string
	}{
		{"no rules yet", "GET", api + ":securityRules", "", 404, "has no security rules"},
		{"no coverage yet", "GET", api + ":ruleCoverage", "", 404, "has no security rules"},
		{"allowed without rules", "PATCH", "/v1/" + webRoot + "/secrets/s", "{}", 200, ""},
		{"load", "PUT", api + ":securityRules", body(notesRules), 200, `"issues"`},
		{"denied by the rules", "PATCH", "/v1/" + webRoot + "/secrets/s", "{}", 403, "PERMISSION_DENIED"},
		{"load with an error", "PUT", api + ":securityRules", body(broken), 400, "INVALID_ARGUMENT: firestore: firestore.rules:16:20: error: unexpected 'iff': expected 'if' before the condition\n          allow write: iff;\n"},
		{"load with an error, like the CLI", "PUT", api + ":securityRules", strings.Replace(body(broken), "{", `{"ignore_errors":true,`, 1), 200, `"severity": "ERROR"`},
		{"the old rules are in effect", "PATCH", "/v1/" + webRoot + "/secrets/s", "{}", 403, "PERMISSION_DENIED"},
		{"read", "GET", api + ":securityRules", "", 200, "request.auth.uid == 'ann'"},
		{"load other rules", "PUT", api + ":securityRules", body(open), 200, `"issues"`},
		{"the other rules are in effect", "PATCH", "/v1/" + webRoot + "/secrets/s", "{}", 200, ""},
		{"another project has no rules", "PATCH", "/v1/projects/other/databases/(default)/documents/secrets/s", "{}", 200, ""},
		{"no files", "PUT", api + ":securityRules", `{"rules":{}}`, 400, "one element"},
		{"not JSON", "PUT", api + ":securityRules", "rules", 400, "The body must be"},
		{"coverage", "GET", api + ":ruleCoverage", "", 200, `"rules"`},
		{"coverage as a page", "GET", api + ":ruleCoverage.html", "", 200, "<html"},
		{"post coverage", "POST", api + ":ruleCoverage", "", 404, "nothing at"},
		{"clear", "DELETE", api + "/databases/(default)/documents", "", 200, "{}"},
		{"the document is gone", "GET", "/v1/" + webRoot + "/secrets/s", "", 404, "NOT_FOUND"},
		{"clear an invalid database", "DELETE", api + "/databases/X/documents", "", 400, "Invalid database id"},
		{"clear an invalid path", "DELETE", api + "/databases/(default)/documents/a//b", "", 400, "empty"},
		{"clear a path that ends with a slash", "DELETE", api + "/databases/(default)/documents/a/", "", 400, "empty"},
		{"clear a path of an invalid database", "DELETE", api + "/databases/X/documents/a", "", 400, "Invalid database id"},
		{"patch the rules", "PATCH", api + ":securityRules", "", 404, "nothing at"},
		{"no project", "GET", "/emulator/v1/projects/:securityRules", "", 404, "nothing at"},
		{"an unknown path", "GET", "/emulator/v1/config", "", 404, "nothing at"},
		{"ready", "GET", "/", "", 200, "Ok\n"},
		{"ready, by HEAD", "HEAD", "/", "", 200, ""},
		{"ready, by POST", "POST", "/", "", 404, "nothing at"},
		{"favicon", "GET", "/favicon.ico", "", 404, "nothing at"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := s.do(c.method, c.path, "", c.body)
			if got.status != c.status || !strings.Contains(string(got.body), c.want) {
				t.Errorf("%d %s\nwant %d …%s…", got.status, got.body, c.status, c.want)
			}
		})
	}
	r, err := http.NewRequest("PUT", s.url+api+":securityRules", strings.NewReader(body(broken)))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if got := s.send(r); got.status != 400 || !strings.Contains(string(got.body), `"status":"INVALID_ARGUMENT"`) {
		t.Errorf("an error in rules sent as JSON: %d %s", got.status, got.body)
	}
}
