package alerts

import (
	"log/slog"
	"net/http"
)

// requestMessage is the message of a request's line. Cloud Run's have none; a line of slog needs one.
const requestMessage = "request"

// Requests writes a line for each request that next serves, with the fields of the line that Cloud Run
// writes in production. The log has to have the service's name in the field "service".
//
// Source: https://cloud.google.com/run/docs/logging#request-logs
func Requests(next http.Handler, log *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := &recorder{ResponseWriter: w, status: http.StatusOK}
		panicked := true
		defer func() {
			if panicked && !rec.wrote {
				rec.status = http.StatusInternalServerError // net/http closes the connection, and Cloud Run responds
			}
			level := slog.LevelInfo
			switch {
			case rec.status >= http.StatusInternalServerError:
				level = slog.LevelError
			case rec.status >= http.StatusBadRequest:
				level = slog.LevelWarn
			}
			log.LogAttrs(r.Context(), level, requestMessage, slog.Group("httpRequest",
				slog.String("requestMethod", r.Method), slog.String("requestUrl", r.URL.Path), slog.Int("status", rec.status)))
		}()
		next.ServeHTTP(rec, r)
		panicked = false
	})
}

// recorder remembers the status of a response. gRPC requires an http.Flusher; everything else finds the
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
