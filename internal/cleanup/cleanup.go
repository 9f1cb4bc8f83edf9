// Package cleanup is the service that Cloud Scheduler calls for background work:
//
//	POST /purge  hourly: purges accounts that can no longer be restored (internal/deletion)
//	POST /sweep  weekly: removes orphaned data (internal/cleanup/sweeper)
//
// It is a separate service, so that the public service auth needs fewer roles and only the scheduler
// may call this one.
package cleanup

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"

	"heek.kr/heektime/internal/cleanup/sweeper"
	"heek.kr/heektime/internal/deletion"
	"heek.kr/heektime/internal/oidcauth"
)

// Handler serves both calls to allowed callers. Both may be repeated and may run concurrently. The
// response is 503 if a retry can help.
func Handler(d *deletion.Service, s *sweeper.Service, callers *oidcauth.Checker, log *slog.Logger) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /purge", func(w http.ResponseWriter, r *http.Request) {
		report, err := d.PurgeDue(r.Context())
		if err == nil && report.Failed > 0 {
			err = fmt.Errorf("%d accounts failed", report.Failed)
		}
		respond(w, r, log.With("work", "purge"), report, err)
	})
	mux.HandleFunc("POST /sweep", func(w http.ResponseWriter, r *http.Request) {
		report, err := s.Sweep(r.Context())
		respond(w, r, log.With("work", "sweep"), report, err)
	})
	return callers.Require(mux, log)
}

func respond(w http.ResponseWriter, r *http.Request, log *slog.Logger, report any, err error) {
	w.Header().Set("Content-Type", "application/json")
	if err != nil {
		log.ErrorContext(r.Context(), "clean-up incomplete", "report", report, "error", err.Error())
		w.WriteHeader(http.StatusServiceUnavailable)
	} else {
		log.InfoContext(r.Context(), "cleaned up", "report", report)
	}
	json.NewEncoder(w).Encode(report) // ignore write errors: the client is gone
}
