// Package httplimit moves the bodies of HTTP requests and responses within limits of size and time, so that a client that is
// slow, stuck or hostile takes no more than its share of the server.
package httplimit

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync/atomic"
	"time"
)

// Intake reads the bodies of requests into memory.
type BodyReader struct {
	// Each is how large one body may be, in bytes, and All how large those may be together that are held at one time. Beyond,
	// only small ones are let in, so that a few who send much do not keep out the many who send little.
	MaxBytes, MaxTotalBytes int64
	// Patience is how long a client may take to send a body.
	Timeout time.Duration

	held atomic.Int64
}

// Body is a body that was read. It counts as held until [Body.Release].
type Body struct {
	Bytes []byte

	reader *BodyReader
	held   int64
}

// Error says why a body was not read.
type Error struct {
	Status int // of HTTP
	Reason string
}

func (e *Error) Error() string { return e.Reason }

// chunk is how much room a body is given at first, and small how large one may become in any case.
const (
	chunk = 16 << 10
	small = 64 << 10
)

// Read reads the body of a request. The error is an *[Error]; the connection then ends with the answer, because what is
// left of the request would be in the way.
func (i *BodyReader) Read(w http.ResponseWriter, r *http.Request) (*Body, error) {
	control := http.NewResponseController(w) // without deadlines in tests that have no connection
	control.SetReadDeadline(time.Now().Add(i.Timeout))
	b, err := i.read(r)
	if err != nil {
		w.Header().Set("Connection", "close") // within the deadline, for the server reads on a little before it closes
		return nil, err
	}
	control.SetReadDeadline(time.Time{})
	return b, nil
}

func (i *BodyReader) read(r *http.Request) (*Body, error) {
	if r.ContentLength > i.MaxBytes {
		return nil, i.tooLarge()
	}
	b := &Body{reader: i}
	if err := b.grow(max(min(r.ContentLength+1, 1<<20), chunk)); err != nil { // what a header says need not come
		return nil, err
	}
	for {
		n, err := r.Body.Read(b.Bytes[len(b.Bytes):cap(b.Bytes)])
		b.Bytes = b.Bytes[:len(b.Bytes)+n]
		if int64(len(b.Bytes)) > i.MaxBytes {
			b.Release()
			return nil, i.tooLarge()
		}
		switch {
		case errors.Is(err, io.EOF):
			return b, nil
		case errors.Is(err, os.ErrDeadlineExceeded):
			b.Release()
			return nil, &Error{http.StatusRequestTimeout, fmt.Sprintf("The request's body did not arrive within %v.", i.Timeout)}
		case err != nil:
			b.Release()
			return nil, &Error{http.StatusBadRequest, "The request's body could not be read: " + err.Error() + "."}
		}
		if len(b.Bytes) == cap(b.Bytes) {
			if err := b.grow(2 * int64(cap(b.Bytes))); err != nil {
				b.Release()
				return nil, err
			}
		}
	}
}

// grow makes room for size bytes.
func (b *Body) grow(size int64) error {
	if more := size - b.held; b.reader.held.Add(more) > b.reader.MaxTotalBytes && size > small {
		b.reader.held.Add(-more)
		return &Error{http.StatusServiceUnavailable, "The server holds as many large requests as it can; try again."}
	}
	b.held = size
	b.Bytes = append(make([]byte, 0, size), b.Bytes...)
	return nil
}

// Release says that the body is not needed any more. It may be called more than once.
func (b *Body) Release() {
	b.reader.held.Add(-b.held)
	b.held = 0
}

func (i *BodyReader) tooLarge() error {
	return &Error{http.StatusRequestEntityTooLarge, fmt.Sprintf("Request payload size exceeds the limit: %d bytes.", i.MaxBytes)}
}

// StatusOf is the status of HTTP for an error of [Intake.Read].
func StatusOf(err error) int {
	var e *Error
	if errors.As(err, &e) {
		return e.Status
	}
	return http.StatusInternalServerError
}
