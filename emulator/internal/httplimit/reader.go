package httplimit

import (
	"io"
	"net/http"
	"time"
)

// Reader reads the body of a request from a client that must keep sending. It is for bodies that are not to be held in
// memory; [Intake] reads others.
type StreamReader struct {
	w       http.ResponseWriter
	body    io.ReadCloser
	control *http.ResponseController
	timeout time.Duration
}

// NewReader makes the reader of r's body. patience is how long the client may send nothing; then reading fails with
// [os.ErrDeadlineExceeded], and the connection ends with the answer.
func NewStreamReader(w http.ResponseWriter, r *http.Request, patience time.Duration) *StreamReader {
	return &StreamReader{w, r.Body, http.NewResponseController(w), patience}
}

// Read reads what has come, or waits for it.
func (r *StreamReader) Read(b []byte) (n int, err error) {
	r.control.SetReadDeadline(time.Now().Add(r.timeout))
	n, err = r.body.Read(b)
	switch err {
	case nil:
	case io.EOF:
		r.control.SetReadDeadline(time.Time{})
	default:
		r.w.Header().Set("Connection", "close") // what is left of the request would be in the way
	}
	return n, err
}

// Close closes the body.
func (r *StreamReader) Close() error { return r.body.Close() }
