// Package cleanup is the service that Cloud Scheduler calls for background work:
//
//	POST /purge  hourly: purges accounts that can no longer be restored (internal/deletion), and
//	             reports a purge, a sweep or a run of /schedule that is late
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
	"time"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/internal/cleanup/sweeper"
	"heek.kr/heektime/internal/deletion"
	"heek.kr/heektime/internal/heartbeat"
	"heek.kr/heektime/internal/logline"
	"heek.kr/heektime/internal/oidcauth"
)

// Config holds the service's dependencies. All but Now are required.
type Config struct {
	Firestore *firestore.Client
	Deletion  *deletion.Service
	Sweeper   *sweeper.Service
	Callers   *oidcauth.Checker
	Log       *slog.Logger
	// Now returns the time; nil means time.Now.
	Now func() time.Time
}

// Handler serves both calls to allowed callers. Both may be repeated and may run concurrently. The
// response is 503 if a retry can help.
func Handler(cfg Config) http.Handler {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /purge", func(w http.ResponseWriter, r *http.Request) {
		report, err := cfg.Deletion.PurgeDue(r.Context())
		if err == nil && report.Failed > 0 {
			err = fmt.Errorf("%d accounts failed", report.Failed)
		}
		err = errors.Join(err, cfg.reportLate(r.Context()))
		err = errors.Join(err, cfg.reportMissing(r.Context(), err == nil))
		respond(w, r, cfg.Log.With(logline.FieldWork, logline.WorkPurge), report, err)
	})
	mux.HandleFunc("POST /sweep", func(w http.ResponseWriter, r *http.Request) {
		report, err := cfg.Sweeper.Sweep(r.Context())
		respond(w, r, cfg.Log.With(logline.FieldWork, logline.WorkSweep), report, err)
	})
	return cfg.Callers.Require(mux, cfg.Log)
}

// reportLate logs a purge or a sweep that is late. Cloud Monitoring forgets a job that is silent for a
// day, so it cannot watch a weekly job; the hourly one does.
func (cfg *Config) reportLate(ctx context.Context) error {
	overdue, err := cfg.Deletion.FindOverdue(ctx)
	if overdue != nil {
		cfg.Log.ErrorContext(ctx, logline.PurgeLate, "uid", overdue.UID, "until", overdue.Until)
	}
	last, late, sweepErr := cfg.Sweeper.Late(ctx)
	if late {
		cfg.Log.ErrorContext(ctx, logline.SweepLate, "last", last)
	}
	return errors.Join(err, sweepErr)
}

// reportMissing records that the purge ran, for /schedule, which watches it, and logs if /schedule does
// not succeed.
func (cfg *Config) reportMissing(ctx context.Context, succeeded bool) error {
	now := cfg.Now().UTC().Truncate(time.Microsecond) // the precision that Firestore stores
	last, late, err := heartbeat.Purge.Record(ctx, cfg.Firestore, heartbeat.Schedule, now, succeeded)
	if late {
		cfg.Log.ErrorContext(ctx, logline.ScheduleMissing, "lastSuccess", last)
	}
	return err
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
