// Package cleanup is the service that Cloud Scheduler calls for background work:
//
//	POST /purge  hourly: purges accounts that can no longer be restored (internal/deletion), and
//	             reports a purge or a sweep that is late
//	POST /sweep  weekly: removes orphaned data (internal/cleanup/sweeper)
//
// It is a separate service, so that the public service auth needs fewer roles and only the scheduler
// may call this one.
package cleanup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"heek.kr/heektime/internal/cleanup/sweeper"
	"heek.kr/heektime/internal/deletion"
	"heek.kr/heektime/internal/logline"
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
		err = errors.Join(err, reportLate(r.Context(), d, s, log))
		respond(w, r, log.With(logline.FieldWork, logline.WorkPurge), report, err)
	})
	mux.HandleFunc("POST /sweep", func(w http.ResponseWriter, r *http.Request) {
		report, err := s.Sweep(r.Context())
		respond(w, r, log.With(logline.FieldWork, logline.WorkSweep), report, err)
	})
	return callers.Require(mux, log)
}

// reportLate logs a purge or a sweep that is late. Cloud Monitoring forgets a job that is silent for a
// day, so it cannot watch a weekly job; the hourly one does.
func reportLate(ctx context.Context, d *deletion.Service, s *sweeper.Service, log *slog.Logger) error {
	overdue, err := d.FindOverdue(ctx)
	if overdue != nil {
		log.ErrorContext(ctx, logline.PurgeLate, "uid", overdue.UID, "until", overdue.Until)
	}
	last, late, sweepErr := s.Late(ctx)
	if late {
		log.ErrorContext(ctx, logline.SweepLate, "last", last)
	}
	return errors.Join(err, sweepErr)
}

func respond(w http.ResponseWriter, r *http.Request, log *slog.Logger, report any, err error) {
	w.Header().Set("Content-Type", "application/json")
	if err != nil {
		log.ErrorContext(r.Context(), logline.CleanupIncomplete, "report", report, logline.FieldError, err.Error())
		w.WriteHeader(http.StatusServiceUnavailable)
	} else {
		log.InfoContext(r.Context(), logline.CleanedUp, "report", report)
	}
	json.NewEncoder(w).Encode(report) // ignore write errors: the client is gone
}
