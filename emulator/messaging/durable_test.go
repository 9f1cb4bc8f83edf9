package messaging_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"heek.kr/heektime/emulator/messaging"
)

// copyDir copies a data directory, as a crash leaves it.
func copyDir(t *testing.T, dir string) string {
	t.Helper()
	to := t.TempDir()
	if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return to
}

// Devices and subscriptions survive a crash at any time after the response.
func TestDurable(t *testing.T) {
	dir := t.TempDir()
	w := open(t, dir)
	for _, token := range []string{"a", "b", "c"} {
		w.register(messaging.DeviceInfo{Token: token, Platform: messaging.IOSPlatform, App: "kr.heek"})
	}
	w.relate("batchAdd", "t", "a", "b", "c")
	w.relate("batchAdd", "u", "a")
	w.relate("batchRemove", "t", "a")
	if err := w.Unregister("c"); err != nil {
		t.Fatal(err)
	}
	if err := w.SetOnline("b", false); err != nil {
		t.Fatal(err)
	}
	before := w.inbox.Devices()
	again := open(t, copyDir(t, dir))
	after := again.inbox.Devices()
	if len(after) != 2 || after[0].DeviceInfo != before[0].DeviceInfo || after[1].DeviceInfo != before[1].DeviceInfo || !after[1].Offline ||
		!slices.Equal(after[0].Topics, []string{"u"}) || !slices.Equal(after[1].Topics, []string{"t"}) {
		t.Errorf("after a crash: %+v, want %+v", after, before)
	}
	if got := again.relate("batchAdd", "t", "c"); !slices.Equal(got, []string{"NOT_FOUND"}) {
		t.Errorf("a device that was removed: %q", got)
	}
	if err := again.Reset(project); err != nil {
		t.Fatal(err)
	}
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := again.inbox.Register(messaging.DeviceInfo{}); err == nil {
		t.Error("a device was registered with a closed server")
	}
}

// A process that dies while it writes a batch leaves all of its subscriptions or none.
func TestCrashInASubscription(t *testing.T) {
	dir := t.TempDir()
	w := open(t, dir)
	tokens := []string{"a", "b", "c"}
	for _, token := range tokens {
		w.register(messaging.DeviceInfo{Token: token})
	}
	size := logSize(t, dir)
	w.relate("batchAdd", "t", tokens...)
	end := logSize(t, dir)
	if end <= size {
		t.Fatalf("the log has %d bytes before and %d after a subscription", size, end)
	}
	complete := 0
	for cut := size; cut <= end; cut++ {
		torn := copyDir(t, dir)
		if err := os.Truncate(logFile(t, torn), cut); err != nil {
			t.Fatal(err)
		}
		s, err := messaging.New(messaging.Config{Clock: w.clock, DataDir: torn})
		if err != nil {
			t.Fatalf("with %d of %d bytes: %v", cut, end, err)
		}
		got := s.Inbox(project).Subscribers("t")
		if len(got) != 0 && !slices.Equal(got, tokens) {
			t.Errorf("with %d of %d bytes, %v are subscribed", cut, end, got)
		}
		complete += min(1, len(got))
		if n := len(s.Inbox(project).Devices()); n != 3 {
			t.Errorf("with %d of %d bytes there are %d devices", cut, end, n)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	if complete == 0 {
		t.Error("the whole log has no subscription")
	}
}

// logFile returns the only file of the log.
func logFile(t *testing.T, dir string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.log"))
	if err != nil || len(files) != 1 {
		t.Fatalf("log files %v, %v", files, err)
	}
	return files[0]
}

func logSize(t *testing.T, dir string) int64 {
	t.Helper()
	info, err := os.Stat(logFile(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}
