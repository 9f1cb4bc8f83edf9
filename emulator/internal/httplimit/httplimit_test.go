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

func TestIntake(t *testing.T) {
	i := &BodyReader{MaxBytes: 200 << 10, MaxTotalBytes: 1 << 20, Timeout: time.Minute}
	for _, size := range []int{0, 1, chunk - 1, chunk, chunk + 1, 200 << 10} {
		for _, known := range []bool{true, false} {
			text := strings.Repeat("x", size)
			r := httptest.NewRequest("POST", "/", strings.NewReader(text))
			if !known {
				r.ContentLength = -1
			}
			b, err := i.Read(httptest.NewRecorder(), r)
			if err != nil || string(b.Bytes) != text {
				t.Fatalf("%d bytes: %v", size, err)
			}
			if n := i.held.Load(); n < int64(size) {
				t.Errorf("%d of %d bytes are counted", n, size)
			}
			b.Release()
			b.Release()
		}
	}
	if n := i.held.Load(); n != 0 {
		t.Errorf("%d bytes are counted when all are released", n)
	}
}

func TestIntakeRefuses(t *testing.T) {
	i := &BodyReader{MaxBytes: 200 << 10, MaxTotalBytes: 300 << 10, Timeout: time.Minute}
	status := func(length int64, body io.Reader) int {
		r := httptest.NewRequest("POST", "/", body)
		r.ContentLength = length
		b, err := i.Read(httptest.NewRecorder(), r)
		if err != nil {
			return StatusOf(err)
		}
		t.Cleanup(b.Release)
		return 200
	}
	large := strings.Repeat("x", 200<<10+1)
	if got := status(int64(len(large)), strings.NewReader("never read")); got != 413 {
		t.Errorf("too large by its header: %d", got)
	}
	if got := status(-1, strings.NewReader(large)); got != 413 {
		t.Errorf("too large in fact: %d", got)
	}
	if got := status(-1, io.MultiReader(strings.NewReader("x"), failing{})); got != 400 {
		t.Errorf("cut: %d", got)
	}
	if n := i.held.Load(); n != 0 {
		t.Fatalf("%d bytes are counted after refusals", n)
	}
	if got := status(200<<10, strings.NewReader(large[1:])); got != 200 {
		t.Errorf("as large as may be: %d", got)
	}
	if got := status(200<<10, strings.NewReader(large[1:])); got != 503 {
		t.Errorf("more than all together: %d", got)
	}
	if got := status(10<<10, strings.NewReader(large[:10<<10])); got != 200 {
		t.Errorf("a small one when there is no room: %d", got)
	}
	if got := StatusOf(errors.New("?")); got != 500 {
		t.Errorf("any error: %d", got)
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("cut") }

// A client that stops in the middle of its request is told so, and holds nothing.
func TestPatientWithRequests(t *testing.T) {
	i := &BodyReader{MaxBytes: 1 << 20, MaxTotalBytes: 1 << 20, Timeout: 10 * time.Millisecond}
	l := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := i.Read(w, r); err != nil {
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
	answer, err := io.ReadAll(c)
	if err != nil || !bytes.Contains(answer, []byte(" 408 ")) {
		t.Errorf("%q, %v", answer, err)
	}
	if n := i.held.Load(); n != 0 {
		t.Errorf("%d bytes are counted", n)
	}
}

// A client that takes nothing of its answer is cut; one that reads is not.
func TestPatientWithReaders(t *testing.T) {
	ended := make(chan error, 1)
	l := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		patience := time.Minute
		if r.URL.Path == "/stuck" {
			patience = 50 * time.Millisecond
		}
		out := NewStreamWriter(w, patience)
		_, err := out.Write(make([]byte, 64<<20)) // more than the sockets hold
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
		t.Error("the answer went to a client that reads nothing")
	}
	a, err := http.Get(l.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	n, err := io.Copy(io.Discard, a.Body)
	if err != nil || n != 64<<20 {
		t.Errorf("%d bytes, %v", n, err)
	}
	if err := <-ended; err != nil {
		t.Errorf("a client that reads: %v", err)
	}
}
