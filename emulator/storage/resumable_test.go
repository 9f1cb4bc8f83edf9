package storage

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	gcs "cloud.google.com/go/storage"
	"google.golang.org/api/option"
)

const testChunk = 256 << 10

// session starts a resumable upload and returns its URL.
func (c *cloud) session(name, query, resource string, header ...string) string {
	c.Helper()
	res, body := c.do("POST", "/upload/storage/v1/b/"+testBucket+"/o?uploadType=resumable&name="+name+query, resource, header...)
	if res.StatusCode != 200 || res.Header.Get("Location") == "" {
		c.Fatalf("starting an upload: %d %s", res.StatusCode, body)
	}
	return res.Header.Get("Location")
}

func TestResumableProtocol(t *testing.T) {
	c := start(t, Config{})
	data := repeat("0123456789", 2*testChunk+5)
	url := c.session("a", "", `{"contentType":"text/css"}`, "X-Upload-Content-Type", "text/html", "X-Upload-Content-Length", fmt.Sprint(len(data)))
	for _, step := range []struct {
		name     string
		contents string // Content-Range
		from, to int
		status   int
		received string // Range header of the response
	}{
		{"nothing yet", "bytes */*", 0, 0, 308, ""},
		{"nothing yet, total known", fmt.Sprintf("bytes */%d", len(data)), 0, 0, 308, ""},
		{"a gap", fmt.Sprintf("bytes %d-%d/*", testChunk, 2*testChunk-1), testChunk, 2 * testChunk, 400, ""},
		{"an unaligned end is dropped", fmt.Sprintf("bytes 0-%d/*", testChunk+9), 0, testChunk + 10, 308, "bytes=0-262143"},
		{"the same again", fmt.Sprintf("bytes 0-%d/*", testChunk-1), 0, testChunk, 308, "bytes=0-262143"},
		{"query", "bytes */*", 0, 0, 308, "bytes=0-262143"},
		{"overlapping", fmt.Sprintf("bytes %d-%d/*", testChunk-100, 2*testChunk-1), testChunk - 100, 2 * testChunk, 308, "bytes=0-524287"},
		{"another total", fmt.Sprintf("bytes %d-%d/%d", 2*testChunk, 2*testChunk+3, 2*testChunk+4), 2 * testChunk, 2*testChunk + 4, 400, ""},
		{"body shorter than announced", fmt.Sprintf("bytes %d-%d/%d", 2*testChunk, len(data)-1, len(data)), 2 * testChunk, 2*testChunk + 1, 400, ""},
		{"malformed", "bytes x-y/z", 0, 0, 400, ""},
		{"backwards", "bytes 9-3/10", 0, 0, 400, ""},
		{"beyond the total", "bytes 0-9/5", 0, 10, 400, ""},
		{"the rest", fmt.Sprintf("bytes %d-%d/%d", 2*testChunk, len(data)-1, len(data)), 2 * testChunk, len(data), 200, ""},
		{"the rest again", fmt.Sprintf("bytes %d-%d/%d", 2*testChunk, len(data)-1, len(data)), 2 * testChunk, len(data), 200, ""},
		{"query at the end", "bytes */*", 0, 0, 200, ""},
	} {
		res, body := c.do("PUT", url, data[step.from:step.to], "Content-Range", step.contents)
		if res.StatusCode != step.status || res.Header.Get("Range") != step.received {
			t.Fatalf("%s: %d, Range %q, %s; want %d, %q", step.name, res.StatusCode, res.Header.Get("Range"), body, step.status, step.received)
		}
		if step.status == 200 && !strings.Contains(body, `"contentType":"text/css"`) {
			t.Errorf("%s: %s", step.name, body)
		}
	}
	if got := c.read(c.bucket.Object("a")); got != data {
		t.Errorf("read %d bytes that differ", len(got))
	}
}

func TestStatusOverride(t *testing.T) {
	c := start(t, Config{})
	url := c.session("a", "", "")
	res, _ := c.do("POST", url, repeat("x", testChunk), "Content-Range", fmt.Sprintf("bytes 0-%d/*", testChunk-1), "X-GUploader-No-308", "yes")
	if res.StatusCode != 200 || res.Header.Get("X-HTTP-Status-Code-Override") != "308" || res.Header.Get("Range") != "bytes=0-262143" {
		t.Errorf("%d %v", res.StatusCode, res.Header)
	}
	// The client sent everything before it knew the size; now it announces the size.
	res, body := c.do("POST", url, "", "Content-Range", fmt.Sprintf("bytes */%d", testChunk), "X-GUploader-No-308", "yes")
	if res.StatusCode != 200 || res.Header.Get("X-HTTP-Status-Code-Override") != "" || !strings.Contains(body, `"size":"262144"`) {
		t.Errorf("%d %v %s", res.StatusCode, res.Header, body)
	}
}

func TestResumableInOneRequest(t *testing.T) {
	c := start(t, Config{})
	for _, data := range []string{"", "hello"} {
		res, body := c.do("PUT", c.session("a", "", ""), data)
		if res.StatusCode != 200 || c.read(c.bucket.Object("a")) != data {
			t.Errorf("%q: %d %s", data, res.StatusCode, body)
		}
	}
	if res, body := c.do("PUT", c.session("a", "", ""), "", "Content-Range", "bytes */0"); res.StatusCode != 200 || c.read(c.bucket.Object("a")) != "" {
		t.Errorf("an empty object: %d %s", res.StatusCode, body)
	}
}

func TestResumableEndsWithoutObject(t *testing.T) {
	c := start(t, Config{})
	url := c.session("a", "", "")
	if res, _ := c.do("DELETE", url, ""); res.StatusCode != statusCancelled {
		t.Errorf("cancel: %d", res.StatusCode)
	}
	if res, _ := c.do("PUT", url, "x"); res.StatusCode != 404 {
		t.Errorf("after cancel: %d", res.StatusCode)
	}
	url = c.session("a", "", "")
	c.clock.Advance(8 * 24 * time.Hour)
	c.session("b", "", "")
	if res, _ := c.do("PUT", url, "x"); res.StatusCode != 404 {
		t.Errorf("after a week: %d", res.StatusCode)
	}
	url = c.session("a", "&ifGenerationMatch=0", "")
	c.write(c.bucket.Object("a"), "faster")
	for range 2 {
		if res, body := c.do("PUT", url, "slower"); res.StatusCode != 412 {
			t.Errorf("precondition no longer met: %d %s", res.StatusCode, body)
		}
	}
	url = c.session("c", "", `{"crc32c":"AAAAAA=="}`)
	if res, body := c.do("PUT", url, "data"); res.StatusCode != 400 {
		t.Errorf("checksum: %d %s", res.StatusCode, body)
	}
	if res, _ := c.do("POST", "/upload/storage/v1/b/nobucket/o?uploadType=resumable&name=x", ""); res.StatusCode != 404 {
		t.Errorf("missing bucket: %d", res.StatusCode)
	}
}

// breaker closes the connection after half of every third chunk, and instead of the response to
// every fourth.
type breaker struct {
	http.Handler
	mu     sync.Mutex
	chunks int
	cut    int // chunks of which half was received
	lost   int // responses not sent
}

func (b *breaker) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Query().Get("upload_id") == "" {
		b.Handler.ServeHTTP(w, r)
		return
	}
	b.mu.Lock()
	b.chunks++
	half, noResponse := b.chunks%3 == 2, b.chunks%4 == 3
	b.mu.Unlock()
	switch {
	case half:
		b.cut++
		r.Body = io.NopCloser(io.MultiReader(io.LimitReader(r.Body, r.ContentLength/2), failingReader{}))
		b.Handler.ServeHTTP(httptest.NewRecorder(), r)
		reset(w)
		return
	case noResponse:
		b.lost++
		b.Handler.ServeHTTP(httptest.NewRecorder(), r)
		reset(w)
		return
	}
	b.Handler.ServeHTTP(w, r)
}

// reset closes a connection with a TCP reset.
func reset(w http.ResponseWriter) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(err)
	}
	conn.(*net.TCPConn).SetLinger(0)
	conn.Close()
}

// failingReader is a body whose connection broke.
type failingReader struct{}

func (failingReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestClientResumesBrokenUploads(t *testing.T) {
	for name, dir := range map[string]string{"memory": "", "disk": t.TempDir()} {
		t.Run(name, func(t *testing.T) {
			c := start(t, Config{DataDir: dir})
			b := &breaker{Handler: c.server}
			srv := httptest.NewServer(b)
			defer srv.Close()
			client, err := gcs.NewClient(t.Context(), option.WithEndpoint(srv.URL+"/storage/v1/"), option.WithoutAuthentication())
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			client.SetRetry(gcs.WithBackoff(fast), gcs.WithPolicy(gcs.RetryAlways))
			data := repeat("resumable ", 5*4*testChunk/2+123)
			attrs, err := tryWrite(t.Context(), client.Bucket(testBucket).Object("a"), data, func(w *gcs.Writer) { w.ChunkSize = 2 * testChunk })
			if err != nil {
				t.Fatal(err)
			}
			if b.cut < 2 || b.lost < 1 {
				t.Errorf("%d chunks cut and %d responses lost, want at least 2 and 1", b.cut, b.lost)
			}
			if got := c.read(c.bucket.Object("a")); got != data {
				t.Errorf("read %d bytes that differ from the %d written", len(got), len(data))
			}
			if again, err := c.bucket.Object("a").Attrs(t.Context()); err != nil || again.Generation != attrs.Generation {
				t.Errorf("the object was written more than once: %v, %v", again, err)
			}
		})
	}
}

// TestBrokenUploadsLeaveNothing closes connections in the middle of uploads of every kind.
func TestBrokenUploadsLeaveNothing(t *testing.T) {
	c := start(t, Config{DataDir: t.TempDir()})
	body := relatedBody(`{"name":"a"}`, repeat("x", 100<<10))
	for name, head := range map[string]string{
		"media":             "POST /upload/storage/v1/b/%s/o?uploadType=media&name=a HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n",
		"multipart":         "POST /upload/storage/v1/b/%s/o?uploadType=multipart HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/related; boundary=b\r\nContent-Length: %d\r\n\r\n",
		"multipart chunked": "POST /upload/storage/v1/b/%s/o?uploadType=multipart HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/related; boundary=b\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n",
		"xml":               "PUT /%s/a HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n",
	} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(c.http.URL, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, head, testBucket, len(body))
		io.WriteString(conn, body[:len(body)/2])
		conn.(*net.TCPConn).CloseWrite()
		io.Copy(io.Discard, conn) // until the server closes it
		conn.Close()
		if _, err := c.bucket.Object("a").Attrs(t.Context()); !errors.Is(err, gcs.ErrObjectNotExist) {
			t.Errorf("%s: an incomplete object exists: %v", name, err)
		}
	}
	// The body ends early without an error: only the closing boundary is missing.
	if res, text := c.do("POST", "/upload/storage/v1/b/"+testBucket+"/o?uploadType=multipart", body[:len(body)-10], "Content-Type", "multipart/related; boundary=b"); res.StatusCode != 400 {
		t.Errorf("no closing boundary: %d %s", res.StatusCode, text)
	}
	if _, err := c.bucket.Object("a").Attrs(t.Context()); !errors.Is(err, gcs.ErrObjectNotExist) {
		t.Errorf("no closing boundary: the object exists: %v", err)
	}
}

func TestMultipartBodies(t *testing.T) {
	c := start(t, Config{})
	path := "/upload/storage/v1/b/" + testBucket + "/o?uploadType=multipart"
	ok := relatedBody(`{"name":"a","contentType":"text/css"}`, "data")
	for name, tc := range map[string]struct {
		contentType, body string
		status            int
	}{
		"good":         {"multipart/related; boundary=b", ok, 200},
		"quoted":       {`multipart/related; boundary="b"`, ok, 200},
		"base64":       {"multipart/related; boundary=b", strings.Replace(relatedBody(`{"name":"a"}`, "ZGF0YQ=="), "text/plain", "text/css\r\nContent-Transfer-Encoding: base64", 1), 200},
		"no boundary":  {"multipart/related", ok, 400},
		"other type":   {"text/plain; boundary=b", ok, 400},
		"no type":      {"", ok, 400},
		"empty":        {"multipart/related; boundary=b", "", 400},
		"one part":     {"multipart/related; boundary=b", "--b\r\n\r\n{\"name\":\"a\"}\r\n--b--\r\n", 400},
		"three parts":  {"multipart/related; boundary=b", strings.Replace(ok, "--b--", "--b\r\n\r\nmore\r\n--b--", 1), 400},
		"no JSON":      {"multipart/related; boundary=b", relatedBody("x", "data"), 400},
		"no name":      {"multipart/related; boundary=b", relatedBody("{}", "data"), 400},
		"numeric name": {"multipart/related; boundary=b", relatedBody(`{"name":1}`, "data"), 400},
	} {
		c.bucket.Object("a").Delete(t.Context())
		res, body := c.do("POST", path, tc.body, "Content-Type", tc.contentType)
		if res.StatusCode != tc.status {
			t.Errorf("%s: %d %s", name, res.StatusCode, body)
		}
		a, err := c.bucket.Object("a").Attrs(t.Context())
		if tc.status != 200 && !errors.Is(err, gcs.ErrObjectNotExist) {
			t.Errorf("%s: rejected, but the object exists: %v", name, err)
		}
		if tc.status == 200 && (err != nil || a.ContentType != "text/css" || c.read(c.bucket.Object("a")) != "data") {
			t.Errorf("%s: %+v, %v", name, a, err)
		}
	}
}
