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
		_, err := c.Check(r.Context(), r.Header.Get("Authorization"))
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
	var authorization string
	if md, _ := metadata.FromIncomingContext(stream.Context()); len(md.Get("authorization")) > 0 {
		authorization = md.Get("authorization")[0]
	}
	_, err := c.Check(stream.Context(), authorization)
	switch {
	case errors.Is(err, ErrForbidden):
		return status.Error(codes.PermissionDenied, err.Error())
	case err != nil:
		return status.Error(codes.Unauthenticated, err.Error())
	}
	return next(srv, stream)
}
