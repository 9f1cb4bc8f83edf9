package server

import (
	"log/slog"
	"net/http"
)

// requestMessage is the message of a request's line. Cloud Run's have none; a line of slog needs one.
const requestMessage = "request"

// LogRequests logs a line for each request that next serves, as Cloud Run does in production, with the
// fields of its lines. The log has to have the service's name in the field "service".
//
// Source: https://cloud.google.com/run/docs/logging#request-logs
func LogRequests(next http.Handler, log *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		record(next, w, r, func(status int) {
			level := slog.LevelInfo
			switch {
			case status >= http.StatusInternalServerError:
				level = slog.LevelError
			case status >= http.StatusBadRequest:
				level = slog.LevelWarn
			}
			log.LogAttrs(r.Context(), level, requestMessage, slog.Group("httpRequest",
				slog.String("requestMethod", r.Method), slog.String("requestUrl", r.URL.Path), slog.Int("status", status)))
		})
	})
}

// record serves a request with next, then calls ended with the status of the response. A panic is 500
// unless the handler wrote a status before: net/http closes the connection, and Cloud Run responds.
func record(next http.Handler, w http.ResponseWriter, r *http.Request, ended func(status int)) {
	rec := &recorder{ResponseWriter: w, status: http.StatusOK}
	panicked := true
	defer func() {
		if panicked && !rec.wrote {
			rec.status = http.StatusInternalServerError
		}
		ended(rec.status)
	}()
	next.ServeHTTP(rec, r)
	panicked = false
}

// recorder records the status of a response. gRPC requires an http.Flusher; everything else finds the
// original through Unwrap.
type recorder struct {
	http.ResponseWriter
	status int
	wrote  bool
}

func (r *recorder) WriteHeader(status int) {
	if status >= http.StatusOK && !r.wrote { // an informational response is not the last
		r.status, r.wrote = status, true
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(p []byte) (int, error) {
	r.wrote = true
	return r.ResponseWriter.Write(p)
}

// Flush implements http.Flusher.
func (r *recorder) Flush() {
	r.wrote = true
	http.NewResponseController(r.ResponseWriter).Flush() // ignore that it cannot: then it is not needed
}

// Unwrap returns the original, for http.ResponseController.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
