// Package httplimit reads HTTP request bodies and writes responses within size and time limits, so
// that a slow, stuck or hostile client takes no more than its share of the server.
//
// [BodyReader] reads whole bodies into memory, [StreamReader] reads bodies too large for that, and
// [StreamWriter] writes responses. The time for a whole request is the read timeout of the server
// (muxserver.ReadTimeout); only StreamReader extends it.
package httplimit

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync/atomic"
)

// BodyReader reads request bodies into memory.
type BodyReader struct {
	// MaxBytes is the size of the largest body, and MaxTotalBytes that of all bodies held at the
	// same time. Beyond MaxTotalBytes only small bodies are accepted, so that a few clients that
	// send a lot do not lock out the many that send little.
	MaxBytes, MaxTotalBytes int64

	held atomic.Int64
}

// Body is a request body. It counts towards MaxTotalBytes until [Body.Release].
type Body struct {
	Bytes []byte

	reader *BodyReader
	held   int64
}

// Error says why a body was not read.
type Error struct {
	Status int // HTTP status
	Reason string
}

func (e *Error) Error() string { return e.Reason }

const (
	initialBytes = 16 << 10 // the smallest buffer
	smallBytes   = 64 << 10 // bodies up to this size are always accepted
)

// Read reads the body of a request. The error is an *[Error]; the connection then closes after the
// response, because the rest of the request is still in the way.
func (br *BodyReader) Read(w http.ResponseWriter, r *http.Request) (*Body, error) {
	b, err := br.read(r)
	if err != nil {
		w.Header().Set("Connection", "close")
	}
	return b, err
}

func (br *BodyReader) read(r *http.Request) (*Body, error) {
	if r.ContentLength > br.MaxBytes {
		return nil, br.tooLarge()
	}
	b := &Body{reader: br}
	// Reserve at most 1 MiB up front: the client may announce more than it sends.
	if err := b.grow(max(min(r.ContentLength+1, 1<<20), initialBytes)); err != nil {
		return nil, err
	}
	for {
		n, err := r.Body.Read(b.Bytes[len(b.Bytes):cap(b.Bytes)])
		b.Bytes = b.Bytes[:len(b.Bytes)+n]
		if int64(len(b.Bytes)) > br.MaxBytes {
			b.Release()
			return nil, br.tooLarge()
		}
		switch {
		case errors.Is(err, io.EOF):
			return b, nil
		case errors.Is(err, os.ErrDeadlineExceeded):
			b.Release()
			return nil, &Error{http.StatusRequestTimeout, "The request body did not arrive in time."}
		case err != nil:
			b.Release()
			return nil, &Error{http.StatusBadRequest, "The request body could not be read: " + err.Error() + "."}
		}
		if len(b.Bytes) == cap(b.Bytes) {
			if err := b.grow(2 * int64(cap(b.Bytes))); err != nil {
				b.Release()
				return nil, err
			}
		}
	}
}

// grow gives the body a buffer of size bytes.
func (b *Body) grow(size int64) error {
	if more := size - b.held; b.reader.held.Add(more) > b.reader.MaxTotalBytes && size > smallBytes {
		b.reader.held.Add(-more)
		return &Error{http.StatusServiceUnavailable, "The server is busy with other large requests; try again."}
	}
	b.held = size
	b.Bytes = append(make([]byte, 0, size), b.Bytes...)
	return nil
}

// Release reports that the body is no longer needed. Calling it more than once has no effect.
func (b *Body) Release() {
	b.reader.held.Add(-b.held)
	b.held = 0
}

func (br *BodyReader) tooLarge() error {
	return &Error{http.StatusRequestEntityTooLarge, fmt.Sprintf("Request payload size exceeds the limit: %d bytes.", br.MaxBytes)}
}

// StatusOf returns the HTTP status for an error of [BodyReader.Read].
func StatusOf(err error) int {
	var e *Error
	if errors.As(err, &e) {
		return e.Status
	}
	return http.StatusInternalServerError
}
