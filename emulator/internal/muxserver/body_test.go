package muxserver

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
)

// Whether or not a handler reads a body that does not end, the server responds, closes the connection,
// and stops: on ports with gRPC and on ports without.
func TestStuckBody(t *testing.T) {
	t.Parallel()
	for name, g := range map[string]*grpc.Server{"with gRPC": grpc.NewServer(), "without gRPC": nil} {
		p, err := openWithTimeout("test", "127.0.0.1:0", g, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/read" {
				io.Copy(io.Discard, r.Body)
			}
			io.WriteString(w, "response")
		}), 500*time.Millisecond)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{"/read", "/unread"} {
			for _, body := range []string{"Content-Length: 100\r\n\r\n{", "Transfer-Encoding: chunked\r\n\r\n5\r\n{"} {
				c, err := net.Dial("tcp", p.Address())
				if err != nil {
					t.Fatal(err)
				}
				fmt.Fprintf(c, "POST %s HTTP/1.1\r\nHost: x\r\n%s", path, body)
				response, err := io.ReadAll(c) // to the end: the server closes the connection
				if err != nil || !strings.HasPrefix(string(response), "HTTP/1.1 200 ") {
					t.Errorf("%s: POST %s with %q: got %q, %v", name, path, body, response, err)
				}
				c.Close()
			}
		}
		if err := p.Close(context.Background()); err != nil {
			t.Errorf("close: %v", err)
		}
	}
}

// The timeout does not limit a handler whose request has arrived.
func TestReadTimeoutDoesNotLimitHandlers(t *testing.T) {
	t.Parallel()
	const timeout = 500 * time.Millisecond
	p, err := openWithTimeout("test", "127.0.0.1:0", nil, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		time.Sleep(3 * timeout)
		fmt.Fprint(w, r.Context().Err())
	}), timeout)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Post("http://"+p.Address(), "text/plain", strings.NewReader("body"))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if text, err := io.ReadAll(resp.Body); err != nil || string(text) != "<nil>" {
		t.Errorf("got %q, %v", text, err)
	}
	if err := p.Close(context.Background()); err != nil {
		t.Errorf("close: %v", err)
	}
}
