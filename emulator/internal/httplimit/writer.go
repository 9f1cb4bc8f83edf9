package httplimit

import (
	"net/http"
	"time"
)

// Writer writes a response to a client that must keep reading.
type StreamWriter struct {
	w       http.ResponseWriter
	control *http.ResponseController
	timeout time.Duration
}

// NewWriter makes the writer of a response. patience is how long the client may take nothing before its connection is cut.
func NewStreamWriter(w http.ResponseWriter, patience time.Duration) *StreamWriter {
	return &StreamWriter{w, http.NewResponseController(w), patience}
}

// Write hands b on in pieces, each of which has the writer's patience.
func (w *StreamWriter) Write(b []byte) (n int, err error) {
	const piece = 64 << 10
	for {
		w.wait()
		m, err := w.w.Write(b[n:min(len(b), n+piece)])
		n += m
		if err != nil || n == len(b) {
			return n, err
		}
	}
}

// Flush sends what was written.
func (w *StreamWriter) Flush() error {
	w.wait()
	return w.control.Flush()
}

// Close sends what was written. The next response on the connection has time of its own.
func (w *StreamWriter) Close() error {
	err := w.Flush()
	w.control.SetWriteDeadline(time.Time{})
	return err
}

func (w *StreamWriter) wait() { w.control.SetWriteDeadline(time.Now().Add(w.timeout)) }
