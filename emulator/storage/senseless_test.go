package storage

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"heek.kr/heektime/emulator/internal/objects"
)

// A call whose parameters make no sense changes nothing.
func TestSenselessCallsWriteNothing(t *testing.T) {
	t.Parallel()
	c := start(t, Config{})
	owner := c.as("owner")
	owner.upload("o/x", `{"contentType": "text/plain"}`, "text/plain", "content")
	before, err := c.server.Objects().Get(objects.Ref{Bucket: testBucket, Name: "o/x"}, objects.Conditions{})
	if err != nil {
		t.Fatal(err)
	}
	path := objectPath("o/x")
	for _, r := range []struct {
		method, path string
		header       []string
	}{
		{"POST", path + "?create_token=false", nil},
		{"POST", path + "?create_token=", nil},
		{"POST", path + "?create_token=TRUE", nil},
		{"POST", path + "?delete_token=", nil},
		{"POST", path + "?create_token=true&delete_token=x", nil},
		{"PUT", path + "?create_token=1", nil},
		{"POST", path + "?upload_id=", nil},
		{"POST", path, []string{"X-Goog-Upload-Command", "upload, finalize"}},
		{"POST", path, []string{"X-Goog-Upload-Command", "cancel", "X-Goog-Upload-Protocol", "raw"}},
		{"POST", path, []string{"X-Goog-Upload-Protocol", "resumable"}},
		{"POST", path, []string{"X-HTTP-Method-Override", "DELETE"}},
		{"POST", uploadPath("o/x") + "&create_token=no", nil},
		{"POST", "/upload/storage/v1/b/" + testBucket + "/o?uploadType=media&name=o/x&upload_id=", nil},
		{"POST", "/upload/storage/v1/b/" + testBucket + "/o?name=o/x", nil},
	} {
		if response, body := owner.call(r.method, r.path, "", r.header...); response.StatusCode != http.StatusBadRequest {
			t.Errorf("%s %s %q: %d %s", r.method, r.path, r.header, response.StatusCode, body)
		}
		after, err := c.server.Objects().Get(objects.Ref{Bucket: testBucket, Name: "o/x"}, objects.Conditions{})
		if err != nil || after.Generation != before.Generation || after.Metageneration != before.Metageneration {
			t.Fatalf("%s %s %q changed the object: %+v, %v", r.method, r.path, r.header, after, err)
		}
	}
}

// An upload that has ended cannot be canceled, and its object stays.
func TestCancelAfterTheEnd(t *testing.T) {
	t.Parallel()
	c := start(t, Config{})
	owner := c.as("owner")
	response, _ := owner.call("POST", uploadPath("x"), "", "X-Goog-Upload-Protocol", "resumable", "X-Goog-Upload-Command", "start")
	at := strings.TrimPrefix(response.Header.Get("X-Goog-Upload-URL"), c.http.URL)
	owner.call("POST", at, "content", "X-Goog-Upload-Command", "upload, finalize", "X-Goog-Upload-Offset", "0")
	if response, body := owner.call("POST", at, "", "X-Goog-Upload-Command", "cancel"); response.StatusCode != http.StatusBadRequest {
		t.Errorf("a cancel after the end: %d %s", response.StatusCode, body)
	}
	response, _ = owner.call("POST", "/upload/storage/v1/b/"+testBucket+"/o?uploadType=resumable&name=y", "")
	at = strings.TrimPrefix(response.Header.Get("Location"), c.http.URL)
	owner.call("PUT", at, "content")
	if response, body := owner.call("DELETE", at, ""); response.StatusCode != http.StatusBadRequest {
		t.Errorf("a cancel after the end, in the JSON API: %d %s", response.StatusCode, body)
	}
	for _, name := range []string{"x", "y"} {
		if response, body := owner.call("GET", objectPath(name)+"?alt=media", ""); response.StatusCode != http.StatusOK || body != "content" {
			t.Errorf("%s: %d %q", name, response.StatusCode, body)
		}
	}
}

// The Node client sends paths without a prefix, values of custom metadata as they are, and access lists.
func TestNodeClientsRequests(t *testing.T) {
	t.Parallel()
	c := start(t, Config{})
	owner := c.as("owner")
	owner.upload("x", `{"metadata": {"n": 1, "f": 1.50, "t": true, "s": "text", "gone": null}}`, "text/plain", "content")
	o, err := c.server.Objects().Get(objects.Ref{Bucket: testBucket, Name: "x"}, objects.Conditions{})
	if err != nil || o.Custom["n"] != "1" || o.Custom["f"] != "1.50" || o.Custom["t"] != "true" || o.Custom["s"] != "text" {
		t.Errorf("custom metadata %v, %v", o.Custom, err)
	}
	const acl = "/b/" + testBucket + "/o/x/acl"
	for _, r := range []struct {
		method, path, body string
		code               int
		want               string
	}{
		{"POST", "/b?project=demo", `{"name": "demo-made"}`, 200, `"name":"demo-made"`},
		{"GET", "/b?project=demo", "", 200, `"name":"demo-made"`},
		{"PATCH", "/b/" + testBucket + "/o/x", `{"metadata": {"n": {"a": 1}}}`, 400, "must be a string"},
		{"POST", acl, `{"entity": "allUsers", "role": "READER"}`, 200, `"entity":"allUsers"`},
		{"PUT", acl + "/allUsers", `{"role": "OWNER"}`, 200, `"role":"OWNER"`},
		{"GET", acl, "", 200, `"items":[]`},
		{"GET", acl + "/allUsers", "", 404, "notFound"},
		{"DELETE", acl + "/allUsers", "", 204, ""},
		{"POST", acl, `{"entity": "allUsers", "role": "WRITER"}`, 400, "role"},
		{"POST", acl, `{"role": "READER"}`, 400, "entity"},
		{"POST", "/b/" + testBucket + "/o/missing/acl", `{"entity": "allUsers", "role": "READER"}`, 404, "notFound"},
		{"POST", "/b/" + testBucket + "/acl", `{"entity": "allUsers", "role": "READER"}`, 400, "access lists of buckets"},
		{"GET", "/b/" + testBucket + "/notificationConfigs", "", 400, "notifications"},
		{"POST", "/" + testBucket, "--B--", 400, "uploads by HTML form"},
	} {
		header := []string{}
		if strings.Contains(r.want, "form") {
			header = []string{"Content-Type", "multipart/form-data; boundary=B"}
		}
		if response, body := owner.call(r.method, r.path, r.body, header...); response.StatusCode != r.code || !strings.Contains(body, r.want) {
			t.Errorf("%s %s: %d %s, want %d %s", r.method, r.path, response.StatusCode, body, r.code, r.want)
		}
	}
}

// What is not emulated is named, by whichever path a client asks for it.
func TestNotEmulatedIsNamed(t *testing.T) {
	t.Parallel()
	c := start(t, Config{})
	owner := c.as("owner")
	for path, want := range map[string]string{
		"GET /storage/v1/b/" + testBucket + "/iam":                  "IAM policies",
		"POST /b/" + testBucket + "/acl":                            "access lists of buckets",
		"GET /storage/v1/b/" + testBucket + "/managedFolders":       "managed folders",
		"GET /b/" + testBucket + "/notificationConfigs":             "notifications",
		"GET /storage/v1/projects/demo-test/serviceAccount":         "service agents",
		"GET /projects/demo-test/serviceAccount":                    "service agents",
		"GET /projects/demo-test/hmacKeys":                          "HMAC keys",
		"POST /batch/storage/v1":                                    "batches",
		"POST /storage/v1/b/" + testBucket + "/o/x/restore":         "soft deletion",
		"POST /storage/v1/b/" + testBucket + "/lockRetentionPolicy": "retention policies",
	} {
		method, path, _ := strings.Cut(path, " ")
		if response, body := owner.call(method, path, "{}"); response.StatusCode != http.StatusBadRequest || !strings.Contains(body, want) {
			t.Errorf("%s %s: %d %s, want %s", method, path, response.StatusCode, body, want)
		}
	}
}

// A list without the delimiter "/" shows nothing of folders whose rules do not allow to list them.
func TestListDoesNotReachBelowTheRules(t *testing.T) {
	t.Parallel()
	c := start(t, Config{Rules: []byte(`service firebase.storage { match /b/{b}/o {
		match /open { allow list; }
		match /open/{file} { allow get; }
		match /open/inner { allow list; }
		match /open/hidden { allow list: if request.auth.uid == "ann"; }
	} }`)})
	owner := c.as("owner")
	for _, name := range []string{"open/a", "open/inner/b", "open/hidden/c"} {
		owner.upload(name, "{}", "text/plain", "x")
	}
	const list = "/v0/b/" + testBucket + "/o?prefix="
	for _, r := range []struct {
		as, query string
		code      int
		names     string
	}{
		{"", "open/&delimiter=/", 200, "open/a"},
		{"", "open/", 403, ""},
		{"", "open/&delimiter=c", 403, ""},
		{"", "open/&maxResults=1", 200, "open/a"}, // the page has nothing that is hidden
		{"", "open/inner/", 200, "open/inner/b"},
		{"ann", "open/", 200, "open/a open/hidden/c open/inner/b"},
		{"owner", "", 200, "open/a open/hidden/c open/inner/b"},
	} {
		response, body := c.as(r.as).call("GET", list+r.query, "")
		var page struct{ Items []struct{ Name string } }
		if err := json.Unmarshal([]byte(body), &page); err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, item := range page.Items {
			names = append(names, item.Name)
		}
		if got := strings.Join(names, " "); response.StatusCode != r.code || got != r.names {
			t.Errorf("%q lists %s: %d %q, want %d %q", r.as, r.query, response.StatusCode, got, r.code, r.names)
		}
	}
}
