package storage

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	gcs "cloud.google.com/go/storage"

	"heek.kr/heektime/emulator/clock"
	"heek.kr/heektime/emulator/internal/objects"
)

// crashCopy returns a copy of a data directory as a crash now would leave it.
func crashCopy(t *testing.T, dir string) string {
	t.Helper()
	to := t.TempDir()
	if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return to
}

// TestRestart checks that everything survives a crash and a restart. It is long because it checks
// every kind of object and bucket.
func TestRestart(t *testing.T) {
	dir := t.TempDir()
	c := start(t, Config{DataDir: dir})
	ctx := t.Context()
	c.clock.Advance(48 * time.Hour) // generations run ahead of the next clock
	kept := c.write(c.bucket.Object("lists/한글 2026.json"), repeat("kept ", 300<<10), func(w *gcs.Writer) {
		w.ContentEncoding, w.Metadata, w.CustomTime = "identity", map[string]string{"k": "v"}, time.Unix(1e9, 0)
	})
	if _, err := c.bucket.Object("copy").CopierFrom(c.bucket.Object("lists/한글 2026.json")).Run(ctx); err != nil {
		t.Fatal(err)
	}
	c.write(c.bucket.Object("twice"), "old")
	c.write(c.bucket.Object("twice"), "new")
	c.write(c.bucket.Object("empty"), "")
	gone := c.write(c.bucket.Object("gone"), "gone")
	if err := c.bucket.Object("gone").Delete(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := c.bucket.Object("twice").Update(ctx, gcs.ObjectAttrsToUpdate{ContentType: "text/css"}); err != nil {
		t.Fatal(err)
	}
	if err := c.client.Bucket("second").Create(ctx, "p", &gcs.BucketAttrs{Location: "US-WEST1", Labels: map[string]string{"a": "b"}}); err != nil {
		t.Fatal(err)
	}
	unfinished := c.session("unfinished", "", "")
	if res, _ := c.do("PUT", unfinished, repeat("x", testChunk), "Content-Range", "bytes 0-262143/*"); res.StatusCode != 308 {
		t.Fatalf("unfinished upload: %d", res.StatusCode)
	}

	for name, dir := range map[string]string{"after a crash": crashCopy(t, dir), "after closing": dir} {
		if name == "after closing" {
			c.stop()
		}
		t.Run(name, func(t *testing.T) {
			c := start(t, Config{DataDir: dir})
			a, err := c.bucket.Object("lists/한글 2026.json").Attrs(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if a.Generation != kept.Generation || a.CRC32C != kept.CRC32C || !slices.Equal(a.MD5, kept.MD5) || !a.Created.Equal(kept.Created) ||
				a.ContentEncoding != "identity" || a.Metadata["k"] != "v" || !a.CustomTime.Equal(time.Unix(1e9, 0)) {
				t.Errorf("attributes %+v", a)
			}
			for name, want := range map[string]string{"lists/한글 2026.json": repeat("kept ", 300<<10), "copy": repeat("kept ", 300<<10), "twice": "new", "empty": ""} {
				if got := c.read(c.bucket.Object(name)); got != want {
					t.Errorf("%s: read %d bytes that differ", name, len(got))
				}
			}
			if a, err := c.bucket.Object("twice").Attrs(ctx); err != nil || a.ContentType != "text/css" || a.Metageneration != 2 {
				t.Errorf("updated %+v, %v", a, err)
			}
			if _, err := c.bucket.Object("gone").Attrs(ctx); !errors.Is(err, gcs.ErrObjectNotExist) {
				t.Errorf("deleted: %v", err)
			}
			if b, err := c.client.Bucket("second").Attrs(ctx); err != nil || b.Location != "US-WEST1" || b.Labels["a"] != "b" {
				t.Errorf("bucket %+v, %v", b, err)
			}
			if files, _ := filepath.Glob(filepath.Join(dir, "content", "*")); len(files) != 3 {
				t.Errorf("want 3 content files, got %v", files)
			}
			if next := c.write(c.bucket.Object("gone"), "again"); next.Generation <= gone.Generation {
				t.Errorf("generation %d after %d", next.Generation, gone.Generation)
			}
			// A copy shares its content with the original; deleting one must not affect the other.
			if err := c.bucket.Object("copy").Delete(ctx); err != nil {
				t.Fatal(err)
			}
			if got := c.read(c.bucket.Object("lists/한글 2026.json")); got != repeat("kept ", 300<<10) {
				t.Error("deleting the copy removed the content of the original")
			}
		})
	}
}

func open(dir string) error {
	s, err := New(Config{Clock: clock.New(), DataDir: dir, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	return s.Close()
}

func TestDirectoryIsLocked(t *testing.T) {
	dir := t.TempDir()
	start(t, Config{DataDir: dir})
	if err := open(dir); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("second server on %s: %v", dir, err)
	}
}

func TestDamagedFileIsReported(t *testing.T) {
	dir := t.TempDir()
	c := start(t, Config{DataDir: dir})
	c.write(c.bucket.Object("a"), "some content")
	c.write(c.bucket.Object("b"), "other")
	c.bucket.Object("b").Delete(t.Context())
	c.stop()
	find := func(dir, pattern string) string {
		files, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil || len(files) != 1 {
			t.Fatalf("%s: %v, %v", pattern, files, err)
		}
		return files[0]
	}
	object := "buckets/*/????????????????????????????????????????????????????????????????.json"
	for name, pattern := range map[string]string{"content": "content/*", "object": object, "bucket": "buckets/*/bucket.json", "generation": "generation"} {
		for damage, do := range map[string]func(path string, data []byte) error{
			"flipped": func(path string, data []byte) error {
				data[len(data)/2] ^= 1
				return os.WriteFile(path, data, 0o644)
			},
			"cut":     func(path string, data []byte) error { return os.WriteFile(path, data[:len(data)-3], 0o644) },
			"emptied": func(path string, _ []byte) error { return os.WriteFile(path, nil, 0o644) },
			"removed": func(path string, _ []byte) error { return os.Remove(path) },
		} {
			if damage == "removed" && (name == "object" || name == "generation") {
				continue // undetectable
			}
			t.Run(name+" "+damage, func(t *testing.T) {
				dir := crashCopy(t, dir)
				path := find(dir, pattern)
				data, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				if err := do(path, data); err != nil {
					t.Fatal(err)
				}
				damaged, _ := os.ReadFile(path)
				if err := open(dir); err == nil || !strings.Contains(err.Error(), filepath.Base(path)) {
					t.Errorf("opened with a damaged %s: %v", path, err)
				}
				if left, _ := os.ReadFile(path); string(left) != string(damaged) {
					t.Error("the damaged file was changed")
				}
			})
		}
	}
	other := crashCopy(t, dir)
	path := find(other, object)
	if err := os.Rename(path, filepath.Join(filepath.Dir(path), strings.Repeat("0", 64)+".json")); err != nil {
		t.Fatal(err)
	}
	if err := open(other); err == nil || !strings.Contains(err.Error(), "0000.json") {
		t.Errorf("an object in the wrong file: %v", err)
	}
}

func TestLeftoversAreRemoved(t *testing.T) {
	dir := t.TempDir()
	c := start(t, Config{DataDir: dir})
	c.write(c.bucket.Object("a"), "data")
	c.stop()
	bucket := filepath.Join(dir, "buckets", testBucket)
	leftovers := []string{filepath.Join(dir, "content", "0123"), filepath.Join(bucket, "ab.json.tmp"), filepath.Join(bucket, "bucket.json.tmp"),
		filepath.Join(dir, "buckets", "half-made", "bucket.json.tmp")}
	for _, path := range leftovers {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("half"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	c = start(t, Config{DataDir: dir})
	for _, path := range leftovers {
		if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s still exists: %v", path, err)
		}
	}
	if got := c.read(c.bucket.Object("a")); got != "data" {
		t.Errorf("read %q", got)
	}
	if all := c.server.Objects().Buckets(); len(all) != 1 {
		t.Errorf("buckets %+v", all)
	}
}

// TestUnwritableDirectory makes the directory read-only: the old object must stay intact, and
// writing must work again once the directory is writable.
func TestUnwritableDirectory(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root can write to read-only directories")
	}
	dir := t.TempDir()
	c := start(t, Config{DataDir: dir})
	o := c.bucket.Object("a")
	c.write(o, "old")
	bucket := filepath.Join(dir, "buckets", testBucket)
	os.Chmod(bucket, 0o555)
	if res, _ := c.do("PUT", "/"+testBucket+"/a", "new"); res.StatusCode != 500 {
		t.Errorf("unwritable: %d", res.StatusCode)
	}
	if got := c.read(o); got != "old" {
		t.Errorf("read %q", got)
	}
	os.Chmod(bucket, 0o755)
	c.write(o, "new")
}

const killedDir = "HEEKTIME_STORAGE_TEST_DIR"

// TestKilledWriter is not a test but the process that TestKilled kills. It writes until then and
// prints each completed write.
func TestKilledWriter(t *testing.T) {
	dir := os.Getenv(killedDir)
	if dir == "" {
		t.Skip("run by TestKilled only")
	}
	s, err := New(Config{Clock: clock.New(), DataDir: dir, Buckets: []string{testBucket}})
	if err != nil {
		fmt.Println("error", err)
		return
	}
	store := s.Objects()
	for i := 0; ; i++ {
		name := fmt.Sprint("object-", i%7)
		if i%11 == 10 {
			if err := store.Delete(objects.Ref{Bucket: testBucket, Name: name}, objects.Conditions{}); err != nil {
				fmt.Println("error", err)
				return
			}
			fmt.Println("deleted", name, i)
			continue
		}
		d, err := store.NewDraft()
		if err == nil {
			io.WriteString(d, repeat(fmt.Sprint(i, " "), 40<<10))
			_, err = store.Put(objects.PutRequest{Bucket: testBucket, Name: name}, d)
		}
		if err != nil {
			fmt.Println("error", err)
			return
		}
		fmt.Println("wrote", name, i)
	}
}

// TestKilled kills a writing process at random moments: acknowledged objects must be there, and no
// object may be incomplete. It is long because each round depends on the one before.
func TestKilled(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	dir := t.TempDir()
	for round := range 8 {
		cmd := exec.Command(os.Args[0], "-test.run=^TestKilledWriter$")
		cmd.Env = append(os.Environ(), killedDir+"="+dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		acknowledged := map[string]int{} // -1: deleted
		stopAfter, seen := 5+random.IntN(60), 0
		for lines := bufio.NewScanner(out); lines.Scan(); {
			var verb, name string
			var i int
			if n, _ := fmt.Sscan(lines.Text(), &verb, &name, &i); n != 3 || verb == "error" {
				t.Fatalf("round %d: the writer printed %q", round, lines.Text())
			}
			if acknowledged[name] = i; verb == "deleted" {
				acknowledged[name] = -1
			}
			if seen++; seen == stopAfter {
				cmd.Process.Kill()
			}
		}
		cmd.Wait()
		s, err := New(Config{Clock: clock.New(), DataDir: dir})
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		// The operation in progress when the process died may or may not have completed.
		different := 0
		for name, i := range acknowledged {
			r, err := s.Objects().OpenObject(objects.Ref{Bucket: testBucket, Name: name}, objects.Conditions{})
			if err != nil {
				if i >= 0 {
					different++
				}
				continue
			}
			data, err := io.ReadAll(r)
			r.Close()
			first, _, _ := strings.Cut(string(data), " ")
			if err != nil || string(data) != repeat(first+" ", 40<<10) {
				t.Errorf("round %d: %s is incomplete: %v", round, name, err)
			}
			if i < 0 || first != fmt.Sprint(i) {
				different++
			}
		}
		if different > 1 {
			t.Errorf("round %d: %d objects differ from what was acknowledged", round, different)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}
