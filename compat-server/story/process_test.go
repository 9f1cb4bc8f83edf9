package story

import (
	"bytes"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"

	"heek.kr/heektime/compat-server/passthrough"
	"heek.kr/heektime/internal/migration/state"
)

// roleVariable makes this test binary one of the processes of a history, so that tests compile nothing.
const roleVariable = "HEEKTIME_STORY_ROLE"

func TestMain(m *testing.M) {
	// In all processes: shorter than in production, so that a switch does not wait for seconds, or longer, because a
	// view must be read within its lease, and a busy machine takes its time.
	state.QuietLease, state.SwitchLease = time.Second, 750*time.Millisecond
	passthrough.DefaultHoldTimeout = time.Minute // a machine that is slow must not fail requests
	if role := os.Getenv(roleVariable); role != "" {
		roles()[role]()
		return
	}
	os.Exit(m.Run())
}

// process is a running process.
type process struct {
	role string
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
	err  error         // why, after done

	mu  sync.Mutex
	out bytes.Buffer
}

// Write collects the output of the process.
func (p *process) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.Write(b)
}

// output returns the output so far.
func (p *process) output() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.String()
}

// run starts a process with the variables added to its environment. It is killed at the end of the test.
func run(t testing.TB, role string, args []string, variables map[string]string) *process {
	t.Helper()
	p := &process{role: role, cmd: exec.Command(os.Args[0], args...), done: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), roleVariable+"="+role)
	for name, value := range variables {
		p.cmd.Env = append(p.cmd.Env, name+"="+value)
	}
	p.cmd.Stdout, p.cmd.Stderr = p, p
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.err = p.cmd.Wait()
		processor.add(role, p.cmd.ProcessState.UserTime()+p.cmd.ProcessState.SystemTime())
		close(p.done)
	}()
	t.Cleanup(p.kill)
	return p
}

// processorTime is how much of a processor the processes of each role have taken.
type processorTime struct {
	mu    sync.Mutex
	roles map[string]time.Duration
}

var processor = processorTime{roles: map[string]time.Duration{}}

func (p *processorTime) add(role string, d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.roles[role] += d
}

// log logs it, and that of this process: the local cloud, the old server and the apps.
func (p *processorTime) log(t testing.TB) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var own syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &own); err == nil {
		p.roles["this process"] = time.Duration(own.Utime.Nano() + own.Stime.Nano())
	}
	t.Logf("processor time: %v", p.roles)
}

// kill ends the process as a crash does, and waits for its end.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // it may have ended by itself
	<-p.done
}

// ended reports whether the process has ended by itself or was killed.
func (p *process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}
