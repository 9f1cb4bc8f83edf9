package refresh

import (
	"encoding/json"
	"fmt"
	"net/http"

	"heek.kr/heektime/internal/logline"
	"heek.kr/heektime/internal/oidcauth"
	"heek.kr/heektime/internal/server"
)

// maxBody bounds a request's body. A task takes a few hundred bytes.
const maxBody = 64 << 10

// Handler serves two methods, both to allowed callers only and both safe to repeat:
//
//	POST /schedule  called by Cloud Scheduler every few minutes
//	POST /refresh   called by Cloud Tasks with a Task as its body
//
// It responds 5xx if a retry may help, and otherwise 2xx with the outcome in the body.
func (s *Service) Handler(callers *oidcauth.Checker) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /schedule", s.schedule)
	mux.HandleFunc("POST /refresh", s.task)
	return callers.Require(mux, s.log)
}

func (s *Service) schedule(w http.ResponseWriter, r *http.Request) {
	enqueued, err := s.Due(r.Context())
	if err != nil {
		s.log.ErrorContext(r.Context(), "enqueue due refreshes", "enqueued", enqueued, "error", err.Error())
		server.WriteJSON(w, http.StatusServiceUnavailable, map[string]any{"enqueued": enqueued, "error": err.Error()})
		return
	}
	s.log.InfoContext(r.Context(), logline.RefreshesEnqueued, "enqueued", enqueued)
	server.WriteJSON(w, http.StatusOK, map[string]any{"enqueued": enqueued})
}

func (s *Service) task(w http.ResponseWriter, r *http.Request) {
	var task Task
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	d.DisallowUnknownFields()
	err := d.Decode(&task)
	if err == nil {
		err = task.Validate()
	}
	if err != nil {
		// Cloud Tasks retries on anything but 2xx, and a retry would send the same invalid body.
		s.log.ErrorContext(r.Context(), "refresh refused", "error", err.Error())
		server.WriteJSON(w, http.StatusOK, Run{Outcome: Refused, Reason: fmt.Sprintf("invalid task: %v", err)})
		return
	}
	run, err := s.Refresh(r.Context(), task)
	s.report(r.Context(), task, run)
	if err != nil {
		server.WriteJSON(w, http.StatusServiceUnavailable, run)
		return
	}
	server.WriteJSON(w, http.StatusOK, run)
}
