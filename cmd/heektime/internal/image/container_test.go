//go:build linux

package image

import (
	"archive/tar"
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
)

// container is what a process of an image gets: the image's files, read-only, and nothing else. It has
// no /proc, /dev or /tmp, runs as the image's user, and cannot get more memory than its limit.
type container struct {
	Root      string
	Arguments []string // of the process; none runs the probe
	UID, GID  int
	MemoryMiB int
	Env       []string
}

// inContainer is set in the process that becomes a container.
const inContainer = "HEEKTIME_TEST_CONTAINER"

// init does not return if this process is to become a container. The test binary starts itself for that,
// because a Go program cannot run code between fork and exec.
func init() {
	text := os.Getenv(inContainer)
	if text == "" {
		return
	}
	var c container
	err := json.Unmarshal([]byte(text), &c)
	if err == nil {
		err = c.enter()
	}
	if err == nil && len(c.Arguments) == 0 {
		err = probe(os.Stdout)
	} else if err == nil {
		err = syscall.Exec(c.Arguments[0], c.Arguments, c.Env)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "container:", err)
		os.Exit(125)
	}
	os.Exit(0)
}

// enter restricts this process, which is alone in a mount namespace.
func (c *container) enter() error {
	return errors.Join(
		wrap("make mounts private", syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, "")),
		wrap("mount the root", syscall.Mount(c.Root, c.Root, "", syscall.MS_BIND, "")),
		wrap("mount the root read-only", syscall.Mount("", c.Root, "", syscall.MS_BIND|syscall.MS_REMOUNT|syscall.MS_RDONLY, "")),
		wrap("change the root", syscall.Chroot(c.Root)),
		wrap("change the folder", syscall.Chdir("/")),
		// Private writable memory, which is everything but the binary itself. Go's runtime reserves far more
		// address space than it uses, so a limit of that would say nothing.
		wrap("limit memory", syscall.Setrlimit(syscall.RLIMIT_DATA, &syscall.Rlimit{Cur: uint64(c.MemoryMiB) << 20, Max: uint64(c.MemoryMiB) << 20})),
		wrap("leave all groups", syscall.Setgroups(nil)),
		wrap("change the group", syscall.Setgid(c.GID)),
		wrap("change the user", syscall.Setuid(c.UID)),
		wrap("end with the test", endWithParent()),
	)
}

// endWithParent has this process killed when the one that started it ends, even if that crashes. It is a
// property of the thread, which init does not leave.
func endWithParent() error {
	if _, _, err := syscall.RawSyscall(syscall.SYS_PRCTL, syscall.PR_SET_PDEATHSIG, uintptr(syscall.SIGKILL), 0); err != 0 {
		return err
	}
	return nil
}

func wrap(what string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// canIsolate reports whether this user may create a container. The gate runs as root, which may.
var canIsolate = sync.OnceValue(func() bool {
	cmd := exec.Command("/proc/self/exe", "-test.run=^$")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	return os.Geteuid() == 0 && cmd.Run() == nil
})

// newContainer extracts an image to an empty folder.
func newContainer(t *testing.T, image v1.Image, memoryMiB int, env []string) *container {
	t.Helper()
	root := t.TempDir()
	if err := os.Chmod(root, 0o755); err != nil {
		t.Fatal(err)
	}
	reader := mutate.Extract(image)
	defer reader.Close()
	extract(t, reader, root)
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	c := &container{Root: root, Arguments: slices.Concat(config.Config.Entrypoint, config.Config.Cmd), MemoryMiB: memoryMiB}
	if n, err := fmt.Sscanf(config.Config.User, "%d:%d", &c.UID, &c.GID); n != 2 || c.UID == 0 || c.GID == 0 {
		t.Fatalf("the image's user is %q: %v", config.Config.User, err)
	}
	c.Env = slices.Concat(config.Config.Env, env)
	return c
}

func extract(t *testing.T, reader io.Reader, root string) {
	t.Helper()
	for archive := tar.NewReader(reader); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		path, mode := filepath.Join(root, filepath.FromSlash(header.Name)), header.FileInfo().Mode()
		if header.Typeflag == tar.TypeDir {
			err = os.MkdirAll(path, mode)
		} else {
			var content []byte
			if content, err = io.ReadAll(archive); err == nil {
				err = os.WriteFile(path, content, mode)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// command returns the command that runs the container. If this user may not create one, the process runs
// with the same environment, and sees the files of this machine.
func (c *container) command(t *testing.T) *exec.Cmd {
	t.Helper()
	if !canIsolate() {
		t.Log("not root: the process is not confined to its image's files, its user and its memory")
		cmd := exec.CommandContext(t.Context(), filepath.Join(c.Root, c.Arguments[0]), c.Arguments[1:]...)
		cmd.Dir, cmd.Env = c.Root, c.Env
		return cmd
	}
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe")
	cmd.Env = []string{inContainer + "=" + string(text)}
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	return cmd
}

// process is a service that runs in a container.
type process struct {
	cmd *exec.Cmd
	// address is where it serves.
	address string
	lines   *bufio.Reader
	stderr  bytes.Buffer
}

// startService starts a container and waits until it serves. PORT has to be 0: the service then logs which
// port it got.
func startService(t *testing.T, c *container) *process {
	t.Helper()
	p := &process{cmd: c.command(t)}
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.lines, p.cmd.Stderr = bufio.NewReader(stdout), &p.stderr
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.cmd.Process.Kill() }) // fails if the test has waited for the process
	log := ""
	for p.address == "" {
		line, err := p.lines.ReadString('\n')
		log += line
		var entry struct{ Address string }
		if json.Unmarshal([]byte(line), &entry) == nil && entry.Address != "" {
			_, port, _ := net.SplitHostPort(entry.Address)
			p.address = net.JoinHostPort("127.0.0.1", port)
		} else if err != nil {
			p.cmd.Wait()
			t.Fatalf("the service ended: %s%s", log, p.stderr.String())
		}
	}
	return p
}

// wait waits until the process has ended, and returns the rest of its log.
func (p *process) wait() (log string, err error) {
	rest, readErr := io.ReadAll(p.lines)
	return string(rest) + p.stderr.String(), errors.Join(p.cmd.Wait(), readErr)
}

// peakMiB returns the most memory that the process has used so far.
func (p *process) peakMiB(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "VmHWM:")
	kilobytes := 0
	if n, err := fmt.Sscan(rest, &kilobytes); n != 1 {
		t.Fatal(err)
	}
	return kilobytes >> 10
}
