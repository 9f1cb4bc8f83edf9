// Package server is the shape that every service of ours has: settings from the environment, one port for HTTP and gRPC,
// a health endpoint, log lines with the request's trace, and a stop that fits into Cloud Run's ten seconds.
package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"heek.kr/heektime/internal/environment"
	"heek.kr/heektime/internal/logging"
)

// Service is what a main runs.
type Service struct {
	// Handler answers everything but /health.
	Handler http.Handler
	// Close frees what the service holds once no request runs any more; nil when there is nothing to free.
	Close func() error
}

// Open builds a service from its settings. It must not call out: a service starts while a caller waits for it.
type Open func(ctx context.Context, env *environment.Variables, log *slog.Logger) (*Service, error)

// stopTime is how long running requests may take to end after SIGTERM. Cloud Run kills the process after ten seconds:
// https://cloud.google.com/run/docs/container-contract#instance-shutdown
const stopTime = 8 * time.Second

// Main is the body of every service's main function: it serves on $PORT until SIGTERM, and exits non-zero with one
// log line when it cannot.
func Main(name string, open Open) {
	relaxCollector()
	env := environment.Process()
	log := logging.New(os.Stdout, env.Optional("GOOGLE_CLOUD_PROJECT", "unknown")).With("service", name)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if err := run(ctx, env, log, open); err != nil {
		log.Error("stopped", "error", err.Error())
		os.Exit(1)
	}
	log.Info("stopped")
}

// relaxCollector lets garbage grow to twice of what is alive, within half of the 512 MiB that an instance has. A refresh makes
// much garbage in a tenth of a second and then sleeps: collecting it costs processor time that is paid for, and memory is
// paid for either way. More would take the longest lists above 100 MB. GOGC, where it is set, says otherwise.
func relaxCollector() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(200)
		debug.SetMemoryLimit(256 << 20)
	}
}

func run(ctx context.Context, env *environment.Variables, log *slog.Logger, open Open) error {
	service, err := open(ctx, env, log)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", ":"+env.Optional("PORT", "8080"))
	if err != nil {
		return errors.Join(fmt.Errorf("listen: %w", err), service.close())
	}
	log.Info("serving", "address", l.Addr().String())
	return Serve(ctx, l, service)
}

// Serve answers on l until ctx ends, then lets running requests finish and closes the service.
func Serve(ctx context.Context, l net.Listener, service *Service) error {
	srv := &http.Server{
		Handler:           withHealth(service.Handler),
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		Protocols:         new(http.Protocols),
	}
	srv.Protocols.SetHTTP1(true)
	srv.Protocols.SetUnencryptedHTTP2(true) // gRPC; Cloud Run ends TLS before the container
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(l) }()
	select {
	case err := <-failed:
		return errors.Join(fmt.Errorf("serve: %w", err), service.close())
	case <-ctx.Done():
	}
	stopCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer cancel()
	err := srv.Shutdown(stopCtx)
	if err != nil {
		err = errors.Join(fmt.Errorf("requests still ran %v after the stop: %w", stopTime, err), srv.Close())
	}
	return errors.Join(err, service.close())
}

func (s *Service) close() error {
	if s.Close == nil {
		return nil
	}
	return s.Close()
}

// withHealth answers GET /health with 200 as soon as the service serves at all. Not /healthz: Google's front end keeps that
// path for itself on run.app addresses.
func withHealth(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/health" {
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprintln(w, `{"status":"ok"}`)
			return
		}
		next.ServeHTTP(w, r.WithContext(logging.WithTrace(r.Context(), r.Header)))
	})
}
