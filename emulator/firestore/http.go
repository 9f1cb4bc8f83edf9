package firestore

import (
	"io"
	"net/http"
	"strings"

	"google.golang.org/grpc/codes"

	"heek.kr/heektime/emulator/firestore/internal/rest"
	"heek.kr/heektime/emulator/firestore/internal/service"
	"heek.kr/heektime/emulator/internal/cors"
)

// The largest commit takes 30 MiB when it is Korean text in the form of a WebChannel, where each
// byte becomes three.
const (
	maxBodyBytes   = 36 << 20
	maxBodiesBytes = 256 << 20
)

// Handler returns the handler for HTTP/1.1. It serves the REST API under /v1/ and /v1beta1/, the WebChannels
// that the SDKs in browsers use under /google.firestore.v1.Firestore/, and the emulator's own API under
// /emulator/v1/ and at /reset. Pages served by this machine or a private network may call it, and pages of the
// given origins, such as "https://example.com"; "*" allows every origin. Rejected pages are logged.
func (s *Server) Handler(origins []string) http.Handler {
	api := &rest.Handler{Service: &service.Service{Engine: s.engine, Meter: s.meter}, Auth: s.auth, Bodies: s.bodies}
	control := &control{server: s, bodies: s.bodies}
	return cors.New(origins, s.log).Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// A ServeMux would clean the path, and with it the names of documents.
		switch path := r.URL.EscapedPath(); {
		case strings.HasPrefix(path, "/v1/"), strings.HasPrefix(path, "/v1beta1/"):
			api.ServeHTTP(w, r)
		case strings.HasPrefix(path, "/emulator/v1/"):
			control.ServeHTTP(w, r)
		case path == "/reset" && r.Method == http.MethodPost:
			control.reset(w)
		case path == listenPath || path == writePath:
			s.channels.ServeHTTP(w, r)
		case path == "/" && (r.Method == http.MethodGet || r.Method == http.MethodHead):
			io.WriteString(w, "Ok\n") // like Google's emulator; scripts wait for it
		default:
			rest.WriteError(w, http.StatusNotFound, codes.NotFound, "Firestore has nothing at "+r.URL.Path+".")
		}
	}))
}
