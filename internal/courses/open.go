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
//	COURSES_FILES  folder under which file: URLs may read; none when empty, as in production
//	OIDC_AUDIENCE, ALLOWED_CALLERS, OIDC_CERTS_URL: see caller.FromEnvironment
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
	// A request is some kilobytes; Cloud Run lets an instance have 80 at once, and a list takes memory.
	srv := grpc.NewServer(grpc.StreamInterceptor(callers.StreamInterceptor), grpc.MaxRecvMsgSize(256<<10))
	lecturespb.RegisterLecturesServer(srv, service)
	return &server.Service{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		srv.ServeHTTP(noFlush{w}, r)
	})}, nil
}

// unhurried sends what is written when a buffer is full or the call has ended. gRPC over net/http would flush each lecture on
// its own, which takes as long as reading the list; and nobody waits for the first one, since none is sent before the
// last has been read.
type noFlush struct{ http.ResponseWriter }

// Flush does nothing; that there is a Flush is asked for.
func (noFlush) Flush() {}
