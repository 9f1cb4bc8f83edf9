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

// process is a server that runs in a process of its own.
type process struct {
	cmd     *exec.Cmd
	in      io.WriteCloser
	said    *output
	address string
	began   time.Time
	ended   chan struct{}
	failure error // once ended
}

// launch starts a program that listens on the given address once it is ready, and waits for that.
func launch(ctx context.Context, address, program string, args ...string) (*process, error) {
	p := &process{cmd: exec.Command(program, args...), address: address, said: &output{}, ended: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), "NODE_ENV=production")
	p.cmd.Stderr = p.said
	var err error
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return nil, fmt.Errorf("start %s: %w", program, err)
	}
	p.began = time.Now()
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", program, err)
	}
	go func() {
		p.failure = p.cmd.Wait()
		close(p.ended)
	}()
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	for {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			conn.Close()
			return p, nil
		}
		select {
		case <-p.ended:
			return nil, fmt.Errorf("%s ended: %s", program, p.said)
		case <-ctx.Done():
			return nil, errors.Join(fmt.Errorf("%s does not listen on %s: %s", program, address, p.said), p.stop())
		case <-time.After(200 * time.Microsecond):
		}
	}
}

// stop ends the process: gently by closing its input, then not.
func (p *process) stop() error {
	p.in.Close()
	select {
	case <-p.ended:
		if p.failure != nil {
			return fmt.Errorf("%s ended: %w: %s", p.cmd.Path, p.failure, p.said)
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

func (p *process) running() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// cpu is the processor time, user and system, that the process has used so far.
func (p *process) cpu() (time.Duration, error) { return cpuOf(strconv.Itoa(p.cmd.Process.Pid)) }

// cpuOf adds up the threads of a process, whose time Linux tells in nanoseconds; that of the process itself only in
// hundredths of a second. Neither Go nor node ends threads, whose time would be missing.
func cpuOf(pid string) (time.Duration, error) {
	files, err := filepath.Glob("/proc/" + pid + "/task/*/schedstat")
	if err != nil {
		return 0, fmt.Errorf("read CPU time: %w", err)
	}
	if len(files) == 0 {
		return 0, fmt.Errorf("read CPU time of process %s: this benchmark needs Linux's /proc, with schedstat", pid)
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

// memory is the resident memory of the process, in bytes.
func (p *process) memory() (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0, fmt.Errorf("read memory (this benchmark needs Linux's /proc): %w", err)
	}
	for line := range strings.Lines(string(status)) {
		var kilobytes int64
		if n, _ := fmt.Sscanf(line, "VmRSS: %d kB", &kilobytes); n == 1 {
			return kilobytes << 10, nil
		}
	}
	return 0, errors.New("read memory: no VmRSS in /proc")
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a port: %w", err)
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// output keeps the first of what a process says.
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
