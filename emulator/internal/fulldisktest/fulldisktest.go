//go:build linux

// Package fulldisktest makes every write to a file fail, as a full disk does.
//
// The limit holds for the whole process, which writes files of its own: go test's log of the files that a
// test opens, for example. So such a test runs alone, in a process that writes no others.
package fulldisktest

import (
	"bytes"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"syscall"
	"testing"
)

// variable is set in the process of a test that runs alone.
const variable = "HEEKTIME_FULL_DISK_TEST"

// Alone runs the calling test again in a process of its own and fails if it fails there. It reports
// whether this is that process; in the other one, the test must return.
func Alone(t *testing.T) bool {
	t.Helper()
	if os.Getenv(variable) == t.Name() {
		return true
	}
	command := exec.Command(os.Args[0], "-test.run=^"+regexp.QuoteMeta(t.Name())+"$", "-test.v")
	command.Env = append(os.Environ(), variable+"="+t.Name())
	if out, err := command.CombinedOutput(); err != nil || !bytes.Contains(out, []byte("--- PASS: "+t.Name()+" ")) {
		t.Errorf("alone: %v\n%s", err, out)
	}
	return false
}

// Fill makes every write to a file fail until the returned function is called.
func Fill(t *testing.T) (empty func()) {
	t.Helper()
	signal.Ignore(syscall.SIGXFSZ) // or the limit would end the process
	var old syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
		t.Fatal(err)
	}
	empty = func() { syscall.Setrlimit(syscall.RLIMIT_FSIZE, &old) }
	t.Cleanup(empty)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 0, Max: old.Max}); err != nil {
		t.Fatal(err)
	}
	return empty
}
