package oidcauth

import (
	"errors"
	"log/slog"
	"net/http"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// Require passes calls of allowed callers to next. It responds 401 or 403 to all others, and logs why.
func (c *Checker) Require(next http.Handler, log *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := c.Check(r.Context(), r.Header)
		switch {
		case err == nil:
			next.ServeHTTP(w, r)
			return
		case errors.Is(err, ErrForbidden):
			http.Error(w, ErrForbidden.Error(), http.StatusForbidden)
		default:
			w.Header().Set("WWW-Authenticate", "Bearer")
			http.Error(w, ErrUnauthenticated.Error(), http.StatusUnauthorized)
		}
		log.WarnContext(r.Context(), "call rejected", "path", r.URL.Path, "error", err.Error())
	})
}

// StreamInterceptor does what [Checker.Require] does, for the streaming methods of a gRPC server.
func (c *Checker) StreamInterceptor(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, next grpc.StreamHandler) error {
	header := http.Header{}
	md, _ := metadata.FromIncomingContext(stream.Context())
	for _, name := range []string{"Authorization", "X-Serverless-Authorization"} {
		header[name] = md.Get(name)
	}
	_, err := c.Check(stream.Context(), header)
	switch {
	case errors.Is(err, ErrForbidden):
		return status.Error(codes.PermissionDenied, err.Error())
	case err != nil:
		return status.Error(codes.Unauthenticated, err.Error())
	}
	return next(srv, stream)
}
