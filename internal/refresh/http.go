package refresh

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"heek.kr/heektime/internal/oidcauth"
)

// maxBody bounds a request's body; a task is some hundred bytes.
const maxBody = 64 << 10

// Handler serves the two calls, each to allowed callers only:
//
//	POST /schedule  by Cloud Scheduler, every few minutes; safe to repeat
//	POST /refresh   by Cloud Tasks, with a Task as its body; safe to repeat
//
// The answer is 2xx when trying again cannot help, and says why; 5xx when it can.
func (s *Service) Handler(callers *oidcauth.Checker) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /schedule", s.schedule)
	mux.HandleFunc("POST /refresh", s.task)
	return callers.Require(mux, s.log)
}

func (s *Service) schedule(w http.ResponseWriter, r *http.Request) {
	enqueued, err := s.Due(r.Context())
	if err != nil {
		s.log.ErrorContext(r.Context(), "schedule incomplete", "enqueued", enqueued, "error", err.Error())
		answer(w, http.StatusServiceUnavailable, map[string]any{"enqueued": enqueued, "error": err.Error()})
		return
	}
	s.log.InfoContext(r.Context(), "scheduled", "enqueued", enqueued)
	answer(w, http.StatusOK, map[string]any{"enqueued": enqueued})
}

func (s *Service) task(w http.ResponseWriter, r *http.Request) {
	// A caller that sends its body a byte a minute is as good as one that sends none.
	if err := http.NewResponseController(w).SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
		s.log.WarnContext(r.Context(), "no read deadline", "error", err.Error())
	}
	var task Task
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	d.DisallowUnknownFields()
	err := d.Decode(&task)
	if err == nil {
		err = task.Validate()
	}
	if err != nil {
		// Cloud Tasks would repeat anything but a 2xx, and the body will not get better.
		s.log.ErrorContext(r.Context(), "refresh refused", "error", err.Error())
		answer(w, http.StatusOK, Run{Outcome: Refused, Reason: fmt.Sprintf("no task: %v", err)})
		return
	}
	run, err := s.Refresh(r.Context(), task)
	s.report(r.Context(), task, run)
	if err != nil {
		answer(w, http.StatusServiceUnavailable, run)
		return
	}
	answer(w, http.StatusOK, run)
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body) // a caller that has gone cannot be told
}
