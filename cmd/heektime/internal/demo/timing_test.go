package demo_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"heek.kr/heektime/cmd/heektime/internal/demo"
)

// These tests use synctest's fake clock. It cannot wait for sockets, so client and server share a pipe.

func TestSlowSendsOneByteASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		res, err := queryOverPipe(t, demo.Slow)
		if err != nil {
			t.Fatal(err)
		}
		head := make([]byte, 21)
		if _, err := io.ReadFull(res.Body, head); err != nil {
			t.Fatal(err)
		}
		if want := `{"code":"200","rows":`; string(head) != want {
			t.Errorf("got %q, want %q", head, want)
		}
		if elapsed := time.Since(start); elapsed != 20*time.Second {
			t.Errorf("21 bytes in %v, want 20s", elapsed)
		}
		res.Body.Close()
	})
}

func TestHangingNeverResponds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		if res, err := queryOverPipe(t, demo.Hanging); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got response %v, error %v; want DeadlineExceeded", res, err)
		}
		if elapsed := time.Since(start); elapsed != clientTimeout {
			t.Errorf("gave up after %v, want %v", elapsed, clientTimeout)
		}
	})
}

// clientTimeout is how long queryOverPipe waits for a complete response.
const clientTimeout = time.Hour

// queryOverPipe queries a university with failure f.
func queryOverPipe(t *testing.T, f demo.Failure) (*http.Response, error) {
	u := demo.NewUniversity(1, 10)
	pipes := make(listener)
	server := &http.Server{Handler: u.Handler()}
	go server.Serve(pipes)
	transport := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe()
		pipes <- server
		return client, nil
	}}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		server.Close()
	})
	client := &http.Client{Transport: transport}
	res, err := client.Get("http://demo/p/v/lectList?lang=ko")
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	u.Fail(f)
	ctx, cancel := context.WithTimeout(t.Context(), clientTimeout)
	t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, "POST", "http://demo/d/v/lectHakbu", strings.NewReader("pYear=2026&pTerm=2R"))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.AddCookie(res.Cookies()[0])
	return client.Do(req)
}

// listener accepts the connections sent to it.
type listener chan net.Conn

func (l listener) Accept() (net.Conn, error) {
	conn, ok := <-l
	if !ok {
		return nil, net.ErrClosed
	}
	return conn, nil
}
func (l listener) Close() error   { close(l); return nil }
func (l listener) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "unix"} }
