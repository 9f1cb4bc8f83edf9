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

// maxRequest bounds a request, which takes a few kilobytes: several are in memory at a time, next to
// the lists.
const maxRequest = 256 << 10

// Open builds the service from its environment, which docs/deployment.md lists.
func Open(ctx context.Context, env *environment.Variables, log *slog.Logger) (*server.Service, error) {
	env.Required("GOOGLE_CLOUD_PROJECT", "the project that the traces in the log belong to") // for server.Main
	check := oidcauth.FromEnvironment(env)
	check.Now = server.Now(ctx)
	files := env.Optional("COURSES_FILES", "")
	if err := env.Err(); err != nil {
		return nil, err
	}
	callers, err := oidcauth.NewChecker(check)
	if err != nil {
		return nil, err
	}
	service, err := New(Config{FilesRoot: files, Log: log})
	if err != nil {
		return nil, err
	}
	srv := grpc.NewServer(grpc.StreamInterceptor(callers.StreamInterceptor), grpc.MaxRecvMsgSize(maxRequest))
	lecturespb.RegisterLecturesServer(srv, service)
	return &server.Service{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		srv.ServeHTTP(noFlush{w}, r)
	})}, nil
}

// noFlush sends data when a buffer is full or the call has ended. gRPC over net/http would flush
// after each lecture, which takes as long as reading the list. Nobody waits for the first lecture:
// none is sent before the last has been read.
type noFlush struct{ http.ResponseWriter }

// Flush does nothing. gRPC requires an http.Flusher.
func (noFlush) Flush() {}
