package wal_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"heek.kr/heektime/emulator/internal/wal"
)

// open opens a log and returns the replayed records.
func open(t *testing.T, dir string) (*wal.Log, []string) {
	t.Helper()
	var got []string
	l, err := wal.Open(dir, func(b []byte) error {
		got = append(got, string(b))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return l, got
}

func add(t *testing.T, l *wal.Log, records ...string) {
	t.Helper()
	for _, r := range records {
		if err := l.Append([]byte(r)); err != nil {
			t.Fatal(err)
		}
	}
}

func shut(t *testing.T, l *wal.Log) {
	t.Helper()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestAppendAndReplay(t *testing.T) {
	dir := t.TempDir()
	l, got := open(t, dir)
	if len(got) != 0 {
		t.Fatalf("new log replays %q", got)
	}
	want := []string{"one", "", strings.Repeat("long ", 100_000), "four"}
	add(t, l, want...)
	shut(t, l)
	l, got = open(t, dir)
	if !slices.Equal(got, want) {
		t.Fatalf("got %d records, want %d", len(got), len(want))
	}
	add(t, l, "five")
	shut(t, l)
	l, got = open(t, dir)
	defer shut(t, l)
	if want = append(want, "five"); !slices.Equal(got, want) {
		t.Fatalf("after reopening twice: got %d records, want %d", len(got), len(want))
	}
	if err := l.Append(nil); err != nil {
		t.Errorf("append nil: %v", err)
	}
}

func TestDirectoryIsLocked(t *testing.T) {
	dir := t.TempDir()
	l, _ := open(t, dir)
	if _, err := wal.Open(dir, func([]byte) error { return nil }); err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("second Open: %v, want an error naming %s", err, dir)
	}
	shut(t, l)
	l, _ = open(t, dir)
	shut(t, l)
	if err := l.Append([]byte("x")); !errors.Is(err, wal.ErrClosed) {
		t.Errorf("append after close: %v, want ErrClosed", err)
	}
	if err := l.Close(); err != nil {
		t.Errorf("second close: %v", err)
	}
}

func TestSlotsKeepReservationOrder(t *testing.T) {
	dir := t.TempDir()
	l, _ := open(t, dir)
	var slots []*wal.Slot
	var want []string
	for i := range 100 {
		slots = append(slots, l.Reserve())
		want = append(want, fmt.Sprint(i))
	}
	for i := len(slots) - 1; i >= 0; i-- {
		slots[i].Fill([]byte(want[i]))
	}
	if err := l.Wait(slots[99].Seq); err != nil {
		t.Fatal(err)
	}
	shut(t, l)
	l, got := open(t, dir)
	defer shut(t, l)
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

func TestConcurrentAppends(t *testing.T) {
	dir := t.TempDir()
	l, _ := open(t, dir)
	var all sync.WaitGroup
	for w := range 32 {
		all.Go(func() {
			for i := range 20 {
				if err := l.Append(fmt.Appendf(nil, "%d %d", w, i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	shut(t, l)
	l, got := open(t, dir)
	defer shut(t, l)
	if slices.Sort(got); len(slices.Compact(got)) != 640 {
		t.Errorf("%d distinct records, want 640", len(got))
	}
}

func TestSnapshotReplacesOlderRecords(t *testing.T) {
	dir := t.TempDir()
	l, _ := open(t, dir)
	for round := range 3 {
		add(t, l, "old 1", "old 2")
		before := l.Reserve()
		s, err := l.Rotate()
		if err != nil {
			t.Fatal(err)
		}
		after := l.Reserve()
		after.Fill(fmt.Appendf(nil, "after %d", round))
		before.Fill([]byte("old 3"))
		for i := range 3 {
			if err := s.Write(fmt.Appendf(nil, "state %d.%d", round, i)); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Finish(); err != nil {
			t.Fatal(err)
		}
		if err := l.Wait(after.Seq); err != nil {
			t.Fatal(err)
		}
		if n := l.Size(); n > 50 {
			t.Errorf("after a snapshot Size is %d bytes, want at most 50", n)
		}
		add(t, l, "more")
		shut(t, l)
		var got []string
		l, got = open(t, dir)
		want := []string{fmt.Sprintf("state %d.0", round), fmt.Sprintf("state %d.1", round), fmt.Sprintf("state %d.2", round), fmt.Sprintf("after %d", round), "more"}
		if !slices.Equal(got, want) {
			t.Fatalf("round %d: got %q, want %q", round, got, want)
		}
	}
	shut(t, l)
	if entries, _ := os.ReadDir(dir); len(entries) != 3 {
		t.Errorf("the directory holds %v, want a lock, a snapshot and a segment", entries)
	}
}

// TestUnfinishedSnapshot leaves the files that a crash during a snapshot leaves.
func TestUnfinishedSnapshot(t *testing.T) {
	dir := t.TempDir()
	l, _ := open(t, dir)
	add(t, l, "1")
	s, err := l.Rotate()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Write([]byte("state")); err != nil {
		t.Fatal(err)
	}
	add(t, l, "2")
	shut(t, l)
	l, got := open(t, dir)
	defer shut(t, l)
	if want := []string{"1", "2"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*.tmp")); len(left) > 0 {
		t.Errorf("%v is left over", left)
	}
}

// copyDir copies a log's directory, passing each file through change.
func copyDir(t *testing.T, dir string, change func(name string, b []byte) []byte) string {
	t.Helper()
	to := t.TempDir()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(to, e.Name()), change(e.Name(), b), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return to
}

// TestTornTail truncates the segment at every byte: whole records are replayed, and the log accepts
// new ones after them.
func TestTornTail(t *testing.T) {
	dir := t.TempDir()
	l, _ := open(t, dir)
	records := []string{"first", "second record", "third"}
	add(t, l, records...)
	shut(t, l)
	const name = "0000000000000001.log"
	whole, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	ends := []int{8}
	for _, r := range records {
		ends = append(ends, ends[len(ends)-1]+16+len(r))
	}
	for cut := range len(whole) + 1 {
		for _, tail := range []string{"", "\x00\x00\x00", strings.Repeat("\x00", 5000)} {
			torn := copyDir(t, dir, func(n string, b []byte) []byte {
				if n == name {
					b = append(b[:cut:cut], tail...)
				}
				return b
			})
			keep := 0
			for keep < len(records) && ends[keep+1] <= cut {
				keep++
			}
			if tail != "" && (cut < 8 && cut+len(tail) >= 8 || cut >= 8 && cut != ends[keep]) {
				continue // zeros after half a record are damage, or complete it
			}
			l, got := open(t, torn)
			if !slices.Equal(got, records[:keep]) {
				t.Fatalf("truncated at %d with %d zeros: got %q, want %q", cut, len(tail), got, records[:keep])
			}
			add(t, l, "new")
			shut(t, l)
			l, got = open(t, torn)
			shut(t, l)
			if want := append(slices.Clone(records[:keep]), "new"); !slices.Equal(got, want) {
				t.Fatalf("truncated at %d, then appended: got %q, want %q", cut, got, want)
			}
		}
	}
}

// TestDamage changes every byte of every file: each change must be an error that names the file and
// the damaged frame.
func TestDamage(t *testing.T) {
	dir := t.TempDir()
	l, _ := open(t, dir)
	add(t, l, "one")
	s, err := l.Rotate()
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{s.Write([]byte("state a")), s.Write([]byte("state b")), s.Finish()} {
		if err != nil {
			t.Fatal(err)
		}
	}
	add(t, l, "two", "three\x00")
	shut(t, l)
	for _, name := range []string{"0000000000000002.snap", "0000000000000002.log"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		for i := range b {
			for _, flip := range []byte{1, 0x80, 0xff} {
				bad := copyDir(t, dir, func(n string, b []byte) []byte {
					if n == name {
						b = bytes.Clone(b)
						b[i] ^= flip
					}
					return b
				})
				_, err := wal.Open(bad, func([]byte) error { return nil })
				var damage *wal.DamageError
				if !errors.As(err, &damage) || filepath.Base(damage.File) != name || damage.Offset > int64(i) {
					t.Fatalf("byte %d of %s changed by %#x: %v", i, name, flip, err)
				}
			}
		}
	}
}

func TestMissingSegment(t *testing.T) {
	dir := t.TempDir()
	l, _ := open(t, dir)
	add(t, l, "1")
	if _, err := l.Rotate(); err != nil {
		t.Fatal(err)
	}
	add(t, l, "2")
	shut(t, l)
	os.Remove(filepath.Join(dir, "0000000000000001.log"))
	if _, err := wal.Open(dir, func([]byte) error { return nil }); err == nil || !strings.Contains(err.Error(), "0000000000000001.log") {
		t.Errorf("open without the first segment: %v, want an error naming it", err)
	}
}

func TestReplayError(t *testing.T) {
	dir := t.TempDir()
	l, _ := open(t, dir)
	add(t, l, "1")
	shut(t, l)
	no := errors.New("no such record")
	if _, err := wal.Open(dir, func([]byte) error { return no }); !errors.Is(err, no) {
		t.Errorf("got %v, want the error of replay", err)
	}
}
