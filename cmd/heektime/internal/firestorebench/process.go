package firestorebench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// process is a server that runs in its own process.
type process struct {
	cmd     *exec.Cmd
	in      io.WriteCloser
	output  *output
	address string
	started time.Time
	ended   chan struct{}
	failure error // valid after ended is closed
}

// launch starts a program and waits until it listens on address.
func launch(ctx context.Context, address, program string, args ...string) (*process, error) {
	p := &process{cmd: exec.Command(program, args...), address: address, output: &output{}, ended: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), "NODE_ENV=production")
	p.cmd.Stderr = p.output
	var err error
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return nil, fmt.Errorf("start %s: %w", program, err)
	}
	p.started = time.Now()
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", program, err)
	}
	go func() {
		p.failure = p.cmd.Wait()
		close(p.ended)
	}()
	ctx, cancel := withTimeout(ctx, 15*time.Second)
	defer cancel()
	for {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			conn.Close()
			return p, nil
		}
		select {
		case <-p.ended:
			return nil, fmt.Errorf("%s exited: %s", program, p.output)
		case <-ctx.Done():
			return nil, errors.Join(fmt.Errorf("%s does not listen on %s: %s", program, address, p.output), p.stop())
		case <-time.After(200 * time.Microsecond):
		}
	}
}

// stop closes the process's standard input, which makes it exit, and kills it if it does not.
func (p *process) stop() error {
	p.in.Close()
	select {
	case <-p.ended:
		if p.failure != nil {
			return fmt.Errorf("%s exited: %w: %s", p.cmd.Path, p.failure, p.output)
		}
		return nil
	case <-time.After(5 * time.Second):
	}
	if err := p.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop %s: %w", p.cmd.Path, err)
	}
	<-p.ended
	return nil
}

// running reports whether the process has not exited.
func (p *process) running() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// cpu returns the CPU time, user and system, that the process has used so far.
func (p *process) cpu() (time.Duration, error) { return cpuOf(strconv.Itoa(p.cmd.Process.Pid)) }

// cpuOf returns the CPU time of the process pid. It adds up the times of its threads, which Linux
// provides in nanoseconds; that of the process itself is in hundredths of a second. The sum would lack
// threads that have ended, but neither Go nor Node ends threads.
func cpuOf(pid string) (time.Duration, error) {
	files, err := filepath.Glob("/proc/" + pid + "/task/*/schedstat")
	if err != nil {
		return 0, fmt.Errorf("read CPU time: %w", err)
	}
	if len(files) == 0 {
		return 0, fmt.Errorf("read CPU time of process %s: the benchmark needs Linux with /proc/*/schedstat", pid)
	}
	var sum time.Duration
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			return 0, fmt.Errorf("read CPU time: %w", err)
		}
		var running time.Duration
		if _, err := fmt.Sscan(string(text), &running); err != nil {
			return 0, fmt.Errorf("read CPU time: %s: %w", name, err)
		}
		sum += running
	}
	return sum, nil
}

// memory returns the resident memory of the process, in bytes.
func (p *process) memory() (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0, fmt.Errorf("read memory (the benchmark needs Linux with /proc): %w", err)
	}
	for line := range strings.Lines(string(status)) {
		var kilobytes int64
		if n, _ := fmt.Sscanf(line, "VmRSS: %d kB", &kilobytes); n == 1 {
			return kilobytes << 10, nil
		}
	}
	return 0, errors.New("read memory: no VmRSS in /proc")
}

// freeAddress returns an address that was free a moment ago.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// output keeps the beginning of a process's output.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.text.Len() < 4096 {
		o.text.Write(b)
	}
	return len(b), nil
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return strings.TrimSpace(o.text.String())
}
