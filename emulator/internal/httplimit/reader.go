package httplimit

import (
	"io"
	"net/http"
	"time"
)

// StreamReader reads the body of a request whose client must keep sending. Use it for bodies that
// should not be held in memory, and [BodyReader] for all others.
type StreamReader struct {
	w       http.ResponseWriter
	body    io.ReadCloser
	control *http.ResponseController
	timeout time.Duration
}

// NewStreamReader returns a reader of r's body. When the client sends nothing for the timeout,
// reading fails with [os.ErrDeadlineExceeded] and the connection closes after the response.
func NewStreamReader(w http.ResponseWriter, r *http.Request, timeout time.Duration) *StreamReader {
	return &StreamReader{w, r.Body, http.NewResponseController(w), timeout}
}

// Read implements [io.Reader].
func (r *StreamReader) Read(b []byte) (n int, err error) {
	r.control.SetReadDeadline(time.Now().Add(r.timeout))
	n, err = r.body.Read(b)
	switch err {
	case nil:
	case io.EOF:
		r.control.SetReadDeadline(time.Time{})
	default:
		// The rest of the request would be taken for the next one.
		r.w.Header().Set("Connection", "close")
	}
	return n, err
}

// Close closes the body.
func (r *StreamReader) Close() error { return r.body.Close() }
