package billing

import (
	"io"
	"net/http"
)

// Response counts the bytes of a response's body. It is an [http.ResponseWriter].
type Response struct {
	http.ResponseWriter
	Status int   // 0 until the header is written
	Bytes  int64 // of the body
}

// WriteHeader implements [http.ResponseWriter].
func (r *Response) WriteHeader(status int) {
	if r.Status == 0 && status >= 200 {
		r.Status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *Response) wrote(n int64) {
	if r.Status == 0 {
		r.Status = http.StatusOK
	}
	r.Bytes += n
}

// Write implements [http.ResponseWriter].
func (r *Response) Write(data []byte) (int, error) {
	n, err := r.ResponseWriter.Write(data)
	r.wrote(int64(n))
	return n, err
}

// ReadFrom implements [io.ReaderFrom], so that files are sent without copying them.
func (r *Response) ReadFrom(from io.Reader) (int64, error) {
	n, err := io.Copy(r.ResponseWriter, from)
	r.wrote(n)
	return n, err
}

// Flush implements [http.Flusher], which handlers may look for.
func (r *Response) Flush() { http.NewResponseController(r.ResponseWriter).Flush() }

// Unwrap is for [http.ResponseController].
func (r *Response) Unwrap() http.ResponseWriter { return r.ResponseWriter }
