package storage

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	gcs "cloud.google.com/go/storage"
	"github.com/googleapis/gax-go/v2"

	"heek.kr/heektime/emulator/internal/cors"
)

var fast = gax.Backoff{Initial: time.Millisecond, Max: 5 * time.Millisecond, Multiplier: 1.5}

func TestRanges(t *testing.T) {
	c := start(t, Config{})
	c.write(c.bucket.Object("a"), "0123456789")
	c.write(c.bucket.Object("empty"), "")
	for _, tc := range []struct {
		object, header string
		status         int
		want, contents string
	}{
		{"a", "", 200, "0123456789", ""},
		{"a", "bytes=0-", 206, "0123456789", "bytes 0-9/10"},
		{"a", "bytes=2-4", 206, "234", "bytes 2-4/10"},
		{"a", "bytes=8-", 206, "89", "bytes 8-9/10"},
		{"a", "bytes=8-99999999999999999999", 206, "89", "bytes 8-9/10"},
		{"a", "bytes=-3", 206, "789", "bytes 7-9/10"},
		{"a", "bytes=-30", 206, "0123456789", "bytes 0-9/10"},
		{"a", "bytes=10-", 416, "", "bytes */10"},
		{"a", "bytes=-0", 416, "", "bytes */10"},
		{"a", "bytes=4-2", 200, "0123456789", ""},
		{"a", "bytes=1-2,4-5", 200, "0123456789", ""},
		{"a", "bytes=x", 200, "0123456789", ""},
		{"a", "items=1-2", 200, "0123456789", ""},
		{"empty", "", 200, "", ""},
		{"empty", "bytes=0-", 416, "", "bytes */0"},
		{"empty", "bytes=-1", 416, "", "bytes */0"},
	} {
		for _, path := range []string{"/" + testBucket + "/" + tc.object, "/storage/v1/b/" + testBucket + "/o/" + tc.object + "?alt=media"} {
			res, body := c.do("GET", path, "", "Range", tc.header)
			if res.StatusCode != tc.status || res.Header.Get("Content-Range") != tc.contents || tc.status != 416 && body != tc.want {
				t.Errorf("%s %q: %d %q %q; want %d %q %q", path, tc.header, res.StatusCode, res.Header.Get("Content-Range"), body, tc.status, tc.contents, tc.want)
			}
			if tc.status != 416 && res.ContentLength != int64(len(tc.want)) {
				t.Errorf("%s %q: Content-Length %d", path, tc.header, res.ContentLength)
			}
		}
	}
	for _, tc := range []struct {
		offset, length int64
		want           string
	}{{0, -1, "0123456789"}, {3, -1, "3456789"}, {3, 4, "3456"}, {3, 0, ""}, {-4, -1, "6789"}, {8, 40, "89"}} {
		r, err := c.bucket.Object("a").NewRangeReader(t.Context(), tc.offset, tc.length)
		if err != nil {
			t.Errorf("%d+%d: %v", tc.offset, tc.length, err)
			continue
		}
		if got, err := io.ReadAll(r); err != nil || string(got) != tc.want || r.Attrs.Size != 10 {
			t.Errorf("%d+%d: %q of %d, %v", tc.offset, tc.length, got, r.Attrs.Size, err)
		}
		r.Close()
	}
	if _, err := c.bucket.Object("a").NewRangeReader(t.Context(), 10, -1); status(err) != 416 {
		t.Errorf("beyond the end: %v", err)
	}
}

func TestDownloadHeaders(t *testing.T) {
	c := start(t, Config{})
	a := c.write(c.bucket.Object("a"), "hello", func(w *gcs.Writer) {
		w.ContentType, w.CacheControl, w.ContentDisposition = "text/css", "public, max-age=60", `attachment; filename="a"`
		w.Metadata = map[string]string{"semester": "2026-2"}
	})
	for _, method := range []string{"GET", "HEAD"} {
		for _, path := range []string{"/" + testBucket + "/a", "/storage/v1/b/" + testBucket + "/o/a?alt=media"} {
			res, body := c.do(method, path, "")
			want := map[string]string{
				"Content-Type": "text/css", "Cache-Control": "public, max-age=60", "Content-Disposition": `attachment; filename="a"`,
				"X-Goog-Meta-Semester": "2026-2", "X-Goog-Stored-Content-Encoding": "identity", "X-Goog-Stored-Content-Length": "5",
				"X-Goog-Metageneration": "1", "X-Goog-Storage-Class": "STANDARD", "Content-Length": "5", "Accept-Ranges": "bytes",
				"Content-Encoding": "", "Last-Modified": a.Updated.UTC().Format(http.TimeFormat),
			}
			for name, value := range want {
				if got := res.Header.Get(name); got != value {
					t.Errorf("%s %s: %s is %q, want %q", method, path, name, got, value)
				}
			}
			if got := strings.Join(res.Header["X-Goog-Hash"], ","); got != "crc32c=mnG7TA==,md5=XUFAKrxLKna5cZ2REBfFkg==" {
				t.Errorf("%s %s: X-Goog-Hash %q", method, path, got)
			}
			if method == "HEAD" != (body == "") {
				t.Errorf("%s %s: body %q", method, path, body)
			}
		}
	}
	if res, _ := c.do("GET", "/"+testBucket+"/a", ""); res.Header.Get("ETag") != `"5d41402abc4b2a76b9719d911017c592"` {
		t.Errorf("ETag %q", res.Header.Get("ETag"))
	}
}

func TestConditionalGets(t *testing.T) {
	c := start(t, Config{})
	a := c.write(c.bucket.Object("a"), "hello", func(w *gcs.Writer) { w.CacheControl = "no-cache" })
	modified := a.Updated.UTC().Format(http.TimeFormat)
	for _, path := range []string{"/" + testBucket + "/a", "/storage/v1/b/" + testBucket + "/o/a?alt=media", "/storage/v1/b/" + testBucket + "/o/a"} {
		res, _ := c.do("GET", path, "")
		tag := res.Header.Get("ETag")
		for _, tc := range []struct {
			name, value string
			status      int
		}{
			{"If-None-Match", tag, 304}, {"If-None-Match", "W/" + tag, 304}, {"If-None-Match", `"x", ` + tag, 304}, {"If-None-Match", "*", 304},
			{"If-None-Match", `"x"`, 200}, {"If-Match", tag, 200}, {"If-Match", `"x"`, 412},
			{"If-Modified-Since", modified, 304}, {"If-Modified-Since", a.Updated.Add(-time.Minute).UTC().Format(http.TimeFormat), 200},
		} {
			res, body := c.do("GET", path, "", tc.name, tc.value)
			if res.StatusCode != tc.status || tc.status == 304 && (body != "" || res.Header.Get("ETag") != tag) {
				t.Errorf("%s %s: %s: %d %q %q, want %d", path, tc.name, tc.value, res.StatusCode, res.Header.Get("ETag"), body, tc.status)
			}
		}
	}
	path := "/" + testBucket + "/a"
	res, _ := c.do("GET", path, "")
	if res, body := c.do("GET", path, "", "Range", "bytes=0-1", "If-Range", res.Header.Get("ETag")); res.StatusCode != 206 || body != "he" {
		t.Errorf("matching If-Range: %d %q", res.StatusCode, body)
	}
	if res, body := c.do("GET", path, "", "Range", "bytes=0-1", "If-Range", `"x"`); res.StatusCode != 200 || body != "hello" {
		t.Errorf("other If-Range: %d %q", res.StatusCode, body)
	}
}

func zipped(t *testing.T, data string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	io.WriteString(w, data)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestGzip is long because of its table.
func TestGzip(t *testing.T) {
	c := start(t, Config{})
	plain := repeat("lecture ", 50<<10)
	stored := zipped(t, plain)
	gz := func(cacheControl string) func(*gcs.Writer) {
		return func(w *gcs.Writer) { w.ContentEncoding, w.CacheControl = "gzip", cacheControl }
	}
	c.write(c.bucket.Object("list"), stored, gz(""))
	c.write(c.bucket.Object("fixed"), stored, gz("public, no-transform"))
	c.write(c.bucket.Object("plain"), plain)
	for _, tc := range []struct {
		object, accept, ranges string
		status                 int
		body, encoding         string
		length                 int64
	}{
		{"list", "gzip", "", 200, stored, "gzip", int64(len(stored))},
		{"list", "br, GZIP;q=0.5", "", 200, stored, "gzip", int64(len(stored))},
		{"list", "gzip", "bytes=2-4", 206, stored[2:5], "gzip", 3},
		{"list", "", "", 200, plain, "", -1},
		{"list", "br, gzip;q=0", "", 200, plain, "", -1},
		{"list", "", "bytes=2-4", 200, plain, "", -1},
		{"fixed", "", "", 200, stored, "gzip", int64(len(stored))},
		{"fixed", "", "bytes=2-4", 206, stored[2:5], "gzip", 3},
		{"plain", "gzip", "", 200, plain, "", int64(len(plain))},
	} {
		for _, path := range []string{"/" + testBucket + "/" + tc.object, "/storage/v1/b/" + testBucket + "/o/" + tc.object + "?alt=media"} {
			res, body := c.do("GET", path, "", "Accept-Encoding", tc.accept, "Range", tc.ranges)
			if res.StatusCode != tc.status || body != tc.body || res.Header.Get("Content-Encoding") != tc.encoding || res.ContentLength != tc.length {
				t.Errorf("%s accepting %q range %q: %d, %d bytes, encoding %q, length %d; want %d, %d, %q, %d", path, tc.accept, tc.ranges,
					res.StatusCode, len(body), res.Header.Get("Content-Encoding"), res.ContentLength, tc.status, len(tc.body), tc.encoding, tc.length)
			}
			if tc.object == "list" && (res.Header.Get("X-Goog-Stored-Content-Encoding") != "gzip" || res.Header.Get("Vary") != "Accept-Encoding") {
				t.Errorf("%s: headers %v", path, res.Header)
			}
			if gunzipped := res.Header.Get("Warning") != ""; gunzipped != (tc.length < 0) {
				t.Errorf("%s: Warning %q", path, res.Header.Get("Warning"))
			}
		}
	}
	if got := c.read(c.bucket.Object("list")); got != plain {
		t.Errorf("the client read %d bytes that differ from the decompressed object", len(got))
	}
	if got := c.read(c.bucket.Object("list").ReadCompressed(true)); got != stored {
		t.Errorf("the client read %d bytes that differ from the stored object", len(got))
	}
	r, err := c.bucket.Object("list").NewRangeReader(t.Context(), 3, 5)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if got, err := io.ReadAll(r); err != nil || string(got) != plain || !r.Attrs.Decompressed {
		t.Errorf("range of a compressed object: %d bytes, %v; want the whole object", len(got), err)
	}
	c.write(c.bucket.Object("mislabeled"), "not gzip at all", gz(""))
	if res, body := c.do("GET", "/"+testBucket+"/mislabeled", ""); res.StatusCode != 400 || !strings.Contains(body, "not gzip") ||
		res.Header.Get("Content-Encoding") != "" {
		t.Errorf("not gzip: %d %q", res.StatusCode, body)
	}
	c.write(c.bucket.Object("truncated"), stored[:len(stored)-20], gz(""))
	res, err := http.Get(c.http.URL + "/" + testBucket + "/truncated")
	if err == nil {
		_, err = io.ReadAll(res.Body)
		res.Body.Close()
	}
	if err == nil {
		t.Error("a truncated gzip stream was sent as if it were complete")
	}
}

// TestGzipVariesByOrigin: a browser must not reuse a cached response, with its
// Access-Control-Allow-Origin, for a page of another origin.
func TestGzipVariesByOrigin(t *testing.T) {
	c := start(t, Config{})
	c.write(c.bucket.Object("list"), zipped(t, "lectures"), func(w *gcs.Writer) { w.ContentEncoding, w.CacheControl = "gzip", "public, max-age=3600" })
	handler := cors.New(nil, nil).Handler(c.server)
	for _, accept := range []string{"gzip", ""} {
		r := httptest.NewRequest("GET", "/"+testBucket+"/list", nil)
		r.Header.Set("Origin", "http://localhost:5173")
		r.Header.Set("Accept-Encoding", accept)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if vary := strings.Join(w.Header().Values("Vary"), ", "); w.Code != 200 || vary != "Origin, Accept-Encoding" {
			t.Errorf("accepting %q: %d, Vary: %s", accept, w.Code, vary)
		}
	}
}

func TestXMLUploads(t *testing.T) {
	c := start(t, Config{})
	res, body := c.do("PUT", "/"+testBucket+"/dir/a.css?X-Goog-Signature=anything", "data", "Content-Type", "text/css", "X-Goog-Meta-Kind", "x",
		"Cache-Control", "no-store", "X-Goog-If-Generation-Match", "0")
	if res.StatusCode != 200 || res.Header.Get("X-Goog-Generation") == "" || body != "" {
		t.Errorf("PUT: %d %q %v", res.StatusCode, body, res.Header)
	}
	a, err := c.bucket.Object("dir/a.css").Attrs(t.Context())
	if err != nil || a.ContentType != "text/css" || a.Metadata["kind"] != "x" || a.CacheControl != "no-store" {
		t.Errorf("attributes %+v, %v", a, err)
	}
	if res, body = c.do("PUT", "/"+testBucket+"/dir/a.css", "data", "X-Goog-If-Generation-Match", "0"); res.StatusCode != 412 || !strings.Contains(body, "PreconditionFailed") {
		t.Errorf("PUT again: %d %q", res.StatusCode, body)
	}
	if res, _ = c.do("DELETE", "/"+testBucket+"/dir/a.css", ""); res.StatusCode != 204 {
		t.Errorf("DELETE: %d", res.StatusCode)
	}
	if res, _ = c.do("DELETE", "/"+testBucket+"/dir/a.css", ""); res.StatusCode != 404 {
		t.Errorf("DELETE again: %d", res.StatusCode)
	}
	if _, err := c.bucket.Object("dir/a.css").Attrs(t.Context()); !errors.Is(err, gcs.ErrObjectNotExist) {
		t.Errorf("after DELETE: %v", err)
	}
}
