// Package measure measures the services as they are deployed: built as binaries, each a process of its own, against the
// embedded cloud. Everything it says is a ratio to something that could be had instead, from the same run.
package measure

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// bare is the least that a Go service could be: what start-up is compared with.
const bare = `package main

import (
	"fmt"
	"net/http"
	"os"
)

func main() {
	http.HandleFunc("/health", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil)
}
`

// build compiles the services, and the bare server, as the deployment does: without the modules that Cloud Storage's client has
// for gRPC, which it does not use and which would initialise themselves at every start.
//
// Source: https://pkg.go.dev/cloud.google.com/go/storage, gRPC API
func build(ctx context.Context, dir string) error {
	source := filepath.Join(dir, "bare.go")
	if err := os.WriteFile(source, []byte(bare), 0o600); err != nil {
		return fmt.Errorf("write the bare server: %w", err)
	}
	for name, target := range map[string]string{"courses": "./run/courses", "refresh": "./run/refresh", "auth": "./run/auth", "bare": source} {
		cmd := exec.CommandContext(ctx, "go", "build", "-tags=disable_grpc_modules", "-trimpath", "-ldflags=-s -w", "-o", filepath.Join(dir, name), target)
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("build %s (heektime bench runs in the project's folder): %w\n%s", name, err, out)
		}
	}
	return nil
}

// process is a running binary.
type process struct {
	cmd *exec.Cmd
	url string
}

// start runs a binary and returns when it has answered its first health request, and how long that took.
func start(ctx context.Context, binary string, env map[string]string) (*process, time.Duration, error) {
	port, err := freePort()
	if err != nil {
		return nil, 0, err
	}
	return startAt(ctx, binary, env, port)
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a port: %w", err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, err
}

func startAt(ctx context.Context, binary string, env map[string]string, port string) (*process, time.Duration, error) {
	p := &process{cmd: exec.CommandContext(ctx, binary), url: "http://127.0.0.1:" + port}
	p.cmd.Env = []string{"PORT=" + port, "PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}
	for name, value := range env {
		p.cmd.Env = append(p.cmd.Env, name+"="+value)
	}
	var said strings.Builder
	p.cmd.Stdout, p.cmd.Stderr = &said, &said
	began := time.Now()
	if err := p.cmd.Start(); err != nil {
		return nil, 0, fmt.Errorf("start %s: %w", binary, err)
	}
	for time.Since(began) < 10*time.Second {
		if healthy(p.url) {
			return p, time.Since(began), nil
		}
		time.Sleep(200 * time.Microsecond)
	}
	return nil, 0, errors.Join(fmt.Errorf("%s did not answer: %s", binary, said.String()), p.stop())
}

// healthy asks on a connection of its own: a client that keeps connections would wait after a refused one.
func healthy(url string) bool {
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Get(url + "/health")
	if err != nil {
		return false
	}
	defer answer.Body.Close()
	_, err = io.Copy(io.Discard, answer.Body)
	return err == nil && answer.StatusCode == http.StatusOK
}

func (p *process) stop() error {
	if err := p.cmd.Process.Kill(); err != nil {
		return fmt.Errorf("stop %s: %w", p.cmd.Path, err)
	}
	p.cmd.Wait() // it was killed, and says so
	return nil
}

// peak is the most memory that the process ever had, in bytes; ok is false where the system does not tell.
func (p *process) peak() (bytes int64, ok bool) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0, false
	}
	for line := range strings.Lines(string(status)) {
		var kilobytes int64
		if n, _ := fmt.Sscanf(line, "VmHWM: %d kB", &kilobytes); n == 1 {
			return kilobytes << 10, true
		}
	}
	return 0, false
}
