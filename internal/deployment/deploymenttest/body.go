package deploymenttest

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"heek.kr/heektime/internal/deployment"
	"heek.kr/heektime/internal/environment"
	"heek.kr/heektime/internal/server"
)

// TestStuckBodies tests that a service responds to requests whose bodies do not end, closes their
// connections, and stops. It sends them to the given paths, to /health and to an unknown path. root is
// the root of the repository.
//
// It sets environment variables of the process, so the calling test cannot be parallel.
func TestStuckBodies(t *testing.T, name, root string, open server.Open, paths ...string) {
	t.Helper()
	setEmulators(t)
	d := deployment.Table()
	values, err := d.Environment(name, place(d, root))
	if err != nil {
		t.Fatal(err)
	}
	service, err := open(t.Context(), environment.Map(values), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	// It includes the headers, which a busy machine may read late.
	service.ReadTimeout = 2 * time.Second
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- server.Serve(ctx, l, service) }()
	conns := map[string]net.Conn{}
	for _, path := range append(paths, "/health", "/unknown") {
		for _, body := range []string{"Content-Length: 100\r\n\r\n{", "Transfer-Encoding: chunked\r\n\r\n5\r\n{"} {
			c, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			request := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n%s", path, body)
			io.WriteString(c, request)
			conns[request] = c
		}
	}
	for request, c := range conns {
		response, err := io.ReadAll(c) // to the end: the server closes the connection
		if err != nil || !strings.HasPrefix(string(response), "HTTP/1.1 ") {
			t.Errorf("%s: %q: got %q, %v", name, request, response, err)
		}
	}
	stuck, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer stuck.Close()
	fmt.Fprintf(stuck, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{", append(paths, "/")[0])
	stop()
	if err := <-served; err != nil {
		t.Errorf("stop: %v", err)
	}
}
