package measure

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"heek.kr/heektime/emulator"
	"heek.kr/heektime/emulator/billing"
	"heek.kr/heektime/emulator/firebasejson"
)

// ServeCloud runs a local cloud with the rules and indexes of a firebase.json until in ends. It writes the cloud's
// environment to out, and then its usage for each line that it reads from in, all as JSON.
func ServeCloud(firebaseFile string, in io.Reader, out io.Writer) (err error) {
	file, err := firebasejson.Find(firebaseFile)
	if err != nil {
		return err
	}
	config := emulator.Config{Project: project}
	if err := config.UseProject(file); err != nil {
		return err
	}
	config.Hosting = nil
	cloud, err := emulator.Open(config)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, cloud.Close()) }()
	encoder := json.NewEncoder(out)
	if err := encoder.Encode(cloud.Environment()); err != nil {
		return fmt.Errorf("write the environment: %w", err)
	}
	for lines := bufio.NewScanner(in); lines.Scan(); {
		if err := encoder.Encode(cloud.Usage()); err != nil {
			return fmt.Errorf("write the usage: %w", err)
		}
	}
	return nil
}

// cloudProcess is a local cloud that [ServeCloud] runs in another process.
type cloudProcess struct {
	environment map[string]string
	in          io.WriteCloser
	out         *json.Decoder
	pid         int
	wait        func() error
}

// startCloud starts this program with arguments that make it call ServeCloud.
func startCloud(arguments []string) (*cloudProcess, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	cmd := exec.Command(program, arguments...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start the local cloud: %w", err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start the local cloud: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the local cloud: %w", err)
	}
	c := &cloudProcess{in: in, out: json.NewDecoder(out), pid: cmd.Process.Pid, wait: cmd.Wait}
	if err := c.out.Decode(&c.environment); err != nil {
		return nil, errors.Join(fmt.Errorf("start the local cloud: %w", err), c.stop())
	}
	return c, nil
}

func (c *cloudProcess) stop() error { return errors.Join(c.in.Close(), c.wait()) }

// usage returns what the cloud's meter has counted so far.
func (c *cloudProcess) usage() (u billing.Usage, err error) {
	if _, err := io.WriteString(c.in, "usage\n"); err != nil {
		return u, fmt.Errorf("ask the local cloud for its usage: %w", err)
	}
	if err := c.out.Decode(&u); err != nil {
		return u, fmt.Errorf("read the local cloud's usage: %w", err)
	}
	return u, nil
}

// minuteServices are the services that apps call, each in a process of its own.
type minuteServices struct {
	auth, compat           *process
	authStart, compatStart time.Duration // CPU time from the start of the process to its first response
}

// startMinuteServices starts the services. Their limits per user and address are off, because all students call
// from this machine.
func startMinuteServices(ctx context.Context, dir string, c *cloudProcess) (*minuteServices, error) {
	env := map[string]string{
		"FIREBASE_API_KEY": "local", "TOKEN_KEY": "bm93LW5vdy1ub3ctbm93LW5vdy1ub3ctbm93LW5vdy0=", "PUBLIC_URL": "http://127.0.0.1:1",
		"END_DATE": "2027-08-31", "CALLS_PER_USER": "1000000", "CALLS_PER_ADDRESS": "1000000",
	}
	for name, value := range c.environment {
		env[name] = value
	}
	s := &minuteServices{}
	var err error
	if s.auth, s.authStart, err = startFastest(ctx, binaryOf(dir, "auth"), env); err != nil {
		return nil, err
	}
	if s.compat, s.compatStart, err = startFastest(ctx, binaryOf(dir, compatServer), env); err != nil {
		return nil, errors.Join(err, s.auth.stop())
	}
	return s, nil
}

// startFastest starts a binary several times and returns the last process, and the least CPU time that a start took
// to its first response: it takes as long where nothing else runs, as in an instance of Cloud Run.
func startFastest(ctx context.Context, binary string, env map[string]string) (p *process, fastest time.Duration, err error) {
	for range 7 {
		if p != nil {
			if err := p.stop(); err != nil {
				return nil, 0, err
			}
		}
		if p, _, err = start(ctx, binary, env); err != nil {
			return nil, 0, err
		}
		took, err := cpuOf(p.cmd.Process.Pid)
		if err != nil {
			return nil, 0, errors.Join(err, p.stop())
		}
		if fastest == 0 || took < fastest {
			fastest = took
		}
	}
	return p, fastest, nil
}

func (s *minuteServices) stop() error { return errors.Join(s.auth.stop(), s.compat.stop()) }

// cpuOf returns the CPU time that a process has used so far: the sum of its threads, which Go never ends.
func cpuOf(pid int) (sum time.Duration, err error) {
	files, err := filepath.Glob("/proc/" + strconv.Itoa(pid) + "/task/*/schedstat")
	if err != nil || len(files) == 0 {
		return 0, fmt.Errorf("read the CPU time of process %d, which needs Linux: %w", pid, err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			return 0, fmt.Errorf("read CPU time: %w", err)
		}
		first, _, _ := strings.Cut(string(text), " ")
		ns, err := strconv.ParseInt(first, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("read CPU time: %s: %w", name, err)
		}
		sum += time.Duration(ns)
	}
	return sum, nil
}
