package httplimit

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestBodyReader(t *testing.T) {
	br := &BodyReader{MaxBytes: 200 << 10, MaxTotalBytes: 1 << 20}
	for _, size := range []int{0, 1, initialBytes - 1, initialBytes, initialBytes + 1, 200 << 10} {
		for _, known := range []bool{true, false} {
			text := strings.Repeat("x", size)
			r := httptest.NewRequest("POST", "/", strings.NewReader(text))
			if !known {
				r.ContentLength = -1
			}
			b, err := br.Read(httptest.NewRecorder(), r)
			if err != nil || string(b.Bytes) != text {
				t.Fatalf("%d bytes: %v", size, err)
			}
			if n := br.held.Load(); n < int64(size) {
				t.Errorf("%d of %d bytes count as held", n, size)
			}
			b.Release()
			b.Release()
		}
	}
	if n := br.held.Load(); n != 0 {
		t.Errorf("%d bytes count as held after every body was released", n)
	}
}

func TestBodyReaderRejects(t *testing.T) {
	br := &BodyReader{MaxBytes: 200 << 10, MaxTotalBytes: 300 << 10}
	status := func(length int64, body io.Reader) int {
		r := httptest.NewRequest("POST", "/", body)
		r.ContentLength = length
		b, err := br.Read(httptest.NewRecorder(), r)
		if err != nil {
			return StatusOf(err)
		}
		t.Cleanup(b.Release)
		return 200
	}
	large := strings.Repeat("x", 200<<10+1)
	if got := status(int64(len(large)), strings.NewReader("never read")); got != 413 {
		t.Errorf("Content-Length above MaxBytes: %d, want 413", got)
	}
	if got := status(-1, strings.NewReader(large)); got != 413 {
		t.Errorf("body above MaxBytes: %d, want 413", got)
	}
	if got := status(-1, io.MultiReader(strings.NewReader("x"), failing{})); got != 400 {
		t.Errorf("body cut short: %d, want 400", got)
	}
	if n := br.held.Load(); n != 0 {
		t.Fatalf("%d bytes count as held after rejected requests", n)
	}
	if got := status(200<<10, strings.NewReader(large[1:])); got != 200 {
		t.Errorf("body of MaxBytes: %d, want 200", got)
	}
	if got := status(200<<10, strings.NewReader(large[1:])); got != 503 {
		t.Errorf("body above MaxTotalBytes: %d, want 503", got)
	}
	if got := status(10<<10, strings.NewReader(large[:10<<10])); got != 200 {
		t.Errorf("small body above MaxTotalBytes: %d, want 200", got)
	}
	if got := StatusOf(errors.New("?")); got != 500 {
		t.Errorf("StatusOf another error: %d, want 500", got)
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("cut") }

// A client that stops in the middle of its body gets 408 and holds no memory.
func TestStuckBodyTimesOut(t *testing.T) {
	br := &BodyReader{MaxBytes: 1 << 20, MaxTotalBytes: 1 << 20}
	l := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := http.NewResponseController(w).SetReadDeadline(time.Now()); err != nil {
			t.Error(err)
		}
		if _, err := br.Read(w, r); err != nil {
			http.Error(w, err.Error(), StatusOf(err))
		}
	}))
	defer l.Close()
	c, err := net.Dial("tcp", l.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprint(c, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf")
	response, err := io.ReadAll(c)
	if err != nil || !bytes.Contains(response, []byte(" 408 ")) {
		t.Errorf("got %q, %v, want 408", response, err)
	}
	if n := br.held.Load(); n != 0 {
		t.Errorf("%d bytes count as held", n)
	}
}

// The connection of a client that reads nothing is cut; that of a slow reader is not.
func TestStuckReaderIsCut(t *testing.T) {
	ended := make(chan error, 1)
	l := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		timeout := time.Minute
		if r.URL.Path == "/stuck" {
			timeout = 50 * time.Millisecond
		}
		out := NewStreamWriter(w, timeout)
		_, err := out.Write(make([]byte, 64<<20)) // more than the socket buffers hold
		ended <- errors.Join(err, out.Close())
	}))
	defer l.Close()
	c, err := net.Dial("tcp", l.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprint(c, "GET /stuck HTTP/1.1\r\nHost: x\r\n\r\n")
	if err := <-ended; err == nil {
		t.Error("the response was written although the client reads nothing")
	}
	resp, err := http.Get(l.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	n, err := io.Copy(io.Discard, resp.Body)
	if err != nil || n != 64<<20 {
		t.Errorf("got %d bytes, %v, want 64 MiB", n, err)
	}
	if err := <-ended; err != nil {
		t.Errorf("writing to a client that reads: %v", err)
	}
}
