package firestore_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"cloud.google.com/go/firestore"
	"google.golang.org/api/option"

	"heek.kr/heektime/emulator/clock"
	emulator "heek.kr/heektime/emulator/firestore"
	"heek.kr/heektime/emulator/internal/crashtest"
	"heek.kr/heektime/emulator/internal/wal"
)

func TestMain(m *testing.M) { crashtest.Main(m, serve) }

// serve starts a server in a process of its own: one that is killed, or one of BenchmarkMetering.
func serve(dir string) (string, error) {
	if dir == plainServer || dir == meteredServer {
		return serveBenchmark(dir)
	}
	s, err := emulator.New(emulator.Config{Clock: clock.New(), DataDir: dir})
	if err != nil {
		return "", err
	}
	return crashtest.ServeGRPC(s.Register)
}

// TestKillLosesNothing kills a server under load several times and checks that every acknowledged
// commit is still there.
func TestKillLosesNothing(t *testing.T) {
	dir := t.TempDir()
	acked := make([]atomic.Int64, 16) // the last acknowledged counter of each worker
	for round := range 4 {
		killUnderLoad(t, dir, acked)
		s, err := emulator.New(emulator.Config{Clock: clock.New(), DataDir: dir})
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		db, err := s.Database("demo-crash", "(default)")
		if err != nil {
			t.Fatal(err)
		}
		total := int64(0)
		for w := range acked {
			want := acked[w].Load()
			total += want
			d, _ := db.Get(fmt.Sprintf("workers/w%d", w))
			n, _ := d.Data["n"].(int64)
			// The commit in flight when the server died may have been made or not.
			if n != want && n != want+1 {
				t.Errorf("round %d: worker %d got %d commits acknowledged, %d are there", round, w, want, n)
			}
			acked[w].Store(n)
			for i := int64(1); i <= n; i++ {
				if _, ok := db.Get(fmt.Sprintf("workers/w%d/log/%d", w, i)); !ok {
					t.Errorf("round %d: worker %d: half of commit %d is missing", round, w, i)
				}
			}
		}
		t.Logf("round %d: %d commits in total", round, total)
		if round%2 == 0 { // half of the rounds begin after an orderly shutdown
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			continue
		}
		s.Close()
	}
}

// killUnderLoad starts a server, has workers commit as fast as they can, and kills it meanwhile.
func killUnderLoad(t *testing.T, dir string, acked []atomic.Int64) {
	t.Helper()
	address, kill := crashtest.Start(t, dir)
	defer kill()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	fs, err := firestore.NewClient(ctx, "demo-crash", option.WithGRPCConn(crashtest.Dial(t, address)))
	if err != nil {
		t.Fatal(err)
	}
	var commits atomic.Int64
	killAt := 200 + rand.Int64N(300)
	var all sync.WaitGroup
	for w := range acked {
		all.Go(func() {
			for n := acked[w].Load() + 1; ; n++ {
				//lint:ignore SA1019 a commit of several writes without a transaction is what is tested
				b := fs.Batch()
				b.Set(fs.Doc(fmt.Sprintf("workers/w%d", w)), map[string]any{"n": n})
				b.Set(fs.Doc(fmt.Sprintf("workers/w%d/log/%d", w, n)), map[string]any{"pad": strings.Repeat("x", 12_000)})
				if _, err := b.Commit(ctx); err != nil {
					return
				}
				acked[w].Store(n)
				if commits.Add(1) == killAt {
					kill()
					cancel()
				}
			}
		})
	}
	all.Wait()
}

// TestReopen shuts a server down and checks what the next one reads from its directory.
func TestReopen(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	var before []emulator.Document
	t.Run("first", func(t *testing.T) {
		c := start(t, inDir(dir))
		fs := c.client(t, "demo-a")
		for i := range 50 {
			if _, err := fs.Doc(fmt.Sprintf("a/%d", i)).Set(ctx, everything(fs)); err != nil {
				t.Fatal(err)
			}
		}
		for i := range 10 {
			if _, err := fs.Doc(fmt.Sprintf("a/%d", i)).Delete(ctx); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := emulator.New(emulator.Config{Clock: clock.New(), DataDir: dir}); err == nil || !strings.Contains(err.Error(), dir) {
			t.Errorf("a second server in the directory: %v, want an error that names it", err)
		}
		for d := range database(t, c, "demo-a").Documents() {
			before = append(before, d)
		}
	})
	t.Run("second", func(t *testing.T) {
		c := start(t, inDir(dir))
		i := 0
		for d := range database(t, c, "demo-a").Documents() {
			if w := before[i]; d.Path != w.Path || !d.Created.Equal(w.Created) || !d.Updated.Equal(w.Updated) {
				t.Errorf("document %d is %+v, want %+v", i, d, w)
			}
			i++
		}
		if i != 40 || len(before) != 40 {
			t.Errorf("got %d documents, had %d, want 40", i, len(before))
		}
		fs := c.client(t, "demo-a")
		snap, err := fs.Doc("a/20").Get(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if len(snap.Data()) != len(everything(fs)) {
			t.Errorf("got %v", snap.Data())
		}
		if err := c.Reset(); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("third", func(t *testing.T) {
		for d := range database(t, start(t, inDir(dir)), "demo-a").Documents() {
			t.Errorf("%s survived the reset", d.Path)
		}
	})
}

func TestDamagedFileIsNamed(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	t.Run("write", func(t *testing.T) {
		fs := start(t, inDir(dir)).client(t, "demo-a")
		for i := range 3 {
			if _, err := fs.Doc("a/b").Set(ctx, map[string]any{"n": i}); err != nil {
				t.Fatal(err)
			}
		}
	})
	logs, err := filepath.Glob(filepath.Join(dir, "demo-a", "(default)", "*.log"))
	if err != nil || len(logs) != 1 {
		t.Fatalf("logs: %v, %v", logs, err)
	}
	b, err := os.ReadFile(logs[0])
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 0x10
	if err := os.WriteFile(logs[0], b, 0o666); err != nil {
		t.Fatal(err)
	}
	_, err = emulator.New(emulator.Config{Clock: clock.New(), DataDir: dir})
	var damage *wal.DamageError
	if !errors.As(err, &damage) || damage.File != logs[0] {
		t.Errorf("got %v, want a DamageError for %s", err, logs[0])
	}
	after, _ := os.ReadFile(logs[0])
	if len(after) != len(b) {
		t.Error("the damaged file was changed")
	}
}
