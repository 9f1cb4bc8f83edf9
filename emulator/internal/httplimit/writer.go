package httplimit

import (
	"net/http"
	"time"
)

// StreamWriter writes a response to a client that must keep reading.
type StreamWriter struct {
	w       http.ResponseWriter
	control *http.ResponseController
	timeout time.Duration
}

// NewStreamWriter returns a writer of the response w. When the client reads nothing for the
// timeout, its connection is cut.
func NewStreamWriter(w http.ResponseWriter, timeout time.Duration) *StreamWriter {
	return &StreamWriter{w, http.NewResponseController(w), timeout}
}

// Write implements [io.Writer]. It writes b in pieces, each with a timeout of its own.
func (w *StreamWriter) Write(b []byte) (n int, err error) {
	const piece = 64 << 10
	for {
		w.extendDeadline()
		m, err := w.w.Write(b[n:min(len(b), n+piece)])
		n += m
		if err != nil || n == len(b) {
			return n, err
		}
	}
}

// Flush sends buffered data to the client.
func (w *StreamWriter) Flush() error {
	w.extendDeadline()
	return w.control.Flush()
}

// Close flushes the response and clears the deadline for the next response on the connection.
func (w *StreamWriter) Close() error {
	err := w.Flush()
	w.control.SetWriteDeadline(time.Time{})
	return err
}

func (w *StreamWriter) extendDeadline() { w.control.SetWriteDeadline(time.Now().Add(w.timeout)) }
