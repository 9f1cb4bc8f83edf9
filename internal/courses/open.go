package courses

import (
	"context"
	"log/slog"
	"net/http"

	"google.golang.org/grpc"

	"heek.kr/heektime/internal/environment"
	"heek.kr/heektime/internal/lecturespb"
	"heek.kr/heektime/internal/oidcauth"
	"heek.kr/heektime/internal/server"
)

// Open builds the service from its environment:
//
//	COURSES_FILES  directory that file: URLs may read; empty, as in production, allows none
//	OIDC_AUDIENCE, ALLOWED_CALLERS, OIDC_CERTS_URL: see oidcauth.FromEnvironment
func Open(_ context.Context, env *environment.Variables, log *slog.Logger) (*server.Service, error) {
	check := oidcauth.FromEnvironment(env)
	if err := env.Err(); err != nil {
		return nil, err
	}
	callers, err := oidcauth.NewChecker(check)
	if err != nil {
		return nil, err
	}
	service, err := New(Config{FilesRoot: env.Optional("COURSES_FILES", ""), Logger: log})
	if err != nil {
		return nil, err
	}
	// A request takes a few kilobytes. The low limit matters because Cloud Run sends up to 80 requests
	// to an instance, and the lists already need the memory.
	srv := grpc.NewServer(grpc.StreamInterceptor(callers.StreamInterceptor), grpc.MaxRecvMsgSize(256<<10))
	lecturespb.RegisterLecturesServer(srv, service)
	return &server.Service{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		srv.ServeHTTP(noFlush{w}, r)
	})}, nil
}

// noFlush is a ResponseWriter that sends only when its buffer is full or the call ends. gRPC over
// net/http flushes after each message, which would take as long as reading the list. Nothing is
// gained by it: the first lecture is sent only after the last one was read.
type noFlush struct{ http.ResponseWriter }

// Flush does nothing. gRPC requires an http.Flusher.
func (noFlush) Flush() {}
