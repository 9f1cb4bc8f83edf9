package storage

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	gcs "cloud.google.com/go/storage"
	"google.golang.org/api/googleapi"
	"google.golang.org/api/option"

	"heek.kr/heektime/emulator/clock"
)

const testBucket = "demo-heektime.appspot.com"

// cloud is a server and Google's Go client.
type cloud struct {
	*testing.T
	server *Server
	http   *httptest.Server
	client *gcs.Client
	bucket *gcs.BucketHandle
	clock  *clock.Clock
}

// start starts a cloud that stops with the test. Zero fields of cfg get defaults.
func start(t *testing.T, cfg Config) *cloud {
	t.Helper()
	c := &cloud{T: t}
	if cfg.Clock == nil {
		cfg.Clock = clock.New()
	}
	if cfg.Buckets == nil {
		cfg.Buckets = []string{testBucket}
	}
	cfg.Logger = slog.New(slog.DiscardHandler)
	server, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	c.server, c.clock, c.http = server, cfg.Clock, httptest.NewServer(server)
	c.client = c.newClient()
	c.bucket = c.client.Bucket(testBucket)
	t.Cleanup(c.stop)
	return c
}

func (c *cloud) stop() {
	c.http.Close()
	if err := c.server.Close(); err != nil {
		c.Error(err)
	}
}

func (c *cloud) newClient() *gcs.Client {
	c.Helper()
	client, err := gcs.NewClient(c.Context(), option.WithEndpoint(c.http.URL+"/storage/v1/"), option.WithoutAuthentication())
	if err != nil {
		c.Fatal(err)
	}
	c.Cleanup(func() { client.Close() })
	return client
}

// write writes an object with the Go client and returns its attributes.
func (c *cloud) write(o *gcs.ObjectHandle, data string, set ...func(*gcs.Writer)) *gcs.ObjectAttrs {
	c.Helper()
	attrs, err := tryWrite(c.Context(), o, data, set...)
	if err != nil {
		c.Fatal(err)
	}
	return attrs
}

func tryWrite(ctx context.Context, o *gcs.ObjectHandle, data string, set ...func(*gcs.Writer)) (*gcs.ObjectAttrs, error) {
	w := o.NewWriter(ctx)
	for _, f := range set {
		f(w)
	}
	_, err := io.WriteString(w, data)
	if e := w.Close(); err == nil {
		err = e
	}
	return w.Attrs(), err
}

func (c *cloud) read(o *gcs.ObjectHandle) string {
	c.Helper()
	r, err := o.NewReader(c.Context())
	if err != nil {
		c.Fatal(err)
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		c.Fatal(err)
	}
	return string(data)
}

// status returns the HTTP status in an error of the Go client, or 0 if there is none.
func status(err error) int {
	var e *googleapi.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return 0
}

// do sends a raw request; header alternates names and values. It does not decompress the response.
func (c *cloud) do(method, path, body string, header ...string) (*http.Response, string) {
	c.Helper()
	url := path
	if strings.HasPrefix(path, "/") {
		url = c.http.URL + path
	}
	req, err := http.NewRequestWithContext(c.Context(), method, url, strings.NewReader(body))
	if err != nil {
		c.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := (&http.Transport{DisableCompression: true, DisableKeepAlives: true}).RoundTrip(req)
	if err != nil {
		c.Fatal(err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		c.Fatal(err)
	}
	return res, string(data)
}

func TestNewRejectsInvalidConfig(t *testing.T) {
	if _, err := New(Config{}); err == nil || !strings.Contains(err.Error(), "Config.Clock") {
		t.Errorf("New without a clock: %v", err)
	}
	if _, err := New(Config{Clock: clock.New(), Buckets: []string{"Not A Bucket"}}); err == nil || !strings.Contains(err.Error(), "Not A Bucket") {
		t.Errorf("New with an invalid bucket: %v", err)
	}
}

func TestEmulatorHostVariable(t *testing.T) {
	c := start(t, Config{})
	t.Setenv("STORAGE_EMULATOR_HOST", strings.TrimPrefix(c.http.URL, "http://"))
	client, err := gcs.NewClient(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	o := client.Bucket(testBucket).Object("a/ü b?#%.txt")
	c.write(o, "hello")
	if got := c.read(o); got != "hello" {
		t.Errorf("read %q", got)
	}
	if got := c.read(c.bucket.Object("a/ü b?#%.txt")); got != "hello" {
		t.Errorf("read %q by endpoint", got)
	}
}

func TestBareEndpoint(t *testing.T) {
	c := start(t, Config{})
	client, err := gcs.NewClient(t.Context(), option.WithEndpoint(c.http.URL), option.WithoutAuthentication())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	o := client.Bucket(testBucket).Object("x")
	c.write(o, "hello")
	if attrs, err := o.Attrs(t.Context()); err != nil || attrs.Size != 5 {
		t.Errorf("attrs %+v, %v", attrs, err)
	}
}

func TestJSONReads(t *testing.T) {
	c := start(t, Config{})
	client, err := gcs.NewClient(t.Context(), option.WithEndpoint(c.http.URL+"/storage/v1/"), option.WithoutAuthentication(), gcs.WithJSONReads())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	o := client.Bucket(testBucket).Object("a/b")
	c.write(o, "hello world")
	if got := c.read(o); got != "hello world" {
		t.Errorf("read %q", got)
	}
	if _, err := client.Bucket(testBucket).Object("none").NewReader(t.Context()); !errors.Is(err, gcs.ErrObjectNotExist) {
		t.Errorf("missing object: %v", err)
	}
}

func TestReset(t *testing.T) {
	for name, dir := range map[string]string{"memory": "", "disk": t.TempDir()} {
		t.Run(name, func(t *testing.T) {
			c := start(t, Config{DataDir: dir})
			first := c.write(c.bucket.Object("a"), "one")
			if err := c.client.Bucket("another").Create(t.Context(), "p", nil); err != nil {
				t.Fatal(err)
			}
			if err := c.server.Reset(); err != nil {
				t.Fatal(err)
			}
			if all := c.server.Objects().Buckets(); len(all) != 1 || all[0].Name != testBucket {
				t.Errorf("buckets after reset: %+v", all)
			}
			if _, err := c.bucket.Object("a").Attrs(t.Context()); !errors.Is(err, gcs.ErrObjectNotExist) {
				t.Errorf("object after reset: %v", err)
			}
			if again := c.write(c.bucket.Object("a"), "two"); again.Generation <= first.Generation {
				t.Errorf("generation %d after %d", again.Generation, first.Generation)
			}
		})
	}
}

func TestErrorFormats(t *testing.T) {
	c := start(t, Config{})
	c.write(c.bucket.Object("a"), "one")
	for _, tc := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"GET", "/storage/v1/b/" + testBucket + "/o/none", "", 404, `"reason":"notFound"`},
		{"GET", "/storage/v1/b/nobucket/o", "", 404, `"message":"The specified bucket does not exist."`},
		{"DELETE", "/storage/v1/b/" + testBucket + "/o/a?ifGenerationMatch=1", "", 412, `"reason":"conditionNotMet"`},
		{"DELETE", "/storage/v1/b/" + testBucket + "/o/a?ifGenerationMatch=x", "", 400, `"reason":"invalid"`},
		{"DELETE", "/storage/v1/b/" + testBucket, "", 409, `"reason":"conflict"`},
		{"PATCH", "/storage/v1/b/" + testBucket + "/o/a", "{", 400, `"reason":"parseError"`},
		{"PATCH", "/storage/v1/b/" + testBucket + "/o/a", `{"temporaryHold":true}`, 400, `"reason":"notImplemented"`},
		{"PATCH", "/storage/v1/b/" + testBucket + "/o/a", `{"metadata":{"a":[1]}}`, 400, `"reason":"invalid"`},
		{"PATCH", "/storage/v1/b/" + testBucket + "/o", "{}", 405, `"reason":"methodNotAllowed"`},
		{"GET", "/storage/v1/b/" + testBucket + "/iam", "", 400, `"reason":"notImplemented"`},
		{"POST", "/upload/storage/v1/b/" + testBucket + "/o?uploadType=odd&name=x", "", 400, "uploadType"},
		{"GET", "/" + testBucket + "/none", "", 404, "<Code>NoSuchKey</Code>"},
		{"GET", "/nobucket/none", "", 404, "<Code>NoSuchBucket</Code>"},
		{"GET", "/", "", 404, "<Error>"},
	} {
		res, body := c.do(tc.method, tc.path, tc.body)
		if res.StatusCode != tc.status || !strings.Contains(body, tc.want) {
			t.Errorf("%s %s: %d %s; want %d with %s", tc.method, tc.path, res.StatusCode, body, tc.status, tc.want)
		}
	}
}

// repeat returns size bytes of s, repeated.
func repeat(s string, size int) string {
	return string(bytes.Repeat([]byte(s), size/len(s)+1)[:size])
}
