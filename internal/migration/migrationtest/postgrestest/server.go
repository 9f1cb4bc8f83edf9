package postgrestest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// role is the superuser of every server.
const role = "heektime"

// Server is a PostgreSQL server with a data directory of its own. Its address stays the same when it is
// stopped and started again.
type Server struct {
	programs string // folder
	dir      string // of data, log and password file
	port     int
	password string
	settings map[string]string
	watchdog io.Closer // closing it ends the server and removes dir

	mu     sync.Mutex
	exited chan struct{} // closed when the running process has ended
	cmd    *exec.Cmd
}

// Start starts a server for this test alone, which may stop and kill it. It ends with the test. settings
// are lines of postgresql.conf that override [defaults].
func Start(t testing.TB, settings map[string]string) *Server {
	t.Helper()
	s, err := start(programs(t), settings)
	if err != nil {
		t.Fatalf("start PostgreSQL: %v", err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the end of PostgreSQL's log:\n%s", s.Log())
		}
		s.Close()
	})
	return s
}

// Run starts a server for a program that is not a test. The caller closes it; if the program is killed, the server
// ends with it.
func Run() (*Server, error) {
	programs, err := findPrograms()
	if err != nil {
		return nil, err
	}
	s, err := start(programs, nil)
	if err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	return s, nil
}

// Close ends the server and removes its data.
func (s *Server) Close() error {
	s.Kill()
	return s.watchdog.Close()
}

// defaults returns the settings of a server: fast, and able to replicate many databases at the same time.
// A commit survives [Server.Kill] although fsync is off, since only the process dies.
func defaults() map[string]string {
	return map[string]string{
		"fsync":                   "off",
		"full_page_writes":        "off",
		"wal_level":               "logical",
		"max_wal_senders":         "40",
		"max_replication_slots":   "40",
		"max_connections":         "200",
		"shared_buffers":          "32MB",
		"listen_addresses":        "127.0.0.1",
		"autovacuum":              "off",
		"log_min_messages":        "warning",
		"log_min_error_statement": "panic",
		"log_line_prefix":         "%m [%p] %d ",
		"timezone":                "UTC",
		"jit":                     "off",
		"max_parallel_workers":    "0",
		"unix_socket_directories": "",
	}
}

// start creates a server and waits until it accepts connections. A port can be taken between its choice
// and its use, so several are tried.
func start(programs string, settings map[string]string) (s *Server, err error) {
	s = &Server{programs: programs, password: rand.Text(), settings: defaults()}
	for name, value := range settings {
		s.settings[name] = value
	}
	if s.dir, err = os.MkdirTemp("", "heektime-postgres-"); err != nil {
		return nil, err
	}
	if s.watchdog, err = startWatchdog(s.dir); err != nil {
		return nil, errors.Join(err, os.RemoveAll(s.dir))
	}
	if err := s.initialize(); err != nil {
		return nil, errors.Join(err, s.watchdog.Close())
	}
	for range 5 {
		if s.port, err = freePort(); err != nil {
			break
		}
		if err = s.Start(); err == nil {
			return s, nil
		}
	}
	return nil, errors.Join(err, s.watchdog.Close())
}

func freePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port, nil
}

func (s *Server) initialize() error {
	passwordFile := filepath.Join(s.dir, "password")
	// The server's user must be able to read the file, and others must not: dir is closed to them.
	if err := os.WriteFile(passwordFile, []byte(s.password), 0o644); err != nil {
		return err
	}
	command := exec.Command(filepath.Join(s.programs, "initdb"), "--pgdata", s.data(), "--username", role,
		"--pwfile", passwordFile, "--auth", "password", "--encoding", "UTF8", "--no-locale", "--no-sync")
	command.Dir = s.dir
	if err := unprivileged(command, s.dir); err != nil {
		return err
	}
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, output)
	}
	return nil
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

// Start starts a server that was stopped or killed, and waits until it accepts connections, after any
// recovery.
func (s *Server) Start() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cmd != nil {
		return errors.New("PostgreSQL is running already")
	}
	command := exec.Command(filepath.Join(s.programs, "postgres"), "-D", s.data(), "-p", strconv.Itoa(s.port))
	for name, value := range s.settings {
		command.Args = append(command.Args, "-c", name+"="+value)
	}
	command.Dir = s.dir
	if err := unprivileged(command, s.dir); err != nil {
		return err
	}
	log, err := os.OpenFile(filepath.Join(s.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	command.Stdout, command.Stderr = log, log
	if err := command.Start(); err != nil {
		return err
	}
	exited := make(chan struct{})
	go func() {
		_ = command.Wait()
		close(exited)
	}()
	for {
		if s.ping() == nil {
			s.cmd, s.exited = command, exited
			return nil
		}
		select {
		case <-exited:
			return fmt.Errorf("PostgreSQL ended while starting:\n%s", s.Log())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (s *Server) ping() error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.URL("postgres"))
	if err != nil {
		return err
	}
	return conn.Close(ctx)
}

// Stop ends the server as an operator does: connections are cut, transactions in flight are rolled back,
// and everything is written to disk.
func (s *Server) Stop() { s.end(syscall.SIGINT) }

// Kill ends the server as a crash does. The next [Server.Start] recovers from the write-ahead log.
func (s *Server) Kill() { s.end(syscall.SIGQUIT) }

// end sends a signal to the server, if it is running, and waits for its end.
func (s *Server) end(signal syscall.Signal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Signal(signal)
	<-s.exited
	s.cmd, s.exited = nil, nil
}

// Restart stops the server and starts it again at the same address.
func (s *Server) Restart() error {
	s.Stop()
	return s.Start()
}

// Address returns the host and port, for a proxy between it and its clients.
func (s *Server) Address() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)) }

// URL returns the connection URL of a database.
func (s *Server) URL(database string) string { return s.url(database, s.Address()) }

func (s *Server) url(database, address string) string {
	u := url.URL{Scheme: "postgres", User: url.UserPassword(role, s.password), Host: address, Path: "/" + database}
	u.RawQuery = "sslmode=disable"
	return u.String()
}

// Log returns the end of the server's log.
func (s *Server) Log() string {
	const most = 8 << 10
	text, err := os.ReadFile(filepath.Join(s.dir, "log"))
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-most):])
}
