package objects

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"heek.kr/heektime/emulator/clock"
)

func newStore(t *testing.T, cfg Config) *Store {
	t.Helper()
	if cfg.Clock == nil {
		cfg.Clock = clock.New()
	}
	s, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	if _, err := s.CreateBucket(Bucket{Name: "bucket"}); err != nil {
		t.Fatal(err)
	}
	return s
}

func kind(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return 0
}

func TestPendingBytesAreBounded(t *testing.T) {
	s := newStore(t, Config{MaxPendingBytes: 100})
	drafts := make([]*Draft, 3)
	for i := range drafts {
		var err error
		if drafts[i], err = s.NewDraft(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := io.WriteString(drafts[0], strings.Repeat("x", 60)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(drafts[1], strings.Repeat("x", 60)); kind(err) != Busy {
		t.Errorf("120 pending bytes with a limit of 100: %v", err)
	}
	drafts[0].Abort()
	drafts[0].Abort()
	if _, err := io.WriteString(drafts[1], strings.Repeat("x", 100)); err != nil {
		t.Errorf("after one was aborted: %v", err)
	}
	if _, err := s.Put(PutRequest{Bucket: "bucket", Name: "a"}, drafts[1]); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(drafts[2], strings.Repeat("x", 100)); err != nil {
		t.Errorf("after one was put: %v", err)
	}
	drafts[2].Abort()
	if left := s.pending.Load(); left != 0 {
		t.Errorf("%d bytes are still counted as pending", left)
	}
}

func TestUploadsAreBounded(t *testing.T) {
	c := clock.New()
	s := newStore(t, Config{Clock: c, MaxUploads: 2})
	begin := func() (*Upload, error) { return s.StartUpload(PutRequest{Bucket: "bucket", Name: "a"}, -1) }
	first, err := begin()
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Append(0, []byte("x")); err != nil {
		t.Fatal(err)
	}
	second, err := begin()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := begin(); kind(err) != Busy {
		t.Errorf("third upload with a limit of two: %v", err)
	}
	if _, err := second.Finish(0, []byte("done"), Checksums{}); err != nil {
		t.Fatal(err)
	}
	if _, err := begin(); err != nil {
		t.Errorf("after one has finished: %v", err)
	}
	if _, err := begin(); kind(err) != Busy {
		t.Errorf("full again: %v", err)
	}
	c.Advance(uploadIdle)
	if _, err := begin(); err != nil {
		t.Errorf("after a minute without requests: %v", err)
	}
	if err := first.Append(1, []byte("y")); kind(err) != UploadNotFound {
		t.Errorf("evicted upload: %v", err)
	}
	if left := s.pending.Load(); left != 0 {
		t.Errorf("%d bytes are still counted as pending", left)
	}
}

func TestClosedStoreRejectsWrites(t *testing.T) {
	s := newStore(t, Config{DataDir: t.TempDir()})
	u, err := s.StartUpload(PutRequest{Bucket: "bucket", Name: "a"}, -1)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("closing again: %v", err)
	}
	if _, err := u.Finish(0, []byte("x"), Checksums{}); kind(err) != UploadNotFound {
		t.Errorf("finishing an upload: %v", err)
	}
	if _, err := s.CreateBucket(Bucket{Name: "other"}); err == nil {
		t.Error("created a bucket in a closed store")
	}
}

func TestReaderOutlivesObject(t *testing.T) {
	for name, dir := range map[string]string{"memory": "", "disk": t.TempDir()} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t, Config{DataDir: dir})
			put := func(data string) Object {
				d, err := s.NewDraft()
				if err != nil {
					t.Fatal(err)
				}
				io.WriteString(d, data)
				o, err := s.Put(PutRequest{Bucket: "bucket", Name: "a"}, d)
				if err != nil {
					t.Fatal(err)
				}
				return o
			}
			want := strings.Repeat("old", blockBytes)
			old := put(want)
			r, err := s.OpenObject(Ref{Bucket: "bucket", Name: "a"}, Conditions{})
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			put("new")
			if err := s.Delete(Ref{Bucket: "bucket", Name: "a"}, Conditions{}); err != nil {
				t.Fatal(err)
			}
			if got, err := io.ReadAll(r); err != nil || string(got) != want || r.Object.Generation != old.Generation {
				t.Errorf("read %d bytes of %d, %v", len(got), len(want), err)
			}
		})
	}
}

// TestBrokenDisk breaks the disk: writes must fail, readers keep the old object, and a restart must
// find it complete.
func TestBrokenDisk(t *testing.T) {
	dir := t.TempDir()
	s := newStore(t, Config{DataDir: dir})
	put := func(data string) error {
		d, err := s.NewDraft()
		if err != nil {
			return err
		}
		io.WriteString(d, data)
		_, err = s.Put(PutRequest{Bucket: "bucket", Name: "a"}, d)
		return err
	}
	if err := put("old"); err != nil {
		t.Fatal(err)
	}
	s.commit.Lock()
	s.disk.markBroken(errors.New("disk unplugged"), "testing")
	s.commit.Unlock()
	if err := put("new"); err == nil || !strings.Contains(err.Error(), "disk unplugged") {
		t.Errorf("writing: %v", err)
	}
	if err := s.Delete(Ref{Bucket: "bucket", Name: "a"}, Conditions{}); err == nil {
		t.Error("deleting succeeded")
	}
	if o, err := s.Get(Ref{Bucket: "bucket", Name: "a"}, Conditions{}); err != nil || o.Size != 3 {
		t.Errorf("reading: %+v, %v", o, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := Open(Config{Clock: clock.New(), DataDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if o, err := again.Get(Ref{Bucket: "bucket", Name: "a"}, Conditions{}); err != nil || o.Created.After(time.Now()) || o.CRC32C == 0 {
		t.Errorf("after a restart: %+v, %v", o, err)
	}
}

func FuzzGlob(f *testing.F) {
	for _, seed := range []string{"**/*.json", "{a,b}[!c-d]?", `\*`, "[", "{", "한*글", "[]a]", "[^]"} {
		f.Add(seed, "a/b.json")
	}
	f.Fuzz(func(t *testing.T, glob, name string) {
		re, err := compileGlob(glob)
		if err != nil && kind(err) != Invalid {
			t.Error(err)
		}
		if err == nil && !strings.ContainsAny(glob, `*?[]{},\`) && glob != "" && !re.MatchString(glob) {
			t.Errorf("%q does not match itself", glob)
		}
	})
}
