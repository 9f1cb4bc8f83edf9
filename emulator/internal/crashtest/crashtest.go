// Package crashtest runs a server in a process of its own that a test can kill with SIGKILL at any
// moment, to see what survives.
//
// The process is the test binary itself: [Main] turns it into the server.
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

// variable is the environment variable that turns a test binary into the server. Its value is the
// server's argument.
const variable = "HEEKTIME_CRASHTEST_SERVER"

// Main is the TestMain of a package that calls [Start]. serve starts the server with Start's argument
// and returns the address that it listens on.
func Main(m *testing.M, serve func(argument string) (address string, err error)) {
	argument, isServer := os.LookupEnv(variable)
	if !isServer {
		os.Exit(m.Run())
	}
	address, err := serve(argument)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(address)
	select {}
}

// Start starts a server and returns its address and a function that kills it. The end of the test kills
// it as well.
func Start(t testing.TB, argument string) (address string, kill func()) {
	t.Helper()
	command := exec.Command(os.Args[0])
	command.Env = append(os.Environ(), variable+"="+argument)
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

// ServeGRPC serves gRPC on a free port and returns its address. It is for the serve function of [Main].
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

// Dial connects to a server that [Start] started.
func Dial(t testing.TB, address string) *grpc.ClientConn {
	t.Helper()
	connection, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { connection.Close() })
	return connection
}
