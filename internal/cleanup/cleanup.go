// Package cleanup is the service that Cloud Scheduler wakes to do what nobody waits for:
//
//	POST /purge  every hour: accounts whose owners wanted it so, and could have taken them back (internal/deletion)
//	POST /sweep  every week: what nothing points to any more (internal/cleanup/sweeper)
//
// It is a service of its own, so that the one that everybody may call has fewer rights, and this one may be called by nobody
// but the scheduler.
package cleanup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"

	"heek.kr/heektime/internal/cleanup/sweeper"
	"heek.kr/heektime/internal/deletion"
	"heek.kr/heektime/internal/environment"
	"heek.kr/heektime/internal/gcp"
	"heek.kr/heektime/internal/oidcauth"
	"heek.kr/heektime/internal/server"
)

// Open builds the service from its environment:
//
//	GOOGLE_CLOUD_PROJECT  project of the database and of Authentication
//	LECTURES_BUCKET       bucket of the course lists
//	SWEEP_OPERATIONS      how many operations a sweep bills at most; sweeper.DefaultOperations when empty
//	OIDC_AUDIENCE, ALLOWED_CALLERS, CALLERS_CHECKED_BY_IAM, OIDC_CERTS_URL: see caller.FromEnvironment
//
// The official clients read FIRESTORE_EMULATOR_HOST, FIREBASE_AUTH_EMULATOR_HOST and STORAGE_EMULATOR_HOST from the process's
// own environment.
func Open(ctx context.Context, env *environment.Variables, log *slog.Logger) (*server.Service, error) {
	project := env.Required("GOOGLE_CLOUD_PROJECT", "the project of the database and of Authentication")
	bucket := env.Required("LECTURES_BUCKET", "the bucket of the course lists")
	check := oidcauth.FromEnvironment(env)
	operations := env.OptionalInt("SWEEP_OPERATIONS", sweeper.DefaultOperations, 0, math.MaxInt32)
	if err := env.Err(); err != nil {
		return nil, err
	}
	callers, err := oidcauth.NewChecker(check)
	if err != nil {
		return nil, err
	}
	fs, err := gcp.Firestore(ctx, project)
	if err != nil {
		return nil, err
	}
	st, err := gcp.Storage(ctx)
	if err != nil {
		return nil, errors.Join(err, fs.Close())
	}
	closeAll := func() error { return errors.Join(st.Close(), fs.Close()) }
	accounts, err := gcp.Authentication(ctx, project, "")
	if err != nil {
		return nil, errors.Join(err, closeAll())
	}
	d, err := deletion.New(deletion.Dependencies{Firestore: fs, Accounts: accounts, Log: log})
	if err != nil {
		return nil, errors.Join(err, closeAll())
	}
	s, err := sweeper.New(sweeper.Dependencies{
		Firestore: fs, Accounts: accounts, Bucket: st.Bucket(bucket), Deletion: d, Log: log, Operations: operations,
	})
	if err != nil {
		return nil, errors.Join(err, closeAll())
	}
	return &server.Service{Handler: Handler(d, s, callers, log), Close: closeAll}, nil
}

// Handler serves the two calls, each to allowed callers only. Both may be repeated, and run at once. The answer is 503 when
// trying again can help.
func Handler(d *deletion.Service, s *sweeper.Service, callers *oidcauth.Checker, log *slog.Logger) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /purge", func(w http.ResponseWriter, r *http.Request) {
		report, err := d.PurgeDue(r.Context())
		if err == nil && report.Failed > 0 {
			err = fmt.Errorf("%d accounts failed", report.Failed)
		}
		answer(w, r, log.With("work", "purge"), report, err)
	})
	mux.HandleFunc("POST /sweep", func(w http.ResponseWriter, r *http.Request) {
		report, err := s.Sweep(r.Context())
		answer(w, r, log.With("work", "sweep"), report, err)
	})
	return callers.Require(mux, func(r *http.Request, err error) {
		log.WarnContext(r.Context(), "call refused", "path", r.URL.Path, "error", err.Error())
	})
}

func answer(w http.ResponseWriter, r *http.Request, log *slog.Logger, report any, err error) {
	w.Header().Set("Content-Type", "application/json")
	if err != nil {
		log.ErrorContext(r.Context(), "clean-up incomplete", "report", report, "error", err.Error())
		w.WriteHeader(http.StatusServiceUnavailable)
	} else {
		log.InfoContext(r.Context(), "cleaned up", "report", report)
	}
	json.NewEncoder(w).Encode(report) // a caller that has gone cannot be told
}
