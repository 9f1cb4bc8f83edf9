package storage

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	gcs "cloud.google.com/go/storage"
)

// TestPreconditions tries every precondition on every method, met and unmet. It is long because of
// its tables.
func TestPreconditions(t *testing.T) {
	c := start(t, Config{})
	base := "/storage/v1/b/" + testBucket + "/o/"
	upload := "/upload/storage/v1/b/" + testBucket + "/o?uploadType="
	type statuses struct{ met, matchUnmet, notMatchUnmet int }
	writes := statuses{200, 412, 412}
	for _, v := range []struct {
		name, method, path, body, contentType, prefix string
		want                                          statuses
	}{
		{name: "media upload", method: "POST", path: upload + "media&name=live&", body: "x", want: writes},
		{name: "multipart upload", method: "POST", path: upload + "multipart&name=live&", body: relatedBody("{}", "x"), contentType: "multipart/related; boundary=b", want: writes},
		{name: "resumable upload", method: "POST", path: upload + "resumable&name=live&", want: writes},
		{name: "patch", method: "PATCH", path: base + "live?", body: "{}", want: writes},
		{name: "put", method: "PUT", path: base + "live?", body: "{}", want: writes},
		{name: "rewrite onto", method: "POST", path: base + "source/rewriteTo/b/" + testBucket + "/o/live?", want: writes},
		{name: "copy onto", method: "POST", path: base + "source/copyTo/b/" + testBucket + "/o/live?", want: writes},
		{name: "move onto", method: "POST", path: base + "source/moveTo/o/live?", want: writes},
		{name: "rewrite from", method: "POST", path: base + "live/rewriteTo/b/" + testBucket + "/o/copy?", prefix: "Source", want: writes},
		{name: "copy from", method: "POST", path: base + "live/copyTo/b/" + testBucket + "/o/copy?", prefix: "Source", want: writes},
		{name: "move from", method: "POST", path: base + "live/moveTo/o/copy?", prefix: "Source", want: writes},
		{name: "compose", method: "POST", path: base + "live/compose?", body: composeBody(1, `{"name":"source"}`), want: writes},
		{name: "delete", method: "DELETE", path: base + "live?", want: statuses{204, 412, 412}},
		{name: "get", method: "GET", path: base + "live?", want: statuses{200, 412, 304}},
		{name: "get media", method: "GET", path: base + "live?alt=media&", want: statuses{200, 412, 304}},
	} {
		for _, cond := range []struct {
			param string
			value func(generation, metageneration int64) int64
			want  int
		}{
			{"GenerationMatch", func(g, _ int64) int64 { return g }, v.want.met},
			{"GenerationMatch", func(g, _ int64) int64 { return g - 1 }, v.want.matchUnmet},
			{"GenerationMatch", func(int64, int64) int64 { return 0 }, v.want.matchUnmet},
			{"GenerationNotMatch", func(g, _ int64) int64 { return g - 1 }, v.want.met},
			{"GenerationNotMatch", func(int64, int64) int64 { return 0 }, v.want.met},
			{"GenerationNotMatch", func(g, _ int64) int64 { return g }, v.want.notMatchUnmet},
			{"MetagenerationMatch", func(_, m int64) int64 { return m }, v.want.met},
			{"MetagenerationMatch", func(_, m int64) int64 { return m + 1 }, v.want.matchUnmet},
			{"MetagenerationNotMatch", func(_, m int64) int64 { return m + 1 }, v.want.met},
			{"MetagenerationNotMatch", func(_, m int64) int64 { return m }, v.want.notMatchUnmet},
		} {
			c.write(c.bucket.Object("source"), "source")
			live := c.write(c.bucket.Object("live"), "before")
			query := fmt.Sprintf("if%s%s=%d", v.prefix, cond.param, cond.value(live.Generation, live.Metageneration))
			res, body := c.do(v.method, v.path+query, v.body, "Content-Type", v.contentType)
			if res.StatusCode != cond.want {
				t.Errorf("%s %s: %d %s, want %d", v.name, query, res.StatusCode, body, cond.want)
				continue
			}
			if cond.want != 412 {
				continue
			}
			if !strings.Contains(body, `"reason":"conditionNotMet"`) {
				t.Errorf("%s %s: %s", v.name, query, body)
			}
			after, err := c.bucket.Object("live").Attrs(t.Context())
			if err != nil || after.Generation != live.Generation || after.Metageneration != live.Metageneration {
				t.Errorf("%s %s: rejected, but changed the object: %+v, %v", v.name, query, after, err)
			}
		}
	}
}

func relatedBody(resource, media string) string {
	return "--b\r\nContent-Type: application/json\r\n\r\n" + resource + "\r\n--b\r\nContent-Type: text/plain\r\n\r\n" + media + "\r\n--b--\r\n"
}

func TestPreconditionsOfMissingObjects(t *testing.T) {
	c := start(t, Config{})
	path := "/upload/storage/v1/b/" + testBucket + "/o?uploadType=media&name="
	for i, tc := range []struct {
		query string
		want  int
	}{
		{"ifGenerationMatch=0", 200}, {"ifGenerationMatch=1", 412}, {"ifGenerationNotMatch=0", 412}, {"ifGenerationNotMatch=1", 200},
		{"ifMetagenerationMatch=1", 412}, {"ifMetagenerationNotMatch=1", 200},
	} {
		if res, body := c.do("POST", fmt.Sprintf("%sn%d&%s", path, i, tc.query), "x"); res.StatusCode != tc.want {
			t.Errorf("%s: %d %s, want %d", tc.query, res.StatusCode, body, tc.want)
		}
	}
}

// TestMalformedPreconditions: a precondition that cannot be parsed must not be ignored.
func TestMalformedPreconditions(t *testing.T) {
	c := start(t, Config{})
	c.write(c.bucket.Object("a"), "one")
	for _, query := range []string{"ifGenerationMatch=7;", "ifGenerationMatch=%zz"} {
		upload := "/upload/storage/v1/b/" + testBucket + "/o?uploadType=media&name=a&" + query
		if res, body := c.do("POST", upload, "two"); res.StatusCode != 400 || !strings.Contains(body, "Invalid query") {
			t.Errorf("upload with %s: %d %s", query, res.StatusCode, body)
		}
		if res, body := c.do("DELETE", "/storage/v1/b/"+testBucket+"/o/a?"+query, ""); res.StatusCode != 400 {
			t.Errorf("delete with %s: %d %s", query, res.StatusCode, body)
		}
	}
	if got := c.read(c.bucket.Object("a")); got != "one" {
		t.Errorf("read %q", got)
	}
}

func TestClientConditions(t *testing.T) {
	c := start(t, Config{})
	ctx := t.Context()
	o := c.bucket.Object("a")
	a := c.write(o.If(gcs.Conditions{DoesNotExist: true}), "one")
	for _, chunk := range []int{0, 256 << 10} {
		if _, err := tryWrite(ctx, o.If(gcs.Conditions{DoesNotExist: true}), repeat("two", 600<<10), func(w *gcs.Writer) { w.ChunkSize = chunk }); status(err) != 412 {
			t.Errorf("create again with chunks of %d: %v", chunk, err)
		}
	}
	c.write(o.If(gcs.Conditions{GenerationMatch: a.Generation}), "two")
	if _, err := o.If(gcs.Conditions{GenerationMatch: a.Generation}).Attrs(ctx); status(err) != 412 {
		t.Errorf("attributes: %v", err)
	}
	if _, err := o.If(gcs.Conditions{GenerationMatch: a.Generation}).NewReader(ctx); status(err) != 412 {
		t.Errorf("reader: %v", err)
	}
	if _, err := o.If(gcs.Conditions{MetagenerationMatch: 9}).NewReader(ctx); status(err) != 412 {
		t.Errorf("reader by metageneration: %v", err)
	}
	if _, err := o.If(gcs.Conditions{MetagenerationMatch: 9}).Update(ctx, gcs.ObjectAttrsToUpdate{ContentType: "x"}); status(err) != 412 {
		t.Errorf("update: %v", err)
	}
	if got := c.read(o); got != "two" {
		t.Errorf("read %q", got)
	}
}

func TestConcurrentCreates(t *testing.T) {
	for name, dir := range map[string]string{"memory": "", "disk": t.TempDir()} {
		t.Run(name, func(t *testing.T) {
			c := start(t, Config{DataDir: dir})
			for round := range 5 {
				o := c.bucket.Object(fmt.Sprint("list-", round)).If(gcs.Conditions{DoesNotExist: true})
				var won atomic.Int32
				var winner atomic.Value
				var wg sync.WaitGroup
				for i := range 8 {
					wg.Go(func() {
						data := repeat(fmt.Sprint("writer ", i, " "), 300<<10)
						chunk := 256 << 10 * (i % 2) // streamed and resumable
						if i%2 == 0 {
							chunk = 0
						}
						switch _, err := tryWrite(t.Context(), o, data, func(w *gcs.Writer) { w.ChunkSize = chunk }); {
						case err == nil:
							won.Add(1)
							winner.Store(data)
						case status(err) != 412:
							t.Errorf("writer %d: %v", i, err)
						}
					})
				}
				wg.Wait()
				if won.Load() != 1 {
					t.Fatalf("%d writers created the object", won.Load())
				}
				if got := c.read(c.bucket.Object(fmt.Sprint("list-", round))); got != winner.Load() {
					t.Error("the object is not that of the successful writer")
				}
			}
		})
	}
}

// TestConcurrentReads overwrites and deletes an object while others read it.
func TestConcurrentReads(t *testing.T) {
	for name, dir := range map[string]string{"memory": "", "disk": t.TempDir()} {
		t.Run(name, func(t *testing.T) {
			c := start(t, Config{DataDir: dir})
			o := c.bucket.Object("a")
			c.write(o, repeat("0", 100<<10))
			done := make(chan struct{})
			var wg sync.WaitGroup
			for range 2 {
				wg.Go(func() {
					for {
						select {
						case <-done:
							return
						default:
						}
						got := ""
						r, err := o.NewReader(t.Context())
						if errors.Is(err, gcs.ErrObjectNotExist) {
							continue
						}
						if err == nil {
							var b strings.Builder
							_, err = r.WriteTo(&b)
							r.Close()
							got = b.String()
						}
						if err != nil || len(got) != 100<<10 || strings.Trim(got, got[:1]) != "" {
							t.Errorf("read %d bytes, mixed: %v; %v", len(got), len(got) > 0 && strings.Trim(got, got[:1]) != "", err)
							return
						}
					}
				})
			}
			for i := range 40 {
				c.write(o, repeat(fmt.Sprint(i%10), 100<<10))
				if i%10 == 9 {
					if err := o.Delete(t.Context()); err != nil {
						t.Error(err)
					}
				}
			}
			close(done)
			wg.Wait()
		})
	}
}

// TestRejectedUploadGetsResponse streams far more than a connection buffers into uploads that are
// rejected immediately. The client must receive the response instead of a broken connection, which
// it would retry.
func TestRejectedUploadGetsResponse(t *testing.T) {
	c := start(t, Config{})
	c.write(c.bucket.Object("a"), "there")
	data := repeat("x", 12<<20)
	for range 5 {
		_, err := tryWrite(t.Context(), c.newClient().Bucket(testBucket).Object("a").If(gcs.Conditions{DoesNotExist: true}).Retryer(gcs.WithPolicy(gcs.RetryNever)), data,
			func(w *gcs.Writer) { w.ChunkSize = 0 })
		if status(err) != 412 {
			t.Fatalf("rejected upload: %v", err)
		}
	}
}
