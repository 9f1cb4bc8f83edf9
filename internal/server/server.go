// Package server runs a service: one port for HTTP and gRPC, a health endpoint, log lines with the
// request's trace, and a shutdown within Cloud Run's ten seconds.
//
// Every service's main function calls [Main] with the service's Open. Tests and heektime dev call Open
// themselves, and [Serve].
package server

import (
	"cmp"
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

// Service is a service that is ready to serve.
type Service struct {
	// Handler serves everything but /health.
	Handler http.Handler
	// Front wraps everything that is served, /health included. The local cloud puts here what Cloud Run
	// has in front of a service; nil in production.
	Front func(http.Handler) http.Handler
	// Close releases the service's resources after the last request; nil if it has none.
	Close func() error
	// RetryOn503 says that the service responds 503 to ask for a retry, which Cloud Tasks and Cloud
	// Scheduler make. Then 503 is not an error of the server.
	RetryOn503 bool
	// Log receives a line when many requests fail, as [ReportErrors] describes; nil for none. [Main] sets
	// it.
	Log *slog.Logger
	// ReadTimeout is how long a client may take to send a request, with its body. The default is
	// seven seconds.
	ReadTimeout time.Duration
}

// Open builds a service from its environment. It reports everything that is wrong with the
// environment, leaves nothing open when it fails, and does not call out: a service starts while a
// caller waits for it.
type Open func(ctx context.Context, env *environment.Variables, log *slog.Logger) (*Service, error)

// stopTimeout is how long requests may take to end after SIGTERM. Cloud Run kills the process after
// ten seconds.
//
// Source: https://cloud.google.com/run/docs/container-contract#instance-shutdown
const stopTimeout = 8 * time.Second

// readTimeout is the default of [Service.ReadTimeout]. It is shorter than stopTimeout, so that a client
// that stops sending does not keep the service from stopping.
const readTimeout = stopTimeout - time.Second

// Main is the body of every service's main function. It serves on $PORT until SIGTERM. If it cannot,
// it logs one line and exits with code 1.
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

// relaxCollector lets the heap grow to three times the live data, within half of an instance's
// 512 MiB. A refresh makes much garbage in a tenth of a second and then sleeps: collecting it costs
// CPU time, while the memory is paid for anyway. A higher value would take the longest lists above
// 100 MB. The environment variable GOGC overrides it.
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
	service.Log = log
	log.Info("serving", "address", l.Addr().String())
	return Serve(ctx, l, service)
}

// Serve serves on l until ctx ends. Then it lets running requests finish, and closes the service.
//
// Its read timeout is the only deadline for bodies, and handlers need none of their own. It also covers
// what no handler sees: before net/http sends a response, and again when the handler has returned, it
// reads up to 256 KiB of the rest of the body, to use the connection again. A handler that clears the
// deadline after an incomplete body makes that read wait forever, and a stop with it. After the timeout
// the read fails, and net/http sends the response with "Connection: close". The timeout does not limit
// handlers: net/http clears the deadline when a body has been read to its end. With HTTP/2 each stream
// has its own timeout, which ends the body only, so a response may stream for longer.
//
// Sources: net/http, Go 1.26: chunkWriter.writeHeader, body.Close, connReader.startBackgroundRead,
// http2serverConn.processHeaders; https://pkg.go.dev/net/http#Server
func Serve(ctx context.Context, l net.Listener, service *Service) error {
	handler := withHealth(service.Handler)
	if service.Log != nil {
		handler = ReportErrors(handler, service.Log, service.RetryOn503, time.Now)
	}
	if service.Front != nil {
		handler = service.Front(handler)
	}
	srv := &http.Server{
		Handler:        handler,
		ReadTimeout:    cmp.Or(service.ReadTimeout, readTimeout),
		IdleTimeout:    2 * time.Minute,
		MaxHeaderBytes: 64 << 10,
		Protocols:      new(http.Protocols),
	}
	srv.Protocols.SetHTTP1(true)
	srv.Protocols.SetUnencryptedHTTP2(true) // for gRPC: Cloud Run terminates TLS
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(l) }()
	select {
	case err := <-failed:
		return errors.Join(fmt.Errorf("serve: %w", err), service.close())
	case <-ctx.Done():
	}
	stopCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	err := srv.Shutdown(stopCtx)
	if err != nil {
		err = errors.Join(fmt.Errorf("requests still running %v after the stop: %w", stopTimeout, err), srv.Close())
	}
	return errors.Join(err, service.close())
}

func (s *Service) close() error {
	if s.Close == nil {
		return nil
	}
	return s.Close()
}

// withHealth answers GET /health with 200 as soon as the service serves. The path is not /healthz,
// because Google's front end reserves that on run.app domains.
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
