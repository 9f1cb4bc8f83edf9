// Package vite runs the web client's development server, which compiles its sources as the browser asks for them and
// reloads the page when they change.
package vite

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"time"
)

// Server is a running Vite.
type Server struct {
	// URL is where the web app is.
	URL string

	cancel context.CancelFunc
	ended  chan struct{}
}

// address is the line with which Vite says that it serves.
var address = regexp.MustCompile(`Local:\s+(http://\S+)`)

// Start serves the web client in folder. The paths of services go to the Hosting emulator at hosting, a URL. It first installs
// what package.json names, unless that is there. say gets a line before anything that takes long; log gets what Vite and npm say.
func Start(ctx context.Context, folder, hosting string, say func(format string, args ...any), log io.Writer) (*Server, error) {
	if _, err := os.Stat(filepath.Join(folder, "package.json")); err != nil {
		return nil, fmt.Errorf("--web: %w; it needs the sources of the web client", err)
	}
	node, err := exec.LookPath("node")
	if err != nil {
		return nil, errors.New("--web needs Node 20.19 or later with npm, and there is no node in PATH; without --web, dev serves web/dist, which needs only Go")
	}
	bin := filepath.Join(folder, "node_modules", "vite", "bin", "vite.js")
	if _, err := os.Stat(bin); err != nil {
		if err := install(ctx, folder, say, log); err != nil {
			return nil, err
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	cmd := exec.CommandContext(ctx, node, filepath.Join("node_modules", "vite", "bin", "vite.js"), "--host", "127.0.0.1", "--clearScreen", "false")
	cmd.Dir, cmd.Stderr = folder, log
	cmd.Env = append(os.Environ(), "HOSTING="+hosting, "NO_COLOR=1")
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 5 * time.Second
	said, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		cancel()
		return nil, fmt.Errorf("--web: start Vite: %w", err)
	}
	s := &Server{cancel: cancel, ended: make(chan struct{})}
	serves := make(chan string, 1)
	go func() {
		defer close(s.ended)
		lines := bufio.NewScanner(said)
		for lines.Scan() {
			fmt.Fprintln(log, lines.Text())
			if found := address.FindStringSubmatch(lines.Text()); found != nil {
				select {
				case serves <- found[1]:
				default: // it said so before, and has restarted because its configuration changed
				}
			}
		}
		cmd.Wait() // its error is in the log
	}()
	select {
	case s.URL = <-serves:
		return s, nil
	case <-s.ended:
		cancel()
		return nil, errors.New("--web: Vite ended instead of serving; the log has its message")
	}
}

// install installs the packages in the lock file, as web/README.md says.
func install(ctx context.Context, folder string, say func(string, ...any), log io.Writer) error {
	npm, err := exec.LookPath("npm")
	if err != nil {
		return errors.New("--web needs npm, to install what web/package.json names, and there is none in PATH")
	}
	say("installing the packages of the web client, once")
	cmd := exec.CommandContext(ctx, npm, "install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund")
	cmd.Dir, cmd.Stdout, cmd.Stderr = folder, log, log
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("--web: npm install in %s: %w; the log has its message", folder, err)
	}
	return nil
}

// Close stops the server, and waits until it has ended.
func (s *Server) Close() {
	s.cancel()
	<-s.ended
}
