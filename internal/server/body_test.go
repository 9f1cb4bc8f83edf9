package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
)

// serve serves h with a short read timeout. It returns the address, and a function that stops the
// server and returns Serve's error.
func serve(t *testing.T, h http.Handler) (address string, stop func() error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- Serve(ctx, l, &Service{Handler: h, ReadTimeout: shortTimeout}) }()
	return l.Addr().String(), func() error {
		cancel()
		return <-served
	}
}

// shortTimeout is a read timeout that requests meet that do arrive, even on a busy machine.
const shortTimeout = 500 * time.Millisecond

// stuck holds requests whose bodies do not end.
var stuck = []string{
	"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{",
	"POST %s HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{",
	"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000\r\n\r\n{",
}

// Whatever a handler does with a body that does not end, the server responds and closes the
// connection.
func TestStuckBody(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.HandleFunc("/unread", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "response") })
	mux.HandleFunc("/silent", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("/read", func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<10)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("reading the body: %v, want %v", err, os.ErrDeadlineExceeded)
		}
		io.WriteString(w, "response")
	})
	mux.HandleFunc("/closed", func(w http.ResponseWriter, r *http.Request) {
		r.Body.Close()
		io.WriteString(w, "response")
	})
	address, stop := serve(t, mux)
	conns := map[string]net.Conn{}
	for _, path := range []string{"/unread", "/silent", "/read", "/closed", "/health", "/unknown"} {
		for _, format := range stuck {
			c, err := net.Dial("tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			request := fmt.Sprintf(format, path)
			io.WriteString(c, request)
			conns[request] = c
		}
	}
	for request, c := range conns {
		response, err := io.ReadAll(c) // to the end: the server closes the connection
		if err != nil || !strings.HasPrefix(string(response), "HTTP/1.1 ") {
			t.Errorf("%q: got %q, %v", request, response, err)
		}
	}
	if err := stop(); err != nil {
		t.Errorf("stop: %v", err)
	}
}

// A server stops while a handler waits for a body that does not end.
func TestStuckBodyDoesNotKeepServerFromStopping(t *testing.T) {
	t.Parallel()
	if readTimeout >= stopTimeout {
		t.Errorf("requests may take %v to arrive, but only %v to end after a stop", readTimeout, stopTimeout)
	}
	entered := make(chan struct{}, 1)
	address, stop := serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		entered <- struct{}{}
		io.Copy(io.Discard, r.Body)
	}))
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, stuck[0], "/")
	<-entered
	if err := stop(); err != nil {
		t.Errorf("stop: %v", err)
	}
}

// The timeout limits neither a handler whose request has arrived, nor the next request on the connection.
func TestReadTimeoutDoesNotLimitHandlers(t *testing.T) {
	t.Parallel()
	address, stop := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		time.Sleep(3 * shortTimeout)
		fmt.Fprint(w, r.Context().Err())
	}))
	client := &http.Client{Transport: &http.Transport{MaxConnsPerHost: 1}}
	defer client.CloseIdleConnections()
	for range 2 {
		resp, err := client.Post("http://"+address, "text/plain", strings.NewReader("body"))
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || string(text) != "<nil>" || resp.Close {
			t.Errorf("got %q, %v, connection closed: %t", text, err, resp.Close)
		}
		time.Sleep(3 * shortTimeout)
	}
	if err := stop(); err != nil {
		t.Errorf("stop: %v", err)
	}
}

// With HTTP/2 a body that does not end fails alone, and gRPC streams for longer than the timeout.
func TestReadTimeoutWithHTTP2(t *testing.T) {
	t.Parallel()
	status := health.NewServer()
	calls := grpc.NewServer()
	grpc_health_v1.RegisterHealthServer(calls, status)
	address, stop := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/body" {
			calls.ServeHTTP(w, r)
			return
		}
		_, err := io.ReadAll(r.Body)
		fmt.Fprint(w, r.Proto, " ", errors.Is(err, os.ErrDeadlineExceeded))
	}))
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	stream, err := grpc_health_v1.NewHealthClient(conn).Watch(t.Context(), &grpc_health_v1.HealthCheckRequest{})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []grpc_health_v1.HealthCheckResponse_ServingStatus{
		grpc_health_v1.HealthCheckResponse_SERVING, grpc_health_v1.HealthCheckResponse_NOT_SERVING, grpc_health_v1.HealthCheckResponse_SERVING,
	} {
		status.SetServingStatus("", want)
		if got, err := stream.Recv(); err != nil || got.Status != want {
			t.Fatalf("stream: %v, %v, want %v", got, err, want)
		}
		time.Sleep(2 * shortTimeout)
	}

	transport := &http.Transport{Protocols: new(http.Protocols)}
	transport.Protocols.SetUnencryptedHTTP2(true)
	defer transport.CloseIdleConnections()
	body, end := io.Pipe()
	defer end.Close()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+address+"/body", body)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := transport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != nil || string(text) != "HTTP/2.0 true" {
		t.Errorf("got %q, %v", text, err)
	}
	conn.Close() // ends the stream
	if err := stop(); err != nil {
		t.Errorf("stop: %v", err)
	}
}
