package firestore_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	emulator "heek.kr/heektime/emulator/firestore"
)

// follower records changes. It can be made to block.
type follower struct {
	mu       sync.Mutex
	wants    bool
	cursor   time.Time
	lost     int
	list     []emulator.Change
	block    chan struct{} // Take waits until it is closed; nil: Take does not wait
	once     sync.Once
	taking   chan struct{} // closed when Take waits for the first time
	flushErr error         // returned by Flush
}

func (f *follower) Wants(string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.wants
}

func (f *follower) Cursor(string) time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.cursor
}

func (f *follower) Take(c emulator.Changes) {
	f.mu.Lock()
	block := f.block
	f.mu.Unlock()
	if block != nil {
		if f.taking != nil {
			f.once.Do(func() { close(f.taking) })
		}
		<-block
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list = append(f.list, c.List...)
	if c.Lost {
		f.lost++
	}
}

func (f *follower) Flush(string) error { return f.flushErr }

// transcript returns the changes so far, one per line.
func (f *follower) transcript() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var b strings.Builder
	for _, c := range f.list {
		n := func(d *emulator.Document) any {
			if d == nil {
				return nil
			}
			return d.Fields.Get("n").Int()
		}
		fmt.Fprintf(&b, "%s %v→%v\n", c.Path, n(c.Before), n(c.After))
	}
	return b.String()
}

func following(f *follower) func(*emulator.Config) {
	return func(c *emulator.Config) { c.Follower = f }
}

func TestFollower(t *testing.T) {
	f := &follower{wants: true}
	c := start(t, following(f))
	fs := c.client(t, "demo-a")
	for _, n := range []int{1, 1, 2} {
		if _, err := fs.Doc("a/b").Set(t.Context(), map[string]any{"n": n}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := fs.Doc("a/b").Delete(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := c.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, want := f.transcript(), "a/b <nil>→1\na/b 1→2\na/b 2→<nil>\n"; got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// While a follower blocks, commits continue. It gets all of them in the end, however old they are.
func TestSlowFollower(t *testing.T) {
	f := &follower{wants: true, block: make(chan struct{})}
	c := start(t, following(f))
	fs := c.client(t, "demo-a")
	var want strings.Builder
	for n := range 200 {
		if _, err := fs.Doc(fmt.Sprintf("a/%d", n)).Set(t.Context(), map[string]any{"n": n}); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&want, "a/%d <nil>→%d\n", n, n)
		if n == 100 {
			c.clock.Advance(3 * time.Hour) // longer than the past is kept for readers
		}
	}
	close(f.block)
	if err := c.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := f.transcript(); got != want.String() || f.lost != 0 {
		t.Errorf("lost %d times; got\n%s", f.lost, got)
	}
}

// A blocked follower learns that changes were lost when more were made than may wait.
func TestFollowerLosesChanges(t *testing.T) {
	f := &follower{wants: true, block: make(chan struct{}), taking: make(chan struct{})}
	c := start(t, following(f))
	db := database(t, c, "demo-a")
	big := strings.Repeat("x", 900_000)
	const commits = 120
	for n := range commits {
		if err := db.Seed(map[string]map[string]any{"a/b": {"n": n, "big": big}}); err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			<-f.taking // or it could take some of them now, and less would wait
		}
	}
	close(f.block)
	if err := c.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.lost != 1 || len(f.list) >= commits || len(f.list) < commits/2 {
		t.Fatalf("lost %d times, got %d of %d commits", f.lost, len(f.list), commits)
	}
	if last := f.list[len(f.list)-1]; last.After.Fields.Get("n").Int() != commits-1 {
		t.Error("the last commit is missing")
	}
}

// A follower that stored nothing gets the same changes again after a restart, even those that are
// part of a snapshot by then.
func TestFollowerAfterRestart(t *testing.T) {
	dir := t.TempDir()
	first := &follower{wants: true}
	var cursor time.Time
	t.Run("first", func(t *testing.T) {
		c := start(t, inDir(dir), following(first))
		fs := c.client(t, "demo-a")
		if _, err := fs.Doc("a/before").Set(t.Context(), map[string]any{"n": 0}); err != nil {
			t.Fatal(err)
		}
		if err := c.Settle(t.Context()); err != nil {
			t.Fatal(err)
		}
		first.mu.Lock()
		cursor, first.list = first.list[0].Time, nil
		first.flushErr = errors.New("disk full") // so that no snapshot replaces the commits
		first.mu.Unlock()
		pad := strings.Repeat("x", 100_000)
		for n := range 150 { // more than the log holds before it makes a snapshot
			if _, err := fs.Doc(fmt.Sprintf("a/%d", n%7)).Set(t.Context(), map[string]any{"n": n, "pad": pad}); err != nil {
				t.Fatal(err)
			}
			if n%10 == 9 {
				if _, err := fs.Doc("a/3").Delete(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := c.Settle(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("second", func(t *testing.T) {
		f := &follower{wants: true, cursor: cursor}
		c := start(t, inDir(dir), following(f))
		if err := c.Settle(t.Context()); err != nil {
			t.Fatal(err)
		}
		if f.transcript() != first.transcript() || f.lost != 0 {
			t.Errorf("lost %d times; got\n%swant\n%s", f.lost, f.transcript(), first.transcript())
		}
		// The next change has the loaded version as Before.
		if _, err := c.client(t, "demo-a").Doc("a/before").Set(t.Context(), map[string]any{"n": 7}); err != nil {
			t.Fatal(err)
		}
		if err := c.Settle(t.Context()); err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(f.transcript(), "a/before 0→7\n") {
			t.Errorf("got\n%s", f.transcript())
		}
	})
}

// Resetting a database delivers no changes and loses none that follow.
func TestResetIsNotAChange(t *testing.T) {
	f := &follower{wants: true}
	c := start(t, following(f))
	db := database(t, c, "demo-a")
	for n := range 2 {
		if err := db.Seed(map[string]map[string]any{"a/b": {"n": n}}); err != nil {
			t.Fatal(err)
		}
		if err := c.Settle(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := c.Reset(); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, want := f.transcript(), "a/b <nil>→0\na/b <nil>→1\n"; got != want || f.lost != 0 {
		t.Errorf("lost %d times; got\n%swant\n%s", f.lost, got, want)
	}
}
