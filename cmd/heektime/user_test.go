package main

import (
	"bufio"
	"io"
	"strings"
	"syscall"
	"testing"
	"time"

	"heek.kr/heektime/cmd/heektime/internal/student"
)

// TestUser shows the demo student, deletes and restores the account, and deletes it permanently. It is
// long because each step needs the state that the previous one left.
func TestUser(t *testing.T) {
	config := ports(t)
	// A local cloud with the name of a real project is local all the same.
	dev := heektime(t, "dev", "--config", config, "--project", "heektime-v3")
	stdout, err := dev.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := dev.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stdout)
	for lines.Scan() && !strings.Contains(lines.Text(), "Ctrl-C") {
	}
	run := func(want bool, args ...string) string {
		t.Helper()
		out, errs, ok := output(t, append(args, "--config", config)...)
		if ok != want {
			t.Errorf("%v: success = %v, want %v\n%s%s", args, ok, want, out, errs)
		}
		if first, _, _ := strings.Cut(errs, "\n"); want && !(strings.HasPrefix(first, "local cloud at ") && strings.HasSuffix(strings.TrimSuffix(first, ", database (default)"), ", project heektime-v3")) {
			t.Errorf("%v: the first line is %q", args, first)
		}
		return out + errs
	}
	contains := func(text string, parts ...string) {
		t.Helper()
		for _, part := range parts {
			if !strings.Contains(text, part) {
				t.Errorf("missing %q in:\n%s", part, text)
			}
		}
	}
	announceStory(run, contains)
	shown := run(true, "user", "show", student.Username)
	contains(shown, "username    "+student.Username, "timetables  ", student.Email)
	if strings.Contains(shown, "deletion") || strings.Contains(shown, "timetables  0") {
		t.Errorf("before the deletion:\n%s", shown)
	}
	uid := strings.Fields(shown)[1]
	contains(run(true, "user", "delete", student.Email), uid+" is hidden and signed out", "can be restored until", "heektime user restore")
	contains(run(true, "user", "show", student.Username), "username    none", "the username "+student.Username+" is reserved")
	contains(run(true, "user", "restore", uid), "is restored and can sign in again")
	contains(run(true, "user", "restore", uid), "was not being deleted")
	if again := run(true, "user", "show", uid); again != shown {
		t.Errorf("after restoring:\n%s\nbefore:\n%s", again, shown)
	}
	contains(run(true, "user", "block", student.Username, "--reason", "spam"), uid+" is blocked")
	contains(run(true, "user", "show", uid), "username    none", "disabled", "blocked     at ", "spam", "the username "+student.Username+" is reserved")
	contains(run(true, "user", "unblock", student.Email), "is unblocked and can sign in again")
	contains(run(true, "user", "unblock", uid), "was not blocked")
	if again := run(true, "user", "show", uid); again != shown {
		t.Errorf("after the unblock:\n%s\nbefore:\n%s", again, shown)
	}
	contains(run(true, "user", "delete", "--now", uid), "it cannot be restored")
	contains(run(false, "user", "restore", uid), "can no longer be restored")
	contains(run(true, "cleanup", "purge"), "started purge")
	for gone := false; !gone; time.Sleep(50 * time.Millisecond) {
		after := run(true, "user", "show", uid)
		gone = strings.Contains(after, "account     none") && strings.Contains(after, "timetables  0") && strings.Contains(after, "is being purged")
		if t.Failed() {
			break
		}
	}
	contains(run(false, "user", "show", student.Username), "no user with the uid, email or username")
	contains(run(false, "user", "show", student.Email), "no account with the email")
	contains(run(false, "user", "end", uid), "show, block, unblock, delete or restore")
	contains(run(true, "cleanup", "sweep"), "started sweep")
	contains(run(false, "cleanup", "everything"), "purge or sweep")
	contains(run(false, "user", "show", uid, "--project", "demo-heektime"), "runs project heektime-v3, not demo-heektime", "--google")
	if err := dev.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	io.Copy(io.Discard, stdout)
	if err := dev.Wait(); err != nil {
		t.Errorf("Ctrl-C: %v", err)
	}
}
