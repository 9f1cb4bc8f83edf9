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

// An operator looks at the demo's student, deletes the account, takes it back, and deletes it for good.
func TestUser(t *testing.T) {
	config := ports(t)
	dev := heektime(t, "dev", "--config", config)
	stdout, err := dev.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := dev.Start(); err != nil {
		t.Fatal(err)
	}
	said := bufio.NewScanner(stdout)
	for said.Scan() && !strings.Contains(said.Text(), "Ctrl-C") {
	}
	run := func(want bool, args ...string) string {
		t.Helper()
		out, errs, ok := output(t, append(args, "--config", config)...)
		if ok != want {
			t.Errorf("%v: succeeded is %v\n%s%s", args, ok, out, errs)
		}
		return out + errs
	}
	contains := func(text string, parts ...string) {
		t.Helper()
		for _, part := range parts {
			if !strings.Contains(text, part) {
				t.Errorf("%q is not in:\n%s", part, text)
			}
		}
	}
	shown := run(true, "user", "show", student.Username)
	contains(shown, "username    "+student.Username, "timetables  ", student.Address)
	if strings.Contains(shown, "deletion") || strings.Contains(shown, "timetables  0") {
		t.Errorf("before:\n%s", shown)
	}
	uid := strings.Fields(shown)[1]
	contains(run(true, "user", "delete", student.Address), uid+" is hidden and signed out", "can be taken back until", "heektime user restore")
	contains(run(true, "user", "show", student.Username), "username    none", "the username "+student.Username+" waits for it")
	contains(run(true, "user", "restore", uid), "is as it was")
	contains(run(true, "user", "restore", uid), "was not going to be deleted")
	if again := run(true, "user", "show", uid); again != shown {
		t.Errorf("taken back:\n%s\nwas:\n%s", again, shown)
	}
	contains(run(true, "user", "delete", "--now", uid), "no way back")
	contains(run(false, "user", "restore", uid), "cannot be taken back any more")
	contains(run(true, "cleanup", "purge"), "purge runs")
	for gone := false; !gone; time.Sleep(50 * time.Millisecond) {
		after := run(true, "user", "show", uid)
		gone = strings.Contains(after, "account     none") && strings.Contains(after, "timetables  0") && strings.Contains(after, "is being purged")
		if t.Failed() {
			break
		}
	}
	contains(run(false, "user", "show", student.Username), "nobody with the uid, address or username")
	contains(run(false, "user", "show", student.Address), "no account with the address")
	contains(run(false, "user", "end", uid), "delete, restore and show")
	contains(run(true, "cleanup", "sweep"), "sweep runs")
	contains(run(false, "cleanup", "everything"), "purge and sweep")
	if err := dev.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	io.Copy(io.Discard, stdout)
	if err := dev.Wait(); err != nil {
		t.Errorf("Ctrl-C: %v", err)
	}
}
