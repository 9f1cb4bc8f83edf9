package console

import (
	"net/http"

	"heek.kr/heektime/emulator/internal/httpjson"
)

// handler serves one call of the API. It returns the value to send as JSON.
type handler func(*http.Request) (any, error)

// serveJSON wraps a handler into an HTTP handler: it limits the request's size, encodes the result, and
// turns errors into a status and a body that the page can translate.
func (c *Console) serveJSON(handle handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxBodyBytes)
		result, err := handle(r)
		if err != nil {
			c.writeError(w, r, err)
			return
		}
		httpjson.Write(w, http.StatusOK, result)
	}
}

// writeError sends an error to the page, and logs it if it is a fault of the emulator's.
func (c *Console) writeError(w http.ResponseWriter, r *http.Request, err error) {
	e := newAPIError(err)
	if e.status == http.StatusInternalServerError {
		c.Logger.ErrorContext(r.Context(), "serving the console's API", "method", r.Method, "path", r.URL.Path, "error", err)
	}
	httpjson.Write(w, e.status, e)
}
