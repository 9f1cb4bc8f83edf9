package storage

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	gcs "cloud.google.com/go/storage"

	"heek.kr/heektime/emulator/auth/token"
)

// albums are rules whose every line is tested.
const albums = `rules_version = '2';
service firebase.storage {
  match /b/{bucket}/o {
    match /public/{file=**} {
      allow read: if true;
    }
    match /users/{uid}/{file} {
      allow read, delete: if request.auth.uid == uid;
      allow create: if request.auth.uid == uid && request.resource.size < 100 && request.resource.contentType.matches('image/.*');
      allow update: if request.auth.uid == uid && request.resource.metadata.get('frozen', '') == resource.metadata.get('frozen', '');
    }
    match /{folder}/{file=**} {
      allow read, write: if folder in ['big', 'list'] && request.auth != null;
    }
    match /secret/{file} {
      allow get: if resource.metadata.owner == request.auth.uid;
    }
  }
}
`

// firebase is a Firebase client.
type firebase struct {
	*cloud
	authorization string // header
}

// as returns a client signed in as uid, signed out if uid is "", or a server if it is "owner".
func (c *cloud) as(uid string) firebase {
	c.Helper()
	switch uid {
	case "":
		return firebase{c, ""}
	case "owner":
		return firebase{c, "Firebase owner"}
	}
	raw, err := token.Encode(map[string]any{"sub": uid, "user_id": uid, "iat": 0, "exp": 3600})
	if err != nil {
		c.Fatal(err)
	}
	return firebase{c, "Firebase " + raw}
}

func (f firebase) call(method, path, body string, header ...string) (*http.Response, string) {
	f.Helper()
	if f.authorization != "" {
		header = append(header, "Authorization", f.authorization)
	}
	return f.do(method, path, body, header...)
}

func objectPath(name string) string {
	return "/v0/b/" + testBucket + "/o/" + url.PathEscape(name)
}

func uploadPath(name string) string {
	return "/v0/b/" + testBucket + "/o?name=" + url.QueryEscape(name)
}

// upload uploads an object in one request, as uploadBytes does.
func (f firebase) upload(name, metadata, contentType, data string) (*http.Response, string) {
	f.Helper()
	body := "--B\r\nContent-Type: application/json; charset=utf-8\r\n\r\n" + metadata + "\r\n--B\r\nContent-Type: " + contentType + "\r\n\r\n" + data + "\r\n--B--"
	return f.call("POST", uploadPath(name), body, "X-Goog-Upload-Protocol", "multipart", "Content-Type", "multipart/related; boundary=B")
}

func withRules(t *testing.T) *cloud { return start(t, Config{Rules: []byte(albums)}) }

// parse decodes an object's metadata.
func (c *cloud) parse(body string) (o firebaseObject) {
	c.Helper()
	if err := json.Unmarshal([]byte(body), &o); err != nil {
		c.Fatalf("%v: %s", err, body)
	}
	return o
}

// TestFirebaseAccess sends every kind of request as every kind of caller. It is long because of its
// table.
func TestFirebaseAccess(t *testing.T) {
	c := withRules(t)
	for name, owner := range map[string]string{"public/a": "", "users/ann/photo": "", "secret/ann's": "ann"} {
		c.write(c.bucket.Object(name), "x", func(w *gcs.Writer) { w.Metadata = map[string]string{"owner": owner} })
	}
	for _, tc := range []struct {
		who, method, path, body string
		status                  int
	}{
		{"", "GET", objectPath("public/a"), "", 200},
		{"", "GET", objectPath("public/a") + "?alt=media", "", 200},
		{"", "HEAD", objectPath("public/a") + "?alt=media", "", 200},
		{"", "GET", objectPath("public/none"), "", 404},
		{"", "GET", "/v0/b/" + testBucket + "/o?prefix=public%2F&delimiter=%2F", "", 200},
		{"", "GET", "/v0/b/" + testBucket + "/o?prefix=public%2Fa&delimiter=%2F", "", 200},
		{"", "GET", "/v0/b/" + testBucket + "/o?prefix=publi", "", 403},
		{"", "GET", "/v0/b/" + testBucket + "/o", "", 403},
		{"", "PATCH", objectPath("public/a"), "{}", 403},
		{"", "DELETE", objectPath("public/a"), "", 403},
		{"", "GET", objectPath("users/ann/photo"), "", 403},
		{"", "GET", objectPath("users/ann/none"), "", 403},
		{"bob", "GET", objectPath("users/ann/photo"), "", 403},
		{"bob", "DELETE", objectPath("users/ann/none"), "", 403},
		{"bob", "PATCH", objectPath("users/ann/none"), "{}", 403},
		{"bob", "PATCH", objectPath("users/ann/photo"), `{"contentType":1}`, 400},
		{"bob", "PATCH", objectPath("users/ann/none"), `{"contentType":1}`, 400}, // no hint of whether it exists
		{"ann", "GET", objectPath("users/ann/photo"), "", 200},
		{"ann", "GET", objectPath("users/ann/none"), "", 404},
		{"ann", "DELETE", objectPath("users/ann/none"), "", 404},
		{"ann", "PATCH", objectPath("users/ann/none"), "{}", 404},
		{"ann", "PATCH", objectPath("users/ann/photo"), `{"metadata":{"frozen":"yes"}}`, 403},
		{"ann", "PATCH", objectPath("users/ann/photo"), `{"metadata":{"other":"yes"}}`, 200},
		{"ann", "GET", objectPath("users/ann/photo") + "%2Fdeeper", "", 403},
		{"ann", "GET", objectPath("secret/ann's"), "", 200},
		{"bob", "GET", objectPath("secret/ann's"), "", 403},
		{"ann", "GET", objectPath("secret/none"), "", 403},
		{"owner", "GET", objectPath("secret/none"), "", 404},
		{"owner", "GET", "/v0/b/" + testBucket + "/o", "", 200},
		{"owner", "GET", "/v0/b/no-bucket/o", "", 200},
		{"owner", "GET", "/v0/b/no-bucket/o/x", "", 404},
		{"", "POST", objectPath("public/a") + "?create_token=true", "", 403},
		{"ann", "POST", objectPath("users/ann/photo") + "?delete_token=x", "", 403},
		{"ann", "POST", "/v0/b/" + testBucket + "/o", "x", 400},
		{"owner", "PUT", "/v0/b/" + testBucket, "", 404},
		{"owner", "PATCH", "/v0/b/" + testBucket + "/o", "", 405},
		{"ann", "DELETE", objectPath("users/ann/photo"), "", 204},
	} {
		res, body := c.as(tc.who).call(tc.method, tc.path, tc.body)
		if res.StatusCode != tc.status {
			t.Errorf("%s %s as %q: %d %s; want %d", tc.method, tc.path, tc.who, res.StatusCode, body, tc.status)
		}
		if tc.status >= 400 && tc.method != "HEAD" {
			var e struct {
				Error struct {
					Code    int
					Message string
				}
			}
			if err := json.Unmarshal([]byte(body), &e); err != nil || e.Error.Code != tc.status || e.Error.Message == "" {
				t.Errorf("%s %s: error %s", tc.method, tc.path, body)
			}
		}
	}
	for _, header := range []string{"Basic x", "Firebase x", "Firebase a.b.c"} {
		if res, body := c.do("GET", objectPath("public/a"), "", "Authorization", header); res.StatusCode != 401 {
			t.Errorf("%s: %d %s", header, res.StatusCode, body)
		}
	}
}

func TestFirebaseUploadIsAuthorized(t *testing.T) {
	c := withRules(t)
	for _, tc := range []struct {
		who, name, contentType, data string
		status                       int
	}{
		{"ann", "users/ann/a", "image/png", "x", 200},
		{"ann", "users/ann/b", "text/html", "x", 403},
		{"ann", "users/ann/c", "image/png", strings.Repeat("x", 100), 403},
		{"ann", "users/bob/d", "image/png", "x", 403},
		{"", "users/ann/e", "image/png", "x", 403},
		{"ann", "users/ann//f", "image/png", "x", 403},
		{"owner", "anything", "text/html", "x", 200},
		{"owner", strings.Repeat("n", 1025), "text/html", "x", 400},
	} {
		multipart, text := c.as(tc.who).upload(tc.name, fmt.Sprintf(`{"contentType":%q}`, tc.contentType), tc.contentType, tc.data)
		if multipart.StatusCode != tc.status {
			t.Errorf("%s to %.20s as %q: %d %s; want %d", tc.contentType, tc.name, tc.who, multipart.StatusCode, text, tc.status)
		}
		_, err := c.bucket.Object(tc.name).Attrs(t.Context())
		if stored := err == nil; stored != (tc.status == 200) {
			t.Errorf("%.20s stored: %v (%v)", tc.name, stored, err)
		}
		c.bucket.Object(tc.name).Delete(t.Context())
		for _, protocol := range []string{"", "raw"} {
			simple, text := c.as(tc.who).call("POST", uploadPath(tc.name), tc.data, "Content-Type", tc.contentType, "X-Goog-Upload-Protocol", protocol)
			if simple.StatusCode != tc.status {
				t.Errorf("raw, %s to %.20s as %q: %d %s; want %d", tc.contentType, tc.name, tc.who, simple.StatusCode, text, tc.status)
			}
			c.bucket.Object(tc.name).Delete(t.Context())
		}
	}
}

func TestFirebaseMetadata(t *testing.T) {
	c := withRules(t)
	res, body := c.as("owner").upload("a/사진 1.png", `{"name":"ignored","contentType":"image/png","cacheControl":"max-age=60","contentLanguage":"ko","metadata":{"k":"v","firebaseStorageDownloadTokens":""}}`, "text/plain", "bytes")
	if res.StatusCode != 200 {
		t.Fatal(body)
	}
	o := c.parse(body)
	want := firebaseObject{
		Name: "a/사진 1.png", Bucket: testBucket, Generation: o.Generation, Metageneration: 1, ContentType: "image/png",
		TimeCreated: o.TimeCreated, Updated: o.TimeCreated, StorageClass: "STANDARD", Size: 5, MD5Hash: o.MD5Hash,
		CRC32C: o.CRC32C, ETag: o.ETag, ContentEncoding: "identity", ContentDisposition: "inline; filename*=utf-8''%EC%82%AC%EC%A7%84%201.png",
		ContentLanguage: "ko", CacheControl: "max-age=60", DownloadTokens: o.DownloadTokens, Metadata: map[string]string{"k": "v"},
	}
	if fmt.Sprint(o) != fmt.Sprint(want) || len(o.DownloadTokens) != 36 || len(o.MD5Hash) != 24 {
		t.Errorf("got  %+v\nwant %+v", o, want)
	}
	res, body = c.as("owner").call("PATCH", objectPath("a/사진 1.png"), `{"contentLanguage":null,"metadata":{"k":null,"l":"w"}}`)
	if p := c.parse(body); res.StatusCode != 200 || p.ContentLanguage != "" || p.Metadata["l"] != "w" || len(p.Metadata) != 1 ||
		p.Metageneration != 2 || p.DownloadTokens != o.DownloadTokens {
		t.Errorf("after the change: %s", body)
	}
	res, body = c.as("owner").call("PUT", objectPath("a/사진 1.png"), `{"metadata":null}`, "X-HTTP-Method-Override", "PATCH")
	if p := c.parse(body); res.StatusCode != 200 || len(p.Metadata) != 0 || p.DownloadTokens != o.DownloadTokens {
		t.Errorf("after the second change: %s", body)
	}
}

// TestDownloadTokens: an object written by a server has no token until a client reads its metadata.
func TestDownloadTokens(t *testing.T) {
	c := withRules(t)
	o := c.bucket.Object("secret/report")
	c.write(o, "content", func(w *gcs.Writer) { w.Metadata = map[string]string{"owner": "ann"} })
	media := objectPath("secret/report") + "?alt=media&token="
	for _, token := range []string{"", ",", "undefined"} {
		if res, _ := c.do("GET", media+token, ""); res.StatusCode != 403 {
			t.Errorf("token %q of an object without tokens: %d", token, res.StatusCode)
		}
	}
	_, body := c.as("ann").call("GET", objectPath("secret/report"), "")
	first := c.parse(body)
	if first.DownloadTokens == "" || len(first.Metadata) != 1 {
		t.Fatalf("metadata %s", body)
	}
	if res, body := c.do("GET", media+first.DownloadTokens, ""); res.StatusCode != 200 || body != "content" || res.Header.Get("X-Goog-Meta-Owner") != "ann" ||
		res.Header.Get("X-Goog-Meta-"+tokensKey) != "" {
		t.Errorf("with the token: %d %q %v", res.StatusCode, body, res.Header)
	}
	if res, _ := c.do("GET", objectPath("secret/report")+"?token="+first.DownloadTokens, ""); res.StatusCode != 403 {
		t.Errorf("the token granted access to the metadata: %d", res.StatusCode)
	}
	if attrs, err := o.Attrs(t.Context()); err != nil || attrs.Metadata[tokensKey] != first.DownloadTokens {
		t.Errorf("metadata for servers: %v, %v", attrs.Metadata, err)
	}
	_, body = c.as("owner").call("POST", objectPath("secret/report")+"?create_token=true", "")
	second := c.parse(body).DownloadTokens
	if !strings.HasPrefix(second, first.DownloadTokens+",") {
		t.Errorf("after creating a second token: %s", body)
	}
	_, body = c.as("owner").call("POST", objectPath("secret/report")+"?delete_token="+first.DownloadTokens, "")
	if left := c.parse(body).DownloadTokens; left == "" || strings.Contains(left, first.DownloadTokens) {
		t.Errorf("after revoking the first token: %q", left)
	}
	if res, _ := c.do("GET", media+first.DownloadTokens, ""); res.StatusCode != 403 {
		t.Errorf("with the revoked token: %d", res.StatusCode)
	}
	// A client cannot choose a token; a server can.
	for who, chosen := range map[string]bool{"ann": false, "owner": true} {
		_, body := c.as(who).upload("users/ann/p", `{"contentType":"image/png","metadata":{"firebaseStorageDownloadTokens":"mine"}}`, "image/png", "x")
		if got := c.parse(body).DownloadTokens; (got == "mine") != chosen {
			t.Errorf("%s uploading with a token: %s", who, body)
		}
		c.as("owner").call("DELETE", objectPath("users/ann/p"), "")
	}
}

// TestFirebaseResumable follows uploads from start to end. It is long because each step depends on
// the one before.
func TestFirebaseResumable(t *testing.T) {
	c := withRules(t)
	ann := c.as("ann")
	begin := func(name string, size int) (string, *http.Response) {
		t.Helper()
		res, body := ann.call("POST", uploadPath(name), `{"contentType":"image/png"}`, "X-Goog-Upload-Protocol", "resumable", "X-Goog-Upload-Command", "start",
			"X-Goog-Upload-Header-Content-Length", fmt.Sprint(size), "X-Goog-Upload-Header-Content-Type", "image/png")
		uploadURL := res.Header.Get("X-Goog-Upload-URL")
		if res.StatusCode != 200 || res.Header.Get("X-Goog-Upload-Status") != "active" || !strings.HasPrefix(uploadURL, c.http.URL+"/v0/b/"+testBucket+"/o?") ||
			res.Header.Get("X-Goog-Upload-Chunk-Granularity") != "262144" {
			t.Fatalf("%d %s %v", res.StatusCode, body, res.Header)
		}
		return uploadURL, res
	}
	send := func(uploadURL, command, offset, data string, status int, state, received string) string {
		t.Helper()
		// Chunks carry no token: the upload is authorized for the caller who started it.
		res, body := c.do("POST", uploadURL, data, "X-Goog-Upload-Command", command, "X-Goog-Upload-Offset", offset)
		if res.StatusCode != status || res.Header.Get("X-Goog-Upload-Status") != state || res.Header.Get("X-Goog-Upload-Size-Received") != received {
			t.Errorf("%s at %s: %d, %s, %s received, %s", command, offset, res.StatusCode, res.Header.Get("X-Goog-Upload-Status"), res.Header.Get("X-Goog-Upload-Size-Received"), body)
		}
		return body
	}
	uploadURL, _ := begin("users/ann/p", 10)
	send(uploadURL, "query", "", "", 200, "active", "0")
	send(uploadURL, "upload", "0", "0123", 200, "active", "4")
	send(uploadURL, "upload", "2", "2345", 200, "active", "6") // sent again, in part
	send(uploadURL, "upload", "8", "89", 400, "active", "6")   // a gap
	send(uploadURL, "upload", "x", "89", 400, "active", "6")
	send(uploadURL, "upload", "6", "67890", 400, "active", "6") // more than announced
	send(uploadURL, "finalize", "", "", 400, "active", "6")     // less than announced
	send(uploadURL, "dance", "", "", 400, "active", "6")
	if _, err := c.bucket.Object("users/ann/p").Attrs(t.Context()); !errors.Is(err, gcs.ErrObjectNotExist) {
		t.Errorf("the object exists before the upload is finalized: %v", err)
	}
	body := send(uploadURL, "upload, finalize", "6", "6789", 200, "final", "10")
	if o := c.parse(body); o.Size != 10 || o.ContentType != "image/png" || o.DownloadTokens == "" {
		t.Errorf("object %s", body)
	}
	if again := send(uploadURL, "upload, finalize", "6", "6789", 200, "final", "10"); again != body {
		t.Errorf("the last chunk sent again: %s", again)
	}
	send(uploadURL, "query", "", "", 200, "final", "10")
	if got := c.read(c.bucket.Object("users/ann/p")); got != "0123456789" {
		t.Errorf("read %q", got)
	}
	// The rules deny large objects when the upload is complete.
	uploadURL, _ = begin("users/ann/q", 100)
	if body := send(uploadURL, "upload, finalize", "0", strings.Repeat("x", 100), 403, "final", "0"); !strings.Contains(body, "Permission denied") {
		t.Error(body)
	}
	if _, err := c.bucket.Object("users/ann/q").Attrs(t.Context()); !errors.Is(err, gcs.ErrObjectNotExist) {
		t.Errorf("the denied object: %v", err)
	}
	uploadURL, _ = begin("users/ann/r", 0)
	send(uploadURL, "cancel", "", "", 200, "cancelled", "")
	send(uploadURL, "query", "", "", 404, "", "")
	for _, header := range [][]string{{"X-Goog-Upload-Command", "upload"}, {"X-Goog-Upload-Command", "start", "X-Goog-Upload-Header-Content-Length", "-1"},
		{"X-Goog-Upload-Command", "start", "X-Goog-Upload-Header-Content-Length", "999999999999"}} {
		res, body := ann.call("POST", uploadPath("users/ann/s"), "{}", append(header, "X-Goog-Upload-Protocol", "resumable")...)
		if res.StatusCode != 400 && res.StatusCode != 413 {
			t.Errorf("%v: %d %s", header, res.StatusCode, body)
		}
	}
}

func TestFirebaseList(t *testing.T) {
	c := withRules(t)
	for _, name := range []string{"public/", "public/a", "public/b", "public/c/1", "public/c/2", "public/d//x", "public/e", "other"} {
		c.write(c.bucket.Object(name), "x")
	}
	type list struct {
		Prefixes      []string
		Items         []struct{ Name, Bucket string }
		NextPageToken string
	}
	var seen []string
	pages := 0
	for token := ""; pages == 0 || token != ""; pages++ {
		res, body := c.do("GET", "/v0/b/"+testBucket+"/o?prefix=public%2F&delimiter=%2F&maxResults=2&pageToken="+token, "")
		var l list
		if err := json.Unmarshal([]byte(body), &l); err != nil || res.StatusCode != 200 || l.Items == nil || l.Prefixes == nil {
			t.Fatalf("%d %s: %v", res.StatusCode, body, err)
		}
		for _, i := range l.Items {
			seen = append(seen, i.Name)
		}
		seen = append(seen, l.Prefixes...)
		token = l.NextPageToken
	}
	// Firebase cannot uploadURL the objects "public/" and "public/d//x"; it lists the folder d/
	// nevertheless.
	if got := fmt.Sprint(seen); got != "[public/a public/b public/c/ public/e public/d/]" && got != "[public/a public/b public/c/ public/d/ public/e]" || pages < 3 {
		t.Errorf("%s on %d pages", got, pages)
	}
	for query, status := range map[string]int{"maxResults=0": 400, "maxResults=x": 400, "maxResults=99999999999": 200, "pageToken=!": 400} {
		if res, body := c.do("GET", "/v0/b/"+testBucket+"/o?prefix=public%2F&"+query, ""); res.StatusCode != status {
			t.Errorf("%s: %d %s", query, res.StatusCode, body)
		}
	}
}

// TestFirebaseMedia: downloads support gzip, ranges and ETags as in the JSON API.
func TestFirebaseMedia(t *testing.T) {
	c := withRules(t)
	var compressed bytes.Buffer
	w := gzip.NewWriter(&compressed)
	io.WriteString(w, "0123456789")
	w.Close()
	c.write(c.bucket.Object("public/list.json"), compressed.String(), func(w *gcs.Writer) {
		w.ContentType, w.ContentEncoding, w.CacheControl = "application/json", "gzip", "public, max-age=31536000"
	})
	c.write(c.bucket.Object("public/plain"), "0123456789")
	object := c.bucket.Object("public/list.json")
	attrs, err := object.Attrs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name, header, value string
		status              int
		body, encoding      string
	}{
		{"list.json", "Accept-Encoding", "gzip, br", 200, compressed.String(), "gzip"},
		{"list.json", "Accept-Encoding", "identity", 200, "0123456789", ""},
		{"list.json", "If-None-Match", attrs.Etag, 304, "", ""},
		{"plain", "Range", "bytes=2-4", 206, "234", ""},
		{"plain", "Range", "bytes=-2", 206, "89", ""},
		{"plain", "Range", "bytes=10-", 416, "", ""},
		{"plain", "If-None-Match", `"other"`, 200, "0123456789", ""},
	} {
		res, body := c.do("GET", objectPath("public/"+tc.name)+"?alt=media", "", tc.header, tc.value)
		if res.StatusCode != tc.status || tc.status < 300 && body != tc.body || res.Header.Get("Content-Encoding") != tc.encoding {
			t.Errorf("%s with %s: %s: %d, %q, %q", tc.name, tc.header, tc.value, res.StatusCode, res.Header.Get("Content-Encoding"), body)
		}
		if tc.status < 300 && (res.Header.Get("X-Goog-Hash") == "" || res.Header.Get("ETag") == "" || !strings.HasPrefix(res.Header.Get("Content-Disposition"), "inline; filename*=")) {
			t.Errorf("%s: headers %v", tc.name, res.Header)
		}
	}
}

func TestMetadataIsRevalidated(t *testing.T) {
	c := withRules(t)
	ann := c.as("ann")
	ann.upload("users/ann/p", `{"contentType":"image/png"}`, "image/png", "x")
	res, _ := ann.call("GET", objectPath("users/ann/p"), "")
	tag := res.Header.Get("ETag")
	if tag == "" || !strings.Contains(res.Header.Get("Cache-Control"), "max-age=0") {
		t.Fatalf("headers %v", res.Header)
	}
	if res, body := ann.call("GET", objectPath("users/ann/p"), "", "If-None-Match", tag); res.StatusCode != 304 || body != "" || res.Header.Get("ETag") != tag {
		t.Errorf("unchanged: %d %q %v", res.StatusCode, body, res.Header)
	}
	if res, _ := c.as("bob").call("GET", objectPath("users/ann/p"), "", "If-None-Match", tag); res.StatusCode != 403 {
		t.Errorf("unchanged, for another user: %d", res.StatusCode)
	}
	ann.call("PATCH", objectPath("users/ann/p"), `{"contentType":"image/gif"}`)
	if res, _ := ann.call("GET", objectPath("users/ann/p"), "", "If-None-Match", tag); res.StatusCode != 200 {
		t.Errorf("changed: %d", res.StatusCode)
	}
}

func TestUploadCreatesBucket(t *testing.T) {
	c := start(t, Config{})
	put := func(bucket string) int {
		res, _ := c.do("POST", "/v0/b/"+bucket+"/o?name=a", "x")
		return res.StatusCode
	}
	if got := put("demo-other"); got != 200 {
		t.Errorf("a new bucket: %d", got)
	}
	if got := put("No%20Name"); got != 400 {
		t.Errorf("an invalid name: %d", got)
	}
	for i := range maxAutoBuckets {
		put(fmt.Sprintf("bucket-%d", i))
	}
	if got := put("one-too-many"); got != 404 {
		t.Errorf("after %d buckets: %d", maxAutoBuckets, got)
	}
}
