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
	"slices"
	"strings"
	"time"

	"heek.kr/heektime/cmd/heektime/internal/image"
)

// emptyServer is the source of a minimal Go server, the baseline for start-up times.
const emptyServer = `package main

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

// buildServices compiles services and the empty server.
func buildServices(ctx context.Context, dir string) error {
	source := filepath.Join(dir, "empty.go")
	if err := os.WriteFile(source, []byte(emptyServer), 0o600); err != nil {
		return fmt.Errorf("write the empty server: %w", err)
	}
	return build(ctx, dir, map[string]string{
		"courses": "./run/courses", "refresh": "./run/refresh", "auth": "./run/auth", baseline: source,
	})
}

// build compiles programs, by their names, with the flags of the images, for this machine.
func build(ctx context.Context, dir string, programs map[string]string) error {
	for name, target := range programs {
		cmd := exec.CommandContext(ctx, "go", slices.Concat([]string{"build"}, image.Flags, []string{"-o", filepath.Join(dir, name), target})...)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("build %s (run heektime bench in the root of the repository): %w\n%s", name, err, out)
		}
	}
	return nil
}

// process is a running binary.
type process struct {
	cmd *exec.Cmd
	url string
}

// start runs a binary, waits until it responds to a health check, and returns how long that took.
func start(ctx context.Context, binary string, env map[string]string) (*process, time.Duration, error) {
	port, err := freePort()
	if err != nil {
		return nil, 0, err
	}
	return startAt(ctx, binary, env, port)
}

// freePort returns a port that was free a moment ago.
func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, err
}

// startAt is start with a given port.
func startAt(ctx context.Context, binary string, env map[string]string, port string) (*process, time.Duration, error) {
	p := &process{cmd: exec.CommandContext(ctx, binary), url: "http://127.0.0.1:" + port}
	p.cmd.Env = []string{"PORT=" + port, "PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}
	for name, value := range env {
		p.cmd.Env = append(p.cmd.Env, name+"="+value)
	}
	var output strings.Builder
	p.cmd.Stdout, p.cmd.Stderr = &output, &output
	started := time.Now()
	if err := p.cmd.Start(); err != nil {
		return nil, 0, fmt.Errorf("start %s: %w", binary, err)
	}
	for time.Since(started) < 10*time.Second {
		if healthy(p.url) {
			return p, time.Since(started), nil
		}
		time.Sleep(200 * time.Microsecond)
	}
	return nil, 0, errors.Join(fmt.Errorf("%s did not respond: %s", binary, output.String()), p.stop())
}

// healthy reports whether a server responds to a health check. It uses a new connection each time,
// because a client that keeps connections waits after one has been refused.
func healthy(url string) bool {
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Get(url + "/health")
	if err != nil {
		return false
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return err == nil && response.StatusCode == http.StatusOK
}

// stop kills the process.
func (p *process) stop() error {
	if err := p.cmd.Process.Kill(); err != nil {
		return fmt.Errorf("stop %s: %w", p.cmd.Path, err)
	}
	p.cmd.Wait() // returns that the process was killed
	return nil
}

// peak returns the process's peak memory in bytes; ok is false if the system does not provide it.
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
