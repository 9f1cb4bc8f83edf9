// Package crashtest runs a server in a process of its own, for a test to kill it as a power failure would: with SIGKILL, at any
// moment.
//
// The process is the test binary itself, which [Main] makes the server.
package crashtest

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// variable makes a test binary the victim; its value is what the server is told.
const variable = "HEEKTIME_TEST_VICTIM"

// Main is the TestMain of a package with victims. serve starts the server, is told what [Start] was given, and returns the
// address that it listens on.
func Main(m *testing.M, serve func(told string) (address string, err error)) {
	told, victim := os.LookupEnv(variable)
	if !victim {
		os.Exit(m.Run())
	}
	address, err := serve(told)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(address)
	select {}
}

// Start starts a server, and returns its address and what kills it. It is killed at the end of the test at the latest.
func Start(t testing.TB, told string) (address string, kill func()) {
	t.Helper()
	command := exec.Command(os.Args[0])
	command.Env = append(os.Environ(), variable+"="+told)
	command.Stderr = os.Stderr
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	kill = sync.OnceFunc(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	})
	t.Cleanup(kill)
	address, err = bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the server did not start: %v", err)
	}
	return strings.TrimSpace(address), kill
}

// ServeGRPC serves on a free port, for a server that is a victim, and returns its address.
func ServeGRPC(register func(grpc.ServiceRegistrar)) (address string, err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	g := grpc.NewServer()
	register(g)
	go func() {
		fmt.Fprintln(os.Stderr, g.Serve(listener))
		os.Exit(1)
	}()
	return listener.Addr().String(), nil
}

// Dial connects to a victim.
func Dial(t testing.TB, address string) *grpc.ClientConn {
	t.Helper()
	connection, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { connection.Close() })
	return connection
}
