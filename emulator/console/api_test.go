package console_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	gcfirestore "cloud.google.com/go/firestore"
	"google.golang.org/genproto/googleapis/type/latlng"

	"heek.kr/heektime/emulator"
	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/emulator/emulatortest/storageclient"
)

const (
	project  = "demo-test"
	database = "projects/demo-test/databases/(default)"
)

// api calls a console's API as the page does.
type api struct {
	t   testing.TB
	url string
}

// open starts a cloud and returns it with its console's API.
func open(t testing.TB, set ...func(*emulator.Config)) (*emulatortest.Cloud, api) {
	t.Helper()
	cloud := emulatortest.Start(t, set...)
	return cloud, api{t, cloud.ConsoleURL()}
}

// do calls the API and decodes the response into result, unless that is nil. It returns the status and, if
// the call failed, the error message.
func (a api) do(method, path string, query map[string]string, body, result any) (code int, message string) {
	a.t.Helper()
	values := url.Values{}
	for k, v := range query {
		values.Set(k, v)
	}
	text, err := json.Marshal(body)
	if err != nil {
		a.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(a.t.Context(), method, a.url+"/api/"+path+"?"+values.Encode(), bytes.NewReader(text))
	if err != nil {
		a.t.Fatal(err)
	}
	r.Header.Set("X-Console", "1")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		a.t.Fatal(err)
	}
	defer resp.Body.Close()
	content, err := io.ReadAll(resp.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK {
		var failed struct{ Error, Code string }
		if err := json.Unmarshal(content, &failed); err != nil || failed.Error == "" || failed.Code == "" {
			a.t.Errorf("%s %s: status %d without a message or code: %s", method, path, resp.StatusCode, content)
		}
		return resp.StatusCode, failed.Error
	}
	if result != nil {
		if err := json.Unmarshal(content, result); err != nil {
			a.t.Fatalf("%s %s: %v in %s", method, path, err, content)
		}
	}
	return http.StatusOK, ""
}

// must calls the API and fails the test if the call fails.
func (a api) must(method, path string, query map[string]string, body, result any) {
	a.t.Helper()
	if code, message := a.do(method, path, query, body, result); code != http.StatusOK {
		a.t.Fatalf("%s %s %v: %d %s", method, path, query, code, message)
	}
}

// at returns the query parameters for a path.
func at(path string) map[string]string { return map[string]string{"database": database, "path": path} }

type document struct {
	Exists  bool
	Updated *time.Time
	Text    string
	Fields  struct{ Fields map[string]map[string]any }
}

type documentList struct {
	Documents []struct {
		ID      string
		Missing bool
		Preview []struct{ Name, Text string }
	}
	Next string
}

// hostileIDs are IDs that break careless handling of names.
var hostileIDs = []string{"가온대학교", "a b", "%2F", "a%2Fb", "?x=1&y#z", "<img src=x onerror=alert(1)>", "'\"`;--", "..a", "\\", "\u202ertl", "\u200d", "𝕏", "+", strings.Repeat("가", 500)}

// Documents with any ID can be created, read, listed and deleted.
func TestDocumentsWithHostileIDs(t *testing.T) {
	cloud, api := open(t)
	client := cloud.FirestoreClient(t)
	for _, id := range hostileIDs {
		path := id + "/" + id
		var doc document
		api.must("POST", "document", at(path), map[string]any{"text": `{"a": "<b>&", "n": 9007199254740993}`}, &doc)
		stored, err := client.Collection(id).Doc(id).Get(t.Context())
		if err != nil {
			t.Fatalf("%q: %v", id, err)
		}
		if stored.Data()["n"] != int64(9007199254740993) || stored.Data()["a"] != "<b>&" {
			t.Errorf("%q: Firestore stored %v", id, stored.Data())
		}
		if !doc.Exists || doc.Fields.Fields["n"]["integerValue"] != "9007199254740993" || !strings.Contains(doc.Text, "9007199254740993") {
			t.Errorf("%q: the console returned %+v", id, doc)
		}
		var list documentList
		api.must("GET", "documents", at(id), nil, &list)
		if len(list.Documents) != 1 || list.Documents[0].ID != id || len(list.Documents[0].Preview) != 2 {
			t.Errorf("%q: listed as %+v", id, list)
		}
		var collections struct{ IDs []string }
		api.must("GET", "collections", at(""), nil, &collections)
		if !slices.Contains(collections.IDs, id) {
			t.Errorf("%q is not among the collections %q", id, collections.IDs)
		}
		api.must("DELETE", "document", at(path), nil, nil)
		api.must("GET", "document", at(path), nil, &doc)
		if doc.Exists {
			t.Errorf("%q exists after its deletion", id)
		}
	}
}

// Paths that no document can have are rejected with a message.
func TestInvalidPaths(t *testing.T) {
	_, api := open(t)
	for name, path := range map[string]string{
		"empty": "", "a collection": "a", "an empty id": "a//b/c", "trailing slash": "a/b/", "a dot": "a/.", "reserved": "a/__x__",
		"too long": "a/" + strings.Repeat("x", 1501), "invalid UTF-8": "a/\xff", "leading slash": "/a/b",
	} {
		for _, method := range []string{"GET", "POST", "DELETE"} {
			if code, message := api.do(method, "document", at(path), map[string]any{"text": "{}"}, nil); code != http.StatusBadRequest || message == "" {
				t.Errorf("%s, path %s: %d %q, want 400 and a message", method, name, code, message)
			}
		}
	}
	for _, name := range []string{"", "x", "projects/p", "projects/p/databases/../x", "projects/a/b/databases/(default)"} {
		if code, _ := api.do("GET", "collections", map[string]string{"database": name}, nil, nil); code != http.StatusBadRequest {
			t.Errorf("database %q: %d, want 400", name, code)
		}
	}
}

// Values of every type survive a round trip through the editor's text.
func TestRoundTripOfEveryType(t *testing.T) {
	cloud, api := open(t)
	client := cloud.FirestoreClient(t)
	ref := client.Doc("types/가")
	want := map[string]any{
		"null": nil, "yes": true, "int": int64(1) << 62, "double": 1.0, "text": "여러\n줄", "bytes": []byte{0, 255}, "ref": ref,
		"time": time.Date(2026, 3, 2, 9, 0, 0, 123456000, time.UTC), "geo": &latlng.LatLng{Latitude: 37.58, Longitude: 127.02},
		"list": []any{int64(1), "둘", map[string]any{"a": false}}, "map": map[string]any{"강의": map[string]any{}},
		"vector": gcfirestore.Vector64{0.5, 1},
	}
	if _, err := ref.Set(t.Context(), want); err != nil {
		t.Fatal(err)
	}
	var doc document
	api.must("GET", "document", at("types/가"), nil, &doc)
	api.must("POST", "document", at("types/copy"), map[string]any{"text": doc.Text}, nil)
	from, err := ref.Get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	copied, err := client.Doc("types/copy").Get(t.Context())
	if err != nil || fmt.Sprintf("%#v", copied.Data()["list"]) != fmt.Sprintf("%#v", from.Data()["list"]) || len(copied.Data()) != len(want) {
		t.Fatalf("the copy is %v, %v", copied.Data(), err)
	}
	var again document
	api.must("GET", "document", at("types/copy"), nil, &again)
	if again.Text != doc.Text {
		t.Errorf("the copy's text is\n%s\nwant\n%s", again.Text, doc.Text)
	}
}

// Saving fails if someone else has changed or created the document in the meantime.
func TestSaveConflicts(t *testing.T) {
	cloud, api := open(t)
	doc := cloud.FirestoreClient(t).Doc("a/b")
	var seen document
	api.must("POST", "document", at("a/b"), map[string]any{"text": `{"n": 1}`}, &seen)
	if _, err := doc.Set(t.Context(), map[string]any{"n": 2}); err != nil {
		t.Fatal(err)
	}
	for name, body := range map[string]any{"changed": map[string]any{"text": `{}`, "updated": seen.Updated}, "created": map[string]any{"text": `{}`}} {
		if code, message := api.do("POST", "document", at("a/b"), body, nil); code != http.StatusConflict || message == "" {
			t.Errorf("saving a document that was %s in the meantime: %d %s, want 409", name, code, message)
		}
	}
	api.must("GET", "document", at("a/b"), nil, &seen)
	api.must("POST", "document", at("a/b"), map[string]any{"text": `{"n": 3}`, "updated": seen.Updated}, nil)
	if got, err := doc.Get(t.Context()); err != nil || got.Data()["n"] != int64(3) {
		t.Errorf("the document is %v, %v, want n = 3", got.Data(), err)
	}
}

func TestInvalidFields(t *testing.T) {
	_, api := open(t)
	for _, text := range []string{"", "null", "[]", "{", "{} {}", `{"a": {"$time": "yesterday"}}`, `{"a": {"$nothing": 1}}`, `{"a": [[1]]}`, `{"__x__": 1}`,
		`{"a": "` + strings.Repeat("x", 1<<20) + `"}`, `{"a": 1e999}`, `{"a": 99999999999999999999}`, strings.Repeat(`{"a":`, 50) + "1" + strings.Repeat("}", 50)} {
		if code, message := api.do("POST", "document", at("a/b"), map[string]any{"text": text}, nil); code != http.StatusBadRequest || message == "" {
			t.Errorf("%.40s: %d %q, want 400 and a message", text, code, message)
		}
	}
	for name, body := range map[string]any{"not an object": "text", "an unknown field": map[string]any{"text": "{}", "x": 1}} {
		if code, _ := api.do("POST", "document", at("a/b"), body, nil); code != http.StatusBadRequest {
			t.Errorf("%s: %d, want 400", name, code)
		}
	}
	if code, _ := api.do("POST", "document", at("a/b"), map[string]any{"text": strings.Repeat(" ", 9<<20)}, nil); code != http.StatusRequestEntityTooLarge {
		t.Errorf("a body of 9 MiB: %d, want 413", code)
	}
}

// The error for invalid JSON says where it is invalid.
func TestInvalidJSONPosition(t *testing.T) {
	_, api := open(t)
	for text, want := range map[string]string{
		"{\n  \"가\": ,\n}": "line 2, column 8", `{"a": 1} x`: "line 1, column 10", `{"a": 1`: "line 1, column 8", "": "line 1, column 1",
	} {
		if _, message := api.do("POST", "document", at("a/b"), map[string]any{"text": text}, nil); !strings.Contains(message, want) {
			t.Errorf("%q: %q, want %s", text, message, want)
		}
	}
}

// Long collections are listed in pages and include missing documents with subcollections.
func TestDocumentPages(t *testing.T) {
	cloud, api := open(t)
	db, err := cloud.Firestore.Database(project, "(default)")
	if err != nil {
		t.Fatal(err)
	}
	docs := map[string]map[string]any{"many/ghost/child/c": {}}
	for i := range 120 {
		docs[fmt.Sprintf("many/d%03d", i)] = map[string]any{"long": strings.Repeat("긴", 1000), "n": i}
	}
	if err := db.Seed(docs); err != nil {
		t.Fatal(err)
	}
	var ids []string
	missing := 0
	for token := ""; ; {
		query := at("many")
		query["token"] = token
		var page documentList
		api.must("GET", "documents", query, nil, &page)
		if len(page.Documents) > 50 {
			t.Fatalf("a page has %d documents, want at most 50", len(page.Documents))
		}
		for _, d := range page.Documents {
			ids = append(ids, d.ID)
			if d.Missing {
				missing++
			} else if text := d.Preview[0].Text; len([]rune(text)) != 60 {
				t.Fatalf("the preview has not 60 characters: %q", text)
			}
		}
		if token = page.Next; token == "" {
			break
		}
	}
	if len(ids) != 121 || missing != 1 || !slices.IsSorted(ids) {
		t.Errorf("%d documents, %d missing, want 121 and 1 in order", len(ids), missing)
	}
}

// Deleting a document deletes its subcollections only on request, and never similarly named documents.
func TestDeleteSubcollections(t *testing.T) {
	cloud, api := open(t)
	db, err := cloud.Firestore.Database(project, "(default)")
	if err != nil {
		t.Fatal(err)
	}
	seed := map[string]map[string]any{"users/u1": {}, "users/u1/t/t1": {}, "users/u1/t/t1/l/l1": {}, "users/u10": {}, "users/u10/t/t1": {}, "usersx/u1": {}}
	for i := range 1200 {
		seed[fmt.Sprintf("users/u1/t/t1/l/%d", i)] = map[string]any{}
	}
	if err := db.Seed(seed); err != nil {
		t.Fatal(err)
	}
	remaining := func() (n int) {
		for range db.Documents() {
			n++
		}
		return n
	}
	var resp struct{ Deleted int }
	api.must("DELETE", "document", at("users/u1"), nil, &resp)
	if resp.Deleted != 1 || remaining() != len(seed)-1 {
		t.Fatalf("%d deleted, %d remaining", resp.Deleted, remaining())
	}
	recursive := at("users/u1")
	recursive["subcollections"] = "true"
	api.must("DELETE", "document", recursive, nil, &resp)
	if resp.Deleted != 1202 || remaining() != 3 {
		t.Fatalf("%d deleted, %d remaining", resp.Deleted, remaining())
	}
	api.must("DELETE", "collection", at("users"), nil, &resp)
	if _, ok := db.Get("usersx/u1"); resp.Deleted != 2 || remaining() != 1 || !ok {
		t.Errorf("%d deleted, %d remaining", resp.Deleted, remaining())
	}
}

func TestUsers(t *testing.T) {
	_, api := open(t)
	in := map[string]string{"project": project}
	for i := range 60 {
		api.must("POST", "users", in, map[string]string{"localId": fmt.Sprintf("가 /%03d", i), "email": fmt.Sprintf("u%d@example.com", i), "password": "secret-1"}, nil)
	}
	type users struct {
		Users []struct {
			UID, Email string
			Disabled   bool
			Claims     map[string]any
		}
		Count int
		Next  string
	}
	var first, second, found users
	api.must("GET", "users", in, nil, &first)
	api.must("GET", "users", map[string]string{"project": project, "token": first.Next}, nil, &second)
	if len(first.Users) != 50 || len(second.Users) != 10 || first.Count != 60 || second.Next != "" {
		t.Fatalf("pages of %d and %d of %d", len(first.Users), len(second.Users), first.Count)
	}
	one := map[string]string{"project": project, "uid": "가 /007"}
	api.must("POST", "user", one, map[string]any{"disabled": true, "claims": `{"admin":true}`}, nil)
	api.must("GET", "users", map[string]string{"project": project, "find": "U7@example.com"}, nil, &found)
	if len(found.Users) != 1 || found.Users[0].UID != "가 /007" || !found.Users[0].Disabled || found.Users[0].Claims["admin"] != true {
		t.Fatalf("found %+v", found)
	}
	api.must("DELETE", "user", one, nil, nil)
	for name, c := range map[string]struct {
		method, path string
		query        map[string]string
		body         any
		want         string
	}{
		"deleted twice":   {"DELETE", "user", one, nil, "USER_NOT_FOUND"},
		"weak password":   {"POST", "users", in, map[string]string{"email": "x@example.com", "password": "1"}, "WEAK_PASSWORD"},
		"taken e-mail":    {"POST", "users", in, map[string]string{"email": "u1@example.com", "password": "secret-1"}, "EMAIL_EXISTS"},
		"invalid claims":  {"POST", "user", map[string]string{"project": project, "uid": "가 /001"}, map[string]any{"claims": "{"}, "INVALID_CLAIMS"},
		"invalid project": {"GET", "users", map[string]string{"project": "a/b:c"}, nil, "not a valid project ID"},
		"no project":      {"GET", "users", nil, nil, "project is missing"},
	} {
		if code, message := api.do(c.method, c.path, c.query, c.body, nil); code != http.StatusBadRequest || !strings.Contains(message, c.want) {
			t.Errorf("%s: %d %q, want 400 and %q", name, code, message, c.want)
		}
	}
	body, err := http.Get(api.url + "/api/users?project=" + project)
	if err != nil {
		t.Fatal(err)
	}
	defer body.Body.Close()
	if text, _ := io.ReadAll(body.Body); bytes.Contains(text, []byte("salt")) || bytes.Contains(text, []byte("hash")) {
		t.Error("the API returns password hashes")
	}
}

func TestObjects(t *testing.T) {
	cloud, api := open(t)
	bucket := storageclient.New(t, cloud.StorageAddress()).Bucket(project)
	names := []string{"a.txt", "가/나 다.json", "가/<script>.html", "가/../x", "가//y", "가/?&#%2F+", "x\"; filename=evil.exe"}
	for _, name := range names {
		w := bucket.Object(name).NewWriter(t.Context())
		w.ContentType, w.Metadata = "text/html", map[string]string{"키": "값"}
		fmt.Fprint(w, "<script>alert(1)</script>")
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	var page struct {
		Folders []string
		Objects []struct {
			Name string
			Size int64
		}
	}
	in := map[string]string{"bucket": project, "prefix": "가/"}
	api.must("GET", "objects", in, nil, &page)
	if !slices.Equal(page.Folders, []string{"가/../", "가//"}) || len(page.Objects) != 3 {
		t.Errorf("listing 가/ returned %+v", page)
	}
	for _, name := range names {
		one := map[string]string{"bucket": project, "name": name}
		var object struct {
			Name, Type string
			Custom     map[string]string
		}
		api.must("GET", "object", one, nil, &object)
		if object.Name != name || object.Type != "text/html" || object.Custom["키"] != "값" {
			t.Errorf("%q is %+v", name, object)
		}
		resp, err := http.Get(api.url + "/api/content?" + url.Values{"bucket": {project}, "name": {name}}.Encode())
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		h := resp.Header
		if string(text) != "<script>alert(1)</script>" || h.Get("Content-Type") != "application/octet-stream" || !strings.HasPrefix(h.Get("Content-Disposition"), "attachment;") {
			t.Errorf("%q is served with %v: %s", name, h, text)
		}
		api.must("DELETE", "object", one, nil, nil)
		if code, _ := api.do("GET", "object", one, nil, nil); code != http.StatusNotFound {
			t.Errorf("%q exists after its deletion: %d", name, code)
		}
	}
	if code, _ := api.do("GET", "objects", map[string]string{"bucket": "none"}, nil, nil); code != http.StatusNotFound {
		t.Errorf("a bucket that does not exist: %d, want 404", code)
	}
}
