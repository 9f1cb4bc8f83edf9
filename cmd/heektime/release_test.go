package main

import (
	"bufio"
	"io"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// startDev starts heektime dev with the ports in a file, and waits until it is ready. It ends with the test.
func startDev(t *testing.T, config string) {
	t.Helper()
	dev := heektime(t, "dev", "--config", config)
	stdout, err := dev.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := dev.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		dev.Process.Signal(syscall.SIGTERM)
		go io.Copy(io.Discard, stdout)
		dev.Wait() // killed by the end of the test's context, or ended by the signal
	})
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		if strings.Contains(lines.Text(), "Ctrl-C") {
			return
		}
	}
	t.Fatal("dev ended before it was ready")
}

// releaseLocal runs a command on the local cloud whose ports are in a file. It returns what it prints, also
// on standard error.
func releaseLocal(t *testing.T, config string, args ...string) (string, error) {
	t.Helper()
	cmd := heektime(t, append(args, "--config", config)...)
	out, err := cmd.CombinedOutput()
	if _, exited := err.(*exec.ExitError); err != nil && !exited {
		t.Fatal(err)
	}
	return string(out), err
}

// A developer practises a release and a rollback on heektime dev.
func TestReleaseAndRollBackLocally(t *testing.T) {
	config := ports(t)
	startDev(t, config)
	image := func(n string) string {
		return "courses=asia-northeast3-docker.pkg.dev/p/heektime/courses@sha256:" + strings.Repeat(n, 64)
	}
	for _, n := range []string{"1", "2"} {
		out, err := releaseLocal(t, config, "release", "--image", image(n))
		if err != nil || !strings.HasPrefix(out, "local cloud at ") || !strings.Contains(out, "passed the check at http://127.0.0.1:") || !strings.Contains(out, "all traffic goes to courses-") {
			t.Errorf("release %s: %v\n%s", n, err, out)
		}
	}
	out, err := releaseLocal(t, config, "rollback")
	if err != nil || !strings.HasPrefix(out, "local cloud at ") || !strings.Contains(out, " → courses-") {
		t.Errorf("rollback: %v\n%s", err, out)
	}
	if out, err := releaseLocal(t, config, "rollback"); err == nil || !strings.Contains(out, "--to") {
		t.Errorf("a rollback too many: %v\n%s", err, out)
	}
	if out, err := releaseLocal(t, config, "release", "courses"); err == nil || !strings.Contains(out, "was rolled back") {
		t.Errorf("a release without an image after a rollback: %v\n%s", err, out)
	}
}

func TestReleaseArguments(t *testing.T) {
	for want, args := range map[string][]string{
		"@sha256:":                       {"release", "--image", "courses=host/courses:latest"},
		"write SERVICE=":                 {"release", "--image", "courses"},
		"read the images":                {"release", "--images", "none.json"},
		"--to needs the name":            {"rollback", "--to", "courses-00001-abc"},
		"usage: heektime release [flags": {"release", "--unknown"},
		"--google needs --project":       {"doctor", "--google", "--url", "https://auth-1.asia-northeast3.run.app"},
	} {
		out, err := heektime(t, args...).CombinedOutput()
		if err == nil || !strings.Contains(string(out), want) {
			t.Errorf("%v: %v\n%s\nwant %q", args, err, out, want)
		}
	}
}
