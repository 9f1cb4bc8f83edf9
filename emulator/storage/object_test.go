package storage

import (
	"crypto/md5"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	gcs "cloud.google.com/go/storage"
	"google.golang.org/api/iterator"
)

func TestWriteAndRead(t *testing.T) {
	c := start(t, Config{MaxObjectBytes: 4 << 20})
	for _, size := range []int{0, 1, 255, 1 << 20, 1<<20 + 1, 2<<20 + 77} {
		for name, set := range map[string]func(*gcs.Writer){
			"default":   func(*gcs.Writer) {},
			"streamed":  func(w *gcs.Writer) { w.ChunkSize = 0 },
			"resumable": func(w *gcs.Writer) { w.ChunkSize = 256 << 10 },
		} {
			t.Run(fmt.Sprintf("%s %d", name, size), func(t *testing.T) {
				data := repeat("0123456789abcdef-", size)
				o := c.bucket.Object("sizes/" + name)
				attrs := c.write(o, data, set)
				sum := md5.Sum([]byte(data))
				if attrs.Size != int64(size) || attrs.CRC32C != crc32.Checksum([]byte(data), crc32.MakeTable(crc32.Castagnoli)) || !slices.Equal(attrs.MD5, sum[:]) {
					t.Errorf("attributes %+v", attrs)
				}
				if got := c.read(o); got != data {
					t.Errorf("read %d bytes that differ from the %d written", len(got), size)
				}
			})
		}
	}
}

func TestAttributes(t *testing.T) {
	c := start(t, Config{})
	o := c.bucket.Object("lists/2026-2.json")
	custom := time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)
	before := c.clock.Now().Add(-time.Millisecond)
	c.write(o, "{}", func(w *gcs.Writer) {
		w.ContentType, w.CacheControl, w.ContentDisposition, w.ContentLanguage = "application/json", "public, max-age=31536000, immutable", "inline", "ko"
		w.Metadata = map[string]string{"semester": "2026-2", "학교": "서울대"}
		w.CustomTime = custom
	})
	a, err := o.Attrs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if a.ContentType != "application/json" || a.CacheControl != "public, max-age=31536000, immutable" || a.ContentDisposition != "inline" ||
		a.ContentLanguage != "ko" || a.Metadata["semester"] != "2026-2" || a.Metadata["학교"] != "서울대" || !a.CustomTime.Equal(custom) ||
		a.StorageClass != "STANDARD" || a.Metageneration != 1 || a.Bucket != testBucket || a.Name != "lists/2026-2.json" || a.Etag == "" {
		t.Errorf("attributes %+v", a)
	}
	if a.Created.Before(before) || time.UnixMicro(a.Generation).Before(before) || !a.Updated.Equal(a.Created) {
		t.Errorf("created %v, generation %d; the clock was at %v before", a.Created, a.Generation, before)
	}
	if res, body := c.do("GET", a.MediaLink, ""); res.StatusCode != 200 || body != "{}" {
		t.Errorf("media link: %d %q", res.StatusCode, body)
	}

	u, err := o.Update(t.Context(), gcs.ObjectAttrsToUpdate{ContentLanguage: "", CacheControl: "no-store", Metadata: map[string]string{"more": "1"}})
	if err != nil {
		t.Fatal(err)
	}
	if u.ContentLanguage != "" || u.CacheControl != "no-store" || u.ContentType != "application/json" || u.Metageneration != 2 || u.Generation != a.Generation ||
		!maps.Equal(u.Metadata, map[string]string{"semester": "2026-2", "학교": "서울대", "more": "1"}) {
		t.Errorf("after update %+v", u)
	}
	if _, err := o.Update(t.Context(), gcs.ObjectAttrsToUpdate{CustomTime: custom.Add(-time.Hour)}); status(err) != 400 {
		t.Errorf("custom time set back: %v", err)
	}
	if u, err = o.Update(t.Context(), gcs.ObjectAttrsToUpdate{Metadata: map[string]string{}}); err != nil || len(u.Metadata) != 0 {
		t.Errorf("metadata cleared: %+v, %v", u, err)
	}
	if got := c.read(o); got != "{}" {
		t.Errorf("read %q", got)
	}
}

func TestPutReplacesMetadata(t *testing.T) {
	c := start(t, Config{})
	o := c.bucket.Object("a")
	c.write(o, "x", func(w *gcs.Writer) { w.CacheControl = "no-store"; w.Metadata = map[string]string{"k": "v", "l": "w"} })
	path := "/storage/v1/b/" + testBucket + "/o/a"
	if res, body := c.do("PATCH", path, `{"metadata":{"k":null}}`); res.StatusCode != 200 || strings.Contains(body, `"k"`) || !strings.Contains(body, `"l":"w"`) {
		t.Errorf("PATCH of a key to null: %d %s", res.StatusCode, body)
	}
	if res, body := c.do("PUT", path, `{"contentType":"text/css"}`); res.StatusCode != 200 {
		t.Errorf("PUT: %d %s", res.StatusCode, body)
	}
	a, err := o.Attrs(t.Context())
	if err != nil || a.ContentType != "text/css" || a.CacheControl != "" || len(a.Metadata) != 0 || a.Metageneration != 3 {
		t.Errorf("after PUT %+v, %v", a, err)
	}
}

func TestChecksumsAreVerified(t *testing.T) {
	c := start(t, Config{})
	sum := md5.Sum([]byte("other"))
	for name, set := range map[string]func(*gcs.Writer){
		"crc32c":           func(w *gcs.Writer) { w.CRC32C, w.SendCRC32C = 1, true },
		"md5":              func(w *gcs.Writer) { w.MD5 = sum[:] },
		"crc32c resumable": func(w *gcs.Writer) { w.CRC32C, w.SendCRC32C, w.ChunkSize = 1, true, 256<<10 },
	} {
		o := c.bucket.Object(name)
		if _, err := tryWrite(t.Context(), o, repeat("data", 300<<10), set); status(err) != 400 || !strings.Contains(err.Error(), "doesn't match calculated") {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := o.Attrs(t.Context()); !errors.Is(err, gcs.ErrObjectNotExist) {
			t.Errorf("%s: the object exists: %v", name, err)
		}
	}
	path := "/upload/storage/v1/b/" + testBucket + "/o?uploadType=media&name=raw"
	if res, body := c.do("POST", path, "data", "X-Goog-Hash", "crc32c=AAAAAA=="); res.StatusCode != 400 {
		t.Errorf("header: %d %s", res.StatusCode, body)
	}
	if res, body := c.do("PUT", "/"+testBucket+"/raw", "data", "Content-MD5", "AAAA"); res.StatusCode != 400 {
		t.Errorf("Content-MD5: %d %s", res.StatusCode, body)
	}
}

func TestNames(t *testing.T) {
	c := start(t, Config{})
	for _, name := range []string{"a", "d/a b", "한글/파일.json", "q?x=1&y#z%41+", "//x//", "..a", "a/../b", strings.Repeat("n", 1024)} {
		o := c.bucket.Object(name)
		c.write(o, name)
		if got := c.read(o); got != name {
			t.Errorf("%q: read %q", name, got)
		}
		a, err := o.Attrs(t.Context())
		if err != nil || a.Name != name {
			t.Errorf("%q: %+v, %v", name, a, err)
		}
		if err := o.Delete(t.Context()); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	path := "/upload/storage/v1/b/" + testBucket + "/o?uploadType=media&name="
	for _, name := range []string{"", ".", "..", "a%0Ab", "a%0Db", "%ff", strings.Repeat("n", 1025), ".well-known/acme-challenge/x"} {
		if res, body := c.do("POST", path+name, "x"); res.StatusCode != 400 {
			t.Errorf("name %q: %d %s", name, res.StatusCode, body)
		}
	}
}

func TestGenerationsIncrease(t *testing.T) {
	c := start(t, Config{})
	o := c.bucket.Object("a")
	last := int64(0)
	for range 50 {
		g := c.write(o, "x").Generation
		if g <= last {
			t.Fatalf("generation %d after %d", g, last)
		}
		last = g
	}
	c.clock.Advance(24 * time.Hour)
	if g := c.write(o, "x").Generation; g-last < (24 * time.Hour).Microseconds() {
		t.Errorf("a day later the generation is only %d µs higher", g-last)
	}
}

func TestDeleteAndGenerations(t *testing.T) {
	c := start(t, Config{})
	o := c.bucket.Object("a")
	old := c.write(o, "one")
	live := c.write(o, "two")
	if _, err := o.Generation(old.Generation).Attrs(t.Context()); !errors.Is(err, gcs.ErrObjectNotExist) {
		t.Errorf("attributes of an overwritten generation: %v", err)
	}
	if _, err := o.Generation(old.Generation).NewReader(t.Context()); !errors.Is(err, gcs.ErrObjectNotExist) {
		t.Errorf("reading an overwritten generation: %v", err)
	}
	if err := o.Generation(old.Generation).Delete(t.Context()); !errors.Is(err, gcs.ErrObjectNotExist) {
		t.Errorf("deleting an overwritten generation: %v", err)
	}
	if err := o.If(gcs.Conditions{GenerationMatch: old.Generation}).Delete(t.Context()); status(err) != 412 {
		t.Errorf("deleting if the generation is an overwritten one: %v", err)
	}
	if got := c.read(o.Generation(live.Generation)); got != "two" {
		t.Errorf("read %q", got)
	}
	if err := o.Generation(live.Generation).Delete(t.Context()); err != nil {
		t.Error(err)
	}
	if err := o.Delete(t.Context()); !errors.Is(err, gcs.ErrObjectNotExist) {
		t.Errorf("deleting again: %v", err)
	}
	if err := o.If(gcs.Conditions{GenerationMatch: live.Generation}).Delete(t.Context()); !errors.Is(err, gcs.ErrObjectNotExist) {
		t.Errorf("deleting a missing object with a precondition: %v", err)
	}
}

func TestTooLarge(t *testing.T) {
	c := start(t, Config{MaxObjectBytes: 300 << 10})
	for name, set := range map[string]func(*gcs.Writer){
		"multipart": func(*gcs.Writer) {},
		"resumable": func(w *gcs.Writer) { w.ChunkSize = 256 << 10 },
	} {
		if _, err := tryWrite(t.Context(), c.bucket.Object(name), repeat("x", 301<<10), set); status(err) != 413 {
			t.Errorf("%s: %v", name, err)
		}
	}
	c.write(c.bucket.Object("fits"), repeat("x", 300<<10))
}

// TestList is long because of its table.
func TestList(t *testing.T) {
	c := start(t, Config{})
	names := []string{"a", "a/", "a/1", "a/2", "a/b/1", "b.json", "b/1", "c", "d/x/y", "한/글"}
	for _, n := range names {
		c.write(c.bucket.Object(n), n)
	}
	for _, tc := range []struct {
		name  string
		query gcs.Query
		want  string // prefixes end in ">"
	}{
		{"all", gcs.Query{}, "a a/ a/1 a/2 a/b/1 b.json b/1 c d/x/y 한/글"},
		{"versions", gcs.Query{Versions: true}, "a a/ a/1 a/2 a/b/1 b.json b/1 c d/x/y 한/글"},
		{"prefix", gcs.Query{Prefix: "a/"}, "a/ a/1 a/2 a/b/1"},
		{"no such prefix", gcs.Query{Prefix: "zz"}, ""},
		{"delimiter", gcs.Query{Delimiter: "/"}, "a a/> b.json b/> c d/> 한/>"},
		{"delimiter and prefix", gcs.Query{Delimiter: "/", Prefix: "a/"}, "a/ a/1 a/2 a/b/>"},
		{"trailing delimiter", gcs.Query{Delimiter: "/", Prefix: "a", IncludeTrailingDelimiter: true}, "a a/ a/>"},
		{"long delimiter", gcs.Query{Delimiter: "/x/"}, "a a/ a/1 a/2 a/b/1 b.json b/1 c d/x/> 한/글"},
		{"from", gcs.Query{StartOffset: "b.json"}, "b.json b/1 c d/x/y 한/글"},
		{"to", gcs.Query{EndOffset: "a/2"}, "a a/ a/1"},
		{"from and to with delimiter", gcs.Query{StartOffset: "a/2", EndOffset: "c", Delimiter: "/"}, "a/> b.json b/>"},
		{"glob *", gcs.Query{MatchGlob: "a/*"}, "a/ a/1 a/2"},
		{"glob **", gcs.Query{MatchGlob: "**/1"}, "a/1 a/b/1 b/1"},
		{"glob ?", gcs.Query{MatchGlob: "?"}, "a c"},
		{"glob []", gcs.Query{MatchGlob: "[b-c]*"}, "b.json c"},
		{"glob [!]", gcs.Query{MatchGlob: "a/[!2]"}, "a/1"},
		{"glob {}", gcs.Query{MatchGlob: "{c,**.json,한/글}"}, "b.json c 한/글"},
		{"glob with delimiter", gcs.Query{MatchGlob: "*/1", Delimiter: "/"}, "a/> b/>"},
	} {
		for _, pageSize := range []int{0, 1, 2, 3} {
			t.Run(fmt.Sprintf("%s by %d", tc.name, pageSize), func(t *testing.T) {
				var got []string
				it := c.bucket.Objects(t.Context(), &tc.query)
				it.PageInfo().MaxSize = pageSize
				for {
					a, err := it.Next()
					if errors.Is(err, iterator.Done) {
						break
					}
					if err != nil {
						t.Fatal(err)
					}
					if a.Prefix != "" {
						got = append(got, a.Prefix+">")
					} else {
						got = append(got, a.Name)
					}
				}
				slices.Sort(got) // the client returns a page's objects before its prefixes
				want := strings.Fields(tc.want)
				slices.Sort(want)
				if !slices.Equal(got, want) {
					t.Errorf("got  %v\nwant %v", got, want)
				}
			})
		}
	}
	for _, q := range []string{"pageToken=*", "maxResults=-1", "maxResults=x", "matchGlob=%5B", "matchGlob=%7Ba"} {
		if res, _ := c.do("GET", "/storage/v1/b/"+testBucket+"/o?"+q, ""); res.StatusCode != 400 {
			t.Errorf("%s: %d", q, res.StatusCode)
		}
	}
	if _, err := c.client.Bucket("nobucket").Objects(t.Context(), nil).Next(); !errors.Is(err, gcs.ErrBucketNotExist) {
		t.Errorf("objects of a missing bucket: %v", err)
	}
}

// TestBuckets follows a bucket from creation to deletion. It is long because each step depends on
// the one before.
func TestBuckets(t *testing.T) {
	c := start(t, Config{})
	ctx := t.Context()
	b := c.client.Bucket("lists-2026")
	if _, err := b.Attrs(ctx); !errors.Is(err, gcs.ErrBucketNotExist) {
		t.Errorf("missing bucket: %v", err)
	}
	if _, err := tryWrite(ctx, b.Object("a"), "x"); status(err) != 404 {
		t.Errorf("writing to a missing bucket: %v", err)
	}
	if err := b.Create(ctx, "demo-heektime", &gcs.BucketAttrs{Location: "asia-northeast3", Labels: map[string]string{"for": "tests"}}); err != nil {
		t.Fatal(err)
	}
	if err := b.Create(ctx, "demo-heektime", nil); status(err) != 409 {
		t.Errorf("creating it twice: %v", err)
	}
	a, err := b.Attrs(ctx)
	if err != nil || a.Location != "ASIA-NORTHEAST3" || a.LocationType != "region" || a.StorageClass != "STANDARD" || a.Labels["for"] != "tests" || a.MetaGeneration != 1 {
		t.Errorf("attributes %+v, %v", a, err)
	}
	var u gcs.BucketAttrsToUpdate
	u.SetLabel("season", "autumn")
	u.DeleteLabel("for")
	if a, err = b.Update(ctx, u); err != nil || a.MetaGeneration != 2 || !maps.Equal(a.Labels, map[string]string{"season": "autumn"}) {
		t.Errorf("updated %+v, %v", a, err)
	}
	if _, err := b.Update(ctx, gcs.BucketAttrsToUpdate{VersioningEnabled: true}); status(err) != 400 || !strings.Contains(err.Error(), "versioning") {
		t.Errorf("versioning: %v", err)
	}
	var names []string
	it := c.client.Buckets(ctx, "demo-heektime")
	for a, err := it.Next(); !errors.Is(err, iterator.Done); a, err = it.Next() {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, a.Name)
	}
	if !slices.Equal(names, []string{testBucket, "lists-2026"}) {
		t.Errorf("buckets %v", names)
	}
	c.write(b.Object("a"), "x")
	if err := b.Delete(ctx); status(err) != 409 {
		t.Errorf("deleting a bucket with objects: %v", err)
	}
	if err := b.Object("a").Delete(ctx); err != nil {
		t.Error(err)
	}
	if err := b.If(gcs.BucketConditions{MetagenerationMatch: 1}).Delete(ctx); status(err) != 412 {
		t.Errorf("deleting with a precondition: %v", err)
	}
	if err := b.Delete(ctx); err != nil {
		t.Error(err)
	}
	if err := b.Delete(ctx); status(err) != 404 {
		t.Errorf("deleting again: %v", err)
	}
	for _, name := range []string{"ab", "UPPER", "-a-b", "a..b", "192.168.0.1", "goog-x", "my-google-x", strings.Repeat("n", 64), "a/b"} {
		if res, _ := c.do("POST", "/storage/v1/b?project=p", `{"name":"`+name+`"}`); res.StatusCode != 400 {
			t.Errorf("bucket name %q: %d", name, res.StatusCode)
		}
	}
}

func TestCopy(t *testing.T) {
	for name, dir := range map[string]string{"memory": "", "disk": t.TempDir()} {
		t.Run(name, func(t *testing.T) {
			c := start(t, Config{Buckets: []string{testBucket, "second"}, DataDir: dir})
			ctx := t.Context()
			src := c.bucket.Object("a")
			from := c.write(src, "data", func(w *gcs.Writer) { w.ContentType = "text/css"; w.Metadata = map[string]string{"k": "v"} })
			dst := c.client.Bucket("second").Object("dir/b")
			a, err := dst.CopierFrom(src).Run(ctx)
			if err != nil || a.ContentType != "text/css" || a.Metadata["k"] != "v" || a.Generation <= from.Generation || a.Metageneration != 1 || a.CRC32C != from.CRC32C {
				t.Errorf("copy %+v, %v", a, err)
			}
			copier := dst.CopierFrom(src)
			copier.ContentType = "text/html"
			if a, err = copier.Run(ctx); err != nil || a.ContentType != "text/html" || len(a.Metadata) != 0 {
				t.Errorf("copy with its own metadata %+v, %v", a, err)
			}
			if err := src.Delete(ctx); err != nil {
				t.Fatal(err)
			}
			if got := c.read(dst); got != "data" {
				t.Errorf("after deleting the source, the copy is %q", got)
			}
			if _, err = dst.CopierFrom(dst).Run(ctx); err != nil {
				t.Errorf("copy onto itself: %v", err)
			}
			if got := c.read(dst); got != "data" {
				t.Errorf("after a copy onto itself %q", got)
			}
			if a, err = dst.Move(ctx, gcs.MoveObjectDestination{Object: "moved"}); err != nil || a.Name != "moved" {
				t.Errorf("move %+v, %v", a, err)
			}
			if got := c.read(c.client.Bucket("second").Object("moved")); got != "data" {
				t.Errorf("the moved object is %q", got)
			}
			if _, err := dst.Attrs(ctx); !errors.Is(err, gcs.ErrObjectNotExist) {
				t.Errorf("the source of a move: %v", err)
			}
			if _, err := dst.CopierFrom(src).Run(ctx); !errors.Is(err, gcs.ErrObjectNotExist) {
				t.Errorf("copy of a missing object: %v", err)
			}
			if _, err := c.client.Bucket("nobucket").Object("x").CopierFrom(c.client.Bucket("second").Object("moved")).Run(ctx); status(err) != 404 {
				t.Errorf("copy into a missing bucket: %v", err)
			}
		})
	}
}

func TestCompose(t *testing.T) {
	c := start(t, Config{})
	ctx := t.Context()
	var parts []*gcs.ObjectHandle
	for _, p := range []string{"one ", "two ", "three"} {
		o := c.bucket.Object("part/" + p)
		c.write(o, p)
		parts = append(parts, o)
	}
	dst := c.bucket.Object("whole")
	composer := dst.ComposerFrom(parts...)
	composer.ContentType = "text/plain"
	a, err := composer.Run(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if a.ComponentCount != 3 || len(a.MD5) != 0 || a.ContentType != "text/plain" || a.Size != 13 {
		t.Errorf("composed %+v", a)
	}
	if got := c.read(dst); got != "one two three" {
		t.Errorf("read %q", got)
	}
	again := c.bucket.Object("again").ComposerFrom(dst, parts[0])
	if a, err = again.Run(ctx); err != nil || a.ComponentCount != 4 {
		t.Errorf("composed of composed %+v, %v", a, err)
	}
	again.CRC32C, again.SendCRC32C = 1, true
	if _, err := again.Run(ctx); status(err) != 400 {
		t.Errorf("wrong checksum: %v", err)
	}
	if _, err := c.bucket.Object("x").ComposerFrom(parts[0], c.bucket.Object("none")).Run(ctx); status(err) != 404 {
		t.Errorf("a missing source: %v", err)
	}
	if _, err := c.bucket.Object("x").ComposerFrom(parts[0].If(gcs.Conditions{GenerationMatch: 1})).Run(ctx); status(err) != 412 {
		t.Errorf("a precondition on a source: %v", err)
	}
	many := composeBody(33, `{"name":"part/one "}`)
	if res, _ := c.do("POST", "/storage/v1/b/"+testBucket+"/o/x/compose", many); res.StatusCode != 400 {
		t.Errorf("33 sources: %d", res.StatusCode)
	}
	if res, body := c.do("POST", "/storage/v1/b/"+testBucket+"/o/whole/compose",
		`{"deleteSourceObjects":true,"sourceObjects":[{"name":"whole"},{"name":"part/one "}]}`); res.StatusCode != 200 {
		t.Errorf("compose onto itself: %d %s", res.StatusCode, body)
	}
	if got := c.read(dst); got != "one two threeone " {
		t.Errorf("composed onto itself %q", got)
	}
	if _, err := parts[0].Attrs(ctx); !errors.Is(err, gcs.ErrObjectNotExist) {
		t.Errorf("a source that should be deleted: %v", err)
	}
}

func composeBody(n int, source string) string {
	return `{"sourceObjects":[` + strings.TrimSuffix(strings.Repeat(source+",", n), ",") + `]}`
}
