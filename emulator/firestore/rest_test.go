package firestore_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"

	emulator "heek.kr/heektime/emulator/firestore"
)

const (
	webDB   = "projects/demo-web/databases/(default)"
	webRoot = webDB + "/documents"
)

// web is a server listening for HTTP.
type web struct {
	*cloud
	t   testing.TB
	url string
}

func startWeb(t testing.TB, change ...func(*emulator.Config)) *web {
	t.Helper()
	c := start(t, change...)
	l := httptest.NewServer(c.Handler(nil))
	t.Cleanup(l.Close)
	return &web{c, t, l.URL}
}

// reply is an HTTP response.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// do sends a request, with an Authorization header if it is not empty.
func (s *web) do(method, path, authorization, body string) reply {
	s.t.Helper()
	r, err := http.NewRequest(method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "text/plain") // like the web SDKs, to avoid CORS preflights
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	return s.send(r)
}

func (s *web) send(r *http.Request) reply {
	s.t.Helper()
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer a.Body.Close()
	b, err := io.ReadAll(a.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return reply{a.StatusCode, a.Header, b}
}

// stable replaces the values in JSON that differ from run to run.
func stable(b []byte) string {
	var out bytes.Buffer
	if json.Compact(&out, b) != nil {
		return string(b)
	}
	s := regexp.MustCompile(`"(createTime|updateTime|readTime|commitTime)":"\d{4}-[0-9T:.-]+Z"`).ReplaceAllString(out.String(), `"$1":"T"`)
	return regexp.MustCompile(`"transaction":"[A-Za-z0-9+/=]+"`).ReplaceAllString(s, `"transaction":"X"`)
}

// TestREST calls every method. Each case builds on the data of those before it. It is long because
// each case is a row of its table.
func TestREST(t *testing.T) {
	s := startWeb(t, unindexed)
	const n = webRoot // the prefix of document names
	for _, c := range []struct {
		name, method, path, body string
		status                   int
		want                     string // the whole response; with a leading …, a part of it
	}{
		{"create with an id", "POST", n + "/users?documentId=u1", `{"fields":{"name":{"stringValue":"wörld 😀"},"n":{"integerValue":"1"}}}`, 200,
			`{"name":"` + n + `/users/u1","fields":{"n":{"integerValue":"1"},"name":{"stringValue":"wörld 😀"}},"createTime":"T","updateTime":"T"}`},
		{"create it again", "POST", n + "/users?documentId=u1", `{}`, 409, `…"status":"ALREADY_EXISTS"`},
		{"create without an id or fields", "POST", n + "/logs", ``, 200, `…"createTime":"T"`},
		{"create below a document", "POST", n + "/users/u1/plans?documentId=p1", `{"fields":{"x":{"nullValue":null}}}`, 200, `…"fields":{"x":{"nullValue":null}}`},
		{"create below a collection", "POST", n + "/users/u1", `{}`, 400, `…an odd number of segments`},
		{"create with a mask", "POST", n + "/users?documentId=u2&mask.fieldPaths=b", `{"fields":{"a":{"booleanValue":true},"b":{"booleanValue":false}}}`, 200,
			`{"name":"` + n + `/users/u2","fields":{"b":{"booleanValue":false}},"createTime":"T","updateTime":"T"}`},
		{"get", "GET", n + "/users/u1", ``, 200, `…"name":{"stringValue":"wörld 😀"}`},
		{"get with a repeated parameter", "GET", n + "/users/u2?transaction=a&transaction=b", ``, 400, `…specify it once`},
		{"get with a mask", "GET", n + "/users/u2?mask.fieldPaths=a&mask.field_paths=b&key=k&$alt=json&prettyPrint=true", ``, 200, `…"a":{"booleanValue":true},"b":{"booleanValue":false}`},
		{"get a missing document", "GET", n + "/users/none", ``, 404, `…"status":"NOT_FOUND"`},
		{"get with an escaped id", "GET", n + "/users/a%3Ab%20c", ``, 404, `…/users/a:b c`},
		{"get with a slash in an id", "GET", n + "/users/a%2Fb", ``, 400, `…"status":"INVALID_ARGUMENT"`},
		{"get at an invalid time", "GET", n + "/users/u1?readTime=yesterday", ``, 400, `…Invalid query parameters`},
		{"get with an unknown parameter", "GET", n + "/users/u1?mask.paths=a", ``, 400, `…Unknown name \"mask.paths\"`},
		{"get with a message as a parameter", "GET", n + "/users/u1?mask=a", ``, 400, `…set its fields instead`},
		{"get in an unknown transaction", "GET", n + "/users/u1?transaction=AAAA", ``, 400, `…"status":"INVALID_ARGUMENT"`},
		{"patch", "PATCH", n + "/users/u1?updateMask.fieldPaths=n", `{"fields":{"n":{"integerValue":"2"}}}`, 200, `…"fields":{"n":{"integerValue":"2"},"name":{"stringValue":"wörld 😀"}}`},
		{"patch if it does not exist", "PATCH", n + "/users/u1?currentDocument.exists=false", `{}`, 409, `…"status":"ALREADY_EXISTS"`},
		{"patch a missing document if it exists", "PATCH", n + "/users/none?currentDocument.exists=true", `{}`, 404, `…"status":"NOT_FOUND"`},
		{"patch with an invalid precondition", "PATCH", n + "/users/none?currentDocument.exists=perhaps", `{}`, 400, `…neither true nor false`},
		{"patch if its update time matches", "PATCH", n + "/users/u1?currentDocument.updateTime=2020-01-01T00:00:00Z", `{}`, 400, `…"status":"FAILED_PRECONDITION"`},
		{"patch with a malformed mask", "PATCH", n + "/users/u1?updateMask.fieldPaths=a;b", `{}`, 400, `…Invalid query parameters`},
		{"delete with a malformed precondition", "DELETE", n + "/users/u1?currentDocument.exists=%zz", ``, 400, `…Invalid query parameters`},
		{"patch a whole document", "PATCH", n + "/users/u3", `{"fields":{"n":{"integerValue":"3"}}}`, 200, `…"fields":{"n":{"integerValue":"3"}}`},
		{"list", "GET", n + "/users?pageSize=1&orderBy=n&mask.fieldPaths=n", ``, 200, `…/users/u1","fields":{"n":{"integerValue":"2"}},"createTime":"T","updateTime":"T"}],"nextPageToken":"`},
		{"list with an invalid page token", "GET", n + "/users?pageSize=1&pageToken=%21", ``, 400, `…page_token is invalid`},
		{"list below a document", "GET", n + "/users/u1/plans", ``, 200, `…/users/u1/plans/p1"`},
		{"list with an invalid page size", "GET", n + "/users?showMissing=true&pageSize=x", ``, 400, `…invalid value for int32`},
		{"list an empty collection", "GET", n + "/nobody", ``, 200, `{}`},
		{"list collections", "POST", n + ":listCollectionIds", `{"pageSize":1}`, 200, `…"collectionIds":["logs"]`},
		{"list collections of a document", "POST", n + "/users/u1:listCollectionIds", `{}`, 200, `{"collectionIds":["plans"]}`},
		{"batch get", "POST", n + ":batchGet", `{"documents":["` + n + `/users/u3","` + n + `/users/none"]}`, 200,
			`[{"found":{"name":"` + n + `/users/u3","fields":{"n":{"integerValue":"3"}},"createTime":"T","updateTime":"T"},"readTime":"T"},{"missing":"` + n + `/users/none","readTime":"T"}]`},
		{"batch get of nothing", "POST", n + ":batchGet", ``, 200, `[]`},
		{"batch get that begins a transaction", "POST", n + ":batchGet", `{"newTransaction":{"readOnly":{}}}`, 200, `[{"transaction":"X"}]`},
		{"batch get of another database", "POST", n + ":batchGet", `{"documents":["projects/other/databases/(default)/documents/a/b"]}`, 400, `…[{"error":{"code":400`},
		{"commit", "POST", n + ":commit", `{"writes":[{"update":{"name":"` + n + `/users/u4","fields":{}},"updateTransforms":[{"fieldPath":"n","increment":{"integerValue":"4"}}]},{"delete":"` + n + `/users/u3"}]}`, 200,
			`{"writeResults":[{"updateTime":"T","transformResults":[{"integerValue":"4"}]},{}],"commitTime":"T"}`},
		{"verify an existing document", "POST", n + ":commit", `{"writes":[{"verify":"` + n + `/users/u4","currentDocument":{"exists":true}}]}`, 200, `…"commitTime":"T"`},
		{"verify a missing document", "POST", n + ":commit", `{"writes":[{"verify":"` + n + `/users/u3","currentDocument":{"exists":true}},{"delete":"` + n + `/users/u4"}]}`, 404, `…No document to verify`},
		{"verify before another write", "POST", n + ":commit", `{"writes":[{"delete":"` + n + `/users/u9"},{"verify":"` + n + `/users/u4","currentDocument":{"updateTime":"2020-01-01T00:00:00.000001Z"}}]}`, 400, `…"status":"FAILED_PRECONDITION"`},
		{"verify in a batch", "POST", n + ":batchWrite", `{"writes":[{"verify":"` + n + `/users/none","currentDocument":{"exists":true}},{"delete":"` + n + `/users/other"}]}`, 200, `…"status":[{"code":5`},
		{"commit without an operation", "POST", n + ":commit", `{"writes":[{}]}`, 400, `…must have an operation`},
		{"commit that is not JSON", "POST", n + ":commit", `writes`, 400, `…Invalid JSON payload received.`},
		{"commit with an unknown field", "POST", n + ":commit", `{"wirtes":[]}`, 400, `…unknown field \"wirtes\"`},
		{"query", "POST", n + ":runQuery", `{"structuredQuery":{"from":[{"collectionId":"users"}],"where":{"fieldFilter":{"field":{"fieldPath":"n"},"op":"GREATER_THAN","value":{"integerValue":"2"}}},"limit":3}}`, 200,
			`[{"document":{"name":"` + n + `/users/u4","fields":{"n":{"integerValue":"4"}},"createTime":"T","updateTime":"T"},"readTime":"T"}]`},
		{"query without results", "POST", n + "/users/u1:runQuery", `{"structuredQuery":{"from":[{"collectionId":"none"}]}}`, 200, `[{"readTime":"T"}]`},
		{"query without a collection", "POST", n + ":runQuery", `{"structuredQuery":{"where":{}}}`, 400, `…[{"error":{"code":400`},
		{"count", "POST", n + ":runAggregationQuery", `{"structuredAggregationQuery":{"aggregations":[{"alias":"aggregate_0","count":{}}],"structuredQuery":{"from":[{"collectionId":"users"}]}}}`, 200,
			`[{"result":{"aggregateFields":{"aggregate_0":{"integerValue":"3"}}},"readTime":"T"}]`},
		{"count below a document", "POST", n + "/users/u1:runAggregationQuery", `{"structuredAggregationQuery":{"aggregations":[{"alias":"a","count":{}}],"structuredQuery":{"from":[{"collectionId":"plans"}]}}}`, 200, `…"integerValue":"1"`},
		{"partition", "POST", n + ":partitionQuery", `{"partitionCount":"2","structuredQuery":{"from":[{"collectionId":"users","allDescendants":true}],"orderBy":[{"field":{"fieldPath":"__name__"},"direction":"ASCENDING"}]}}`, 200, `{}`},
		{"delete a missing document if it exists", "DELETE", n + "/users/none?currentDocument.exists=true", ``, 404, `…"status":"NOT_FOUND"`},
		{"delete", "DELETE", n + "/users/u4", ``, 200, `{}`},
		{"delete again", "DELETE", n + "/users/u4", ``, 200, `{}`},
		{"delete a collection", "DELETE", n + "/users", ``, 400, `…it names a collection`},
		{"put", "PUT", n + "/users/u1", `{}`, 405, `…not allowed`},
		{"pipelines", "POST", n + ":executePipeline", `{}`, 501, `…Enterprise`},
		{"listen", "POST", n + ":listen", `{}`, 501, `…WebChannel`},
		{"write", "POST", n + ":write", `{}`, 501, `…documents:commit`},
		{"an unknown verb", "POST", n + ":explode", `{}`, 404, `…"status":"NOT_FOUND"`},
		{"an unknown verb on a collection", "POST", n + "/users:explode", `{}`, 405, `…not allowed`},
		{"an invalid database", "GET", "projects/p/databases/X/documents/a/b", ``, 400, `…Invalid database id`},
		{"a project named like a directory", "PATCH", "projects/../databases/(default)/documents/a/b", `{}`, 400, `…Invalid project id`},
		{"a project with a path", "PATCH", "projects/..%5Cx/databases/(default)/documents/a/b", `{}`, 400, `…Invalid project id`},
		{"an incomplete path", "GET", "projects", ``, 404, `…"status":"NOT_FOUND"`},
		{"a bad escape", "GET", n + "/users/%FF", ``, 400, `…"status":"INVALID_ARGUMENT"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := s.do(c.method, "/v1/"+c.path, "Bearer owner", c.body)
			text := stable(got.body)
			part, isPart := strings.CutPrefix(c.want, "…")
			if got.status != c.status || isPart && !strings.Contains(text, part) || !isPart && text != c.want {
				t.Errorf("%s %s: %d %s\nwant %d %s", c.method, c.path, got.status, text, c.status, c.want)
			}
			if ct := got.header.Get("Content-Type"); ct != "application/json; charset=UTF-8" {
				t.Errorf("Content-Type %q", ct)
			}
		})
	}
}

func TestRESTTransaction(t *testing.T) {
	s := startWeb(t)
	begin := func() string {
		var a struct{ Transaction string }
		got := s.do("POST", "/v1/"+webRoot+":beginTransaction", "", `{"options":{"readWrite":{}}}`)
		if err := json.Unmarshal(got.body, &a); err != nil || a.Transaction == "" {
			t.Fatalf("begin: %d %s", got.status, got.body)
		}
		return a.Transaction
	}
	id := begin()
	if got := s.do("POST", "/v1/"+webRoot+":commit", "", `{"transaction":"`+id+`","writes":[{"update":{"name":"`+webRoot+`/a/b"}}]}`); got.status != 200 {
		t.Errorf("commit: %d %s", got.status, got.body)
	}
	if got := s.do("POST", "/v1/"+webRoot+":commit", "", `{"transaction":"`+id+`"}`); got.status != 400 {
		t.Errorf("commit again: %d %s", got.status, got.body)
	}
	if got := s.do("POST", "/v1/"+webRoot+":rollback", "", `{"transaction":"`+begin()+`"}`); got.status != 200 || stable(got.body) != "{}" {
		t.Errorf("rollback: %d %s", got.status, got.body)
	}
}

// Every HTTP binding of the protocol has a route.
func TestRESTIsComplete(t *testing.T) {
	s := startWeb(t)
	methods := pb.File_google_firestore_v1_firestore_proto.Services().Get(0).Methods()
	for i := range methods.Len() {
		rule := proto.GetExtension(methods.Get(i).Options().(*descriptorpb.MethodOptions), annotations.E_Http).(*annotations.HttpRule)
		for _, r := range append(rule.AdditionalBindings, rule) {
			method, path := "GET", r.GetGet()
			switch {
			case r.GetPost() != "":
				method, path = "POST", r.GetPost()
			case r.GetPatch() != "":
				method, path = "PATCH", r.GetPatch()
			case r.GetDelete() != "":
				method, path = "DELETE", r.GetDelete()
			}
			if path == "" {
				t.Errorf("%s has no HTTP binding", methods.Get(i).Name())
				continue
			}
			path = regexp.MustCompile(`\{[a-z.]+=([^}]*)\}`).ReplaceAllString(path, "$1")
			path = strings.NewReplacer("projects/*", "projects/p", "databases/*", "databases/(default)", "documents/*/**", "documents/c/d", "documents/**", "documents", "{collection_id}", "c").Replace(path)
			if got := s.do(method, path, "owner", ""); got.status == 405 || strings.Contains(string(got.body), "has nothing at") {
				t.Errorf("%s, %s %s: %d %s", methods.Get(i).Name(), method, path, got.status, got.body)
			}
		}
	}
}

// Rules apply to the caller in the header, and errors reach the page.
func TestRESTUnderRules(t *testing.T) {
	s := startWeb(t, withRules(notesRules))
	const path = "/v1/projects/" + rulesProject + "/databases/(default)/documents/secrets/s"
	for _, c := range []struct {
		path, authorization string
		status              int
	}{
		{path, "Bearer owner", 200},
		{path, header(t, "ann"), 200},
		{path, header(t, "bob"), 403},
		{path, "", 403},
		{path, "Basic YTpi", 401},
		{path + "?access_token=owner", "", 200},
	} {
		r, err := http.NewRequest("PATCH", s.url+c.path, strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Origin", "http://localhost:5173")
		r.Header.Set("Authorization", c.authorization)
		got := s.send(r)
		if got.status != c.status || got.header.Get("Access-Control-Allow-Origin") != "http://localhost:5173" || got.header.Get("Access-Control-Allow-Credentials") != "true" {
			t.Errorf("%.20q: %d %s %v, want %d", c.authorization, got.status, got.body, got.header, c.status)
		}
	}
	r, _ := http.NewRequest("PATCH", s.url+path, strings.NewReader("{}"))
	r.Header.Set("Origin", "https://elsewhere.example.com")
	r.Header.Set("Authorization", "Bearer owner")
	if got := s.send(r); got.status != 403 || !strings.Contains(string(got.body), "elsewhere.example.com") {
		t.Errorf("a page from the internet: %d %s", got.status, got.body)
	}
}

func TestRESTBodyLimit(t *testing.T) {
	s := startWeb(t)
	got := s.do("POST", "/v1/"+webRoot+":commit", "", strings.Repeat(" ", 36<<20+1))
	if got.status != http.StatusRequestEntityTooLarge || !strings.Contains(string(got.body), "INVALID_ARGUMENT") {
		t.Errorf("too large: %d %.200s", got.status, got.body)
	}
	// A document just below the limit is accepted and returned.
	text := strings.Repeat("가", (1<<20-200)/3)
	if got := s.do("PATCH", "/v1/"+webRoot+"/a/b", "", fmt.Sprintf(`{"fields":{"t":{"stringValue":%q}}}`, text)); got.status != 200 || !bytes.Contains(got.body, []byte(text)) {
		t.Errorf("a large document: %d %.200s", got.status, got.body)
	}
}
