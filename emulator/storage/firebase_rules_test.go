package storage

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	gcs "cloud.google.com/go/storage"

	"heek.kr/heektime/emulator/rules"
)

func TestSetRulesEndpoint(t *testing.T) {
	c := withRules(t)
	c.write(c.bucket.Object("public/a"), "x")
	status := func() int {
		res, _ := c.do("GET", objectPath("public/a"), "")
		return res.StatusCode
	}
	file := func(condition string) string {
		return fmt.Sprintf(`service firebase.storage { match /b/{b}/o { match /{f=**} { allow read: if %s; } } }`, condition)
	}
	set := func(body string) (int, string) {
		res, text := c.do("PUT", "/internal/setRules", body, "Content-Type", "application/json")
		return res.StatusCode, text
	}
	body := func(files ...map[string]string) string {
		raw, _ := json.Marshal(map[string]any{"rules": map[string]any{"files": files}})
		return string(raw)
	}
	for _, tc := range []struct {
		body   string
		status int
		want   string
		read   int
	}{
		{body(map[string]string{"name": "storage.rules", "content": file("false")}), 200, "Rules updated", 403},
		{body(map[string]string{"name": "my.rules", "content": "service firebase.storage {\n  match / {"}), 400, "my.rules:2:", 403},
		// The words of the Firebase CLI's Storage emulator, which test suites look for.
		{body(map[string]string{"name": "my.rules", "content": "service firebase.storage {\n  match / {"}), 400, "error updating rules", 403},
		{`{"rules":{"files":[]}}`, 400, "rules.files", 403},
		{`{"rules":1}`, 400, "rules", 403},
		{`nonsense`, 400, "JSON", 403},
		{body(map[string]string{"content": file("true"), "resource": testBucket}, map[string]string{"content": file("false"), "resource": "b2"}), 200, "", 200},
		{body(map[string]string{"content": file("false"), "resource": testBucket}, map[string]string{"content": "x", "resource": "b2"}), 400, "error", 200},
		{body(map[string]string{"content": file("false")}, map[string]string{"content": file("true")}), 400, "resource", 200},
	} {
		got, text := set(tc.body)
		if got != tc.status || !strings.Contains(text, tc.want) {
			t.Errorf("%s: %d %s", tc.body, got, text)
		}
		if got := status(); got != tc.read {
			t.Errorf("after %s: read is %d, want %d", tc.body, got, tc.read)
		}
	}
	if res, _ := c.do("POST", "/internal/reset", ""); res.StatusCode != 200 {
		t.Errorf("reset: %d", res.StatusCode)
	}
	if _, err := c.bucket.Object("public/a").Attrs(t.Context()); !errors.Is(err, gcs.ErrObjectNotExist) {
		t.Errorf("after reset: %v", err)
	}
}

func TestEvaluations(t *testing.T) {
	c := withRules(t)
	c.as("bob").call("GET", objectPath("users/ann/photo"), "")
	c.do("GET", objectPath("public/a"), "")
	c.as("owner").call("GET", objectPath("public/a"), "")
	got := c.server.Evaluations()
	if len(got) != 2 || !got[0].Allowed || got[1].Allowed || got[1].UID != "bob" || got[1].Method != rules.Get ||
		got[1].Path != "/b/"+testBucket+"/o/users/ann/photo" || got[1].Denial == nil || got[1].Denial.Tried[0].Line != 8 {
		t.Errorf("%+v", got)
	}
	if c.server.Coverage(testBucket) == nil {
		t.Error("no coverage")
	}
	if text, ok := c.server.Rules(testBucket); !ok || text != albums {
		t.Errorf("rules %q", text)
	}
	c.server.DropRules("")
	if res, _ := c.do("GET", objectPath("users/ann/photo"), ""); res.StatusCode != 404 {
		t.Errorf("without rules: %d", res.StatusCode)
	}
}

// TestRulesError: rules that read a document without a Firestore cause an error that clients do not
// retry and that is recorded.
func TestRulesError(t *testing.T) {
	c := start(t, Config{Rules: []byte(`service firebase.storage { match /b/{b}/o { match /{f} {
	  allow read: if firestore.exists(/databases/(default)/documents/a/b); } } }`)})
	if res, body := c.do("GET", objectPath("x"), ""); res.StatusCode != 400 || !strings.Contains(body, "documents/a/b") {
		t.Errorf("%d %s", res.StatusCode, body)
	}
	if j := c.server.Evaluations(); len(j) != 1 || j[0].Err == nil || j[0].Allowed {
		t.Errorf("%+v", j)
	}
}

// TestWritesAreAuthorizedAtomically: of concurrent uploads, only one is a create.
func TestWritesAreAuthorizedAtomically(t *testing.T) {
	once := `service firebase.storage { match /b/{b}/o { match /{f} { allow create: if true; } } }`
	c := start(t, Config{Rules: []byte(once)})
	results := make(chan int)
	for i := range 20 {
		go func() {
			res, _ := c.as(fmt.Sprint("user", i)).call("POST", uploadPath("name"), "x", "Content-Type", "text/plain")
			results <- res.StatusCode
		}()
	}
	count := map[int]int{}
	for range 20 {
		count[<-results]++
	}
	if count[200] != 1 || count[403] != 19 {
		t.Errorf("statuses %v, want one 200", count)
	}
}

// TestRequestResource: request.resource lacks the properties that only a stored object has, and
// resource has all of them.
func TestRequestResource(t *testing.T) {
	properties := []string{"name", "bucket", "generation", "metageneration", "size", "timeCreated", "updated", "md5Hash",
		"crc32c", "etag", "contentType", "metadata"}
	ofStored := map[string]bool{"generation": true, "metageneration": true, "etag": true, "timeCreated": true, "updated": true}
	for _, p := range properties {
		has := fmt.Sprintf("('%s' in request.resource) && request.resource.%s != null", p, p)
		if ofStored[p] {
			has = fmt.Sprintf("!('%s' in request.resource)", p)
		}
		c := start(t, Config{Rules: []byte(fmt.Sprintf(`service firebase.storage { match /b/{b}/o { match /{f} {
			allow create: if %s && resource == null;
			allow update: if %s && resource.%s != null;
			allow get: if resource.%s != null && request.resource == null;
			allow delete: if resource.%s != null && request.resource == null; } } }`, has, has, p, p, p))})
		for _, request := range [][]string{
			{"POST", uploadPath("x"), "one", "Content-Type", "text/plain"},
			{"POST", uploadPath("x"), "two", "Content-Type", "text/plain"},
			{"PATCH", objectPath("x"), `{"metadata":{"a":"b"}}`, "Content-Type", "application/json"},
			{"GET", objectPath("x"), ""},
			{"DELETE", objectPath("x"), ""},
		} {
			if res, body := c.as("ann").call(request[0], request[1], request[2], request[3:]...); res.StatusCode/100 != 2 {
				t.Errorf("%s: %s: %d %s", p, request[0], res.StatusCode, body)
			}
		}
	}
}
