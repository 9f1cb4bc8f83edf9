package followers

import (
	"encoding/json"
	"net/http"

	"heek.kr/heektime/internal/oidcauth"
	"heek.kr/heektime/internal/schema"
	"heek.kr/heektime/internal/server"
)

// maxBody bounds a request's body: a uid.
const maxBody = 16 << 10

// Handler serves POST /count-followers to allowed callers. It responds 503 if a retry may help, and otherwise 200.
func (s *Service) Handler(callers *oidcauth.Checker) http.Handler {
	return callers.Require(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var task Task
		d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
		d.DisallowUnknownFields()
		err := d.Decode(&task)
		if err == nil {
			err = schema.CheckID(task.UID)
		}
		if err != nil {
			s.Log.ErrorContext(r.Context(), "dropping a task that is not valid", "path", r.URL.Path, "error", err.Error())
			server.WriteJSON(w, http.StatusOK, map[string]string{"error": err.Error()})
			return
		}
		if err := s.Count(r.Context(), task.UID); err != nil {
			s.Log.ErrorContext(r.Context(), "task failed; it will be retried", "path", r.URL.Path, "error", err.Error())
			server.WriteJSON(w, http.StatusServiceUnavailable, map[string]string{"error": err.Error()})
			return
		}
		server.WriteJSON(w, http.StatusOK, map[string]string{})
	}), s.Log)
}
