package console

import (
	"encoding/json"
	"net/http"
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
		writeJSON(w, http.StatusOK, result)
	}
}

// writeError sends an error to the page, and logs it if it is a fault of the emulator's.
func (c *Console) writeError(w http.ResponseWriter, r *http.Request, err error) {
	e := newAPIError(err)
	if e.status == http.StatusInternalServerError {
		c.Logger.ErrorContext(r.Context(), "serving the console's API", "method", r.Method, "path", r.URL.Path, "error", err)
	}
	writeJSON(w, e.status, e)
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		status, text = http.StatusInternalServerError, []byte(`{"error":"The response cannot be encoded as JSON.","code":"INTERNAL"}`)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	w.Write(text)
}
