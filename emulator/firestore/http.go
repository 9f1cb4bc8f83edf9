package firestore

import (
	"io"
	"net/http"
	"strings"
	"time"

	"google.golang.org/grpc/codes"

	"heek.kr/heektime/emulator/firestore/internal/rest"
	"heek.kr/heektime/emulator/firestore/internal/service"
	"heek.kr/heektime/emulator/internal/cors"
	"heek.kr/heektime/emulator/internal/emulatorauth"
)

// A commit of the largest size takes 30 MiB as JSON when it is Korean text in a form, where every byte is three.
const (
	maxBodyBytes   = 36 << 20
	maxBodiesBytes = 256 << 20
)

// bodyPatience is how long a client may take to send a request.
const bodyTimeout = time.Minute

// Handler is the server for HTTP/1.1: the REST API below /v1/, WebChannels below /google.firestore.v1.Firestore/, which the
// SDKs in browsers use, and what is only an emulator's below /emulator/v1/. Pages of this machine and of private networks
// may call, and those of origins, such as "https://example.com"; "*" lets all in.
func (s *Server) Handler(origins []string) http.Handler {
	calls := &rest.Handler{Service: &service.Service{Engine: s.engine}, Auth: new(emulatorauth.Authenticator), Bodies: s.bodies}
	own := &control{server: s, intake: s.bodies}
	return cors.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength != 0 { // also of a body that nobody reads, for which the server waits before it goes on
			http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyTimeout))
		}
		switch path := r.URL.EscapedPath(); { // not a ServeMux, which would tidy the names of documents
		case strings.HasPrefix(path, "/v1/"):
			calls.ServeHTTP(w, r)
		case strings.HasPrefix(path, "/emulator/v1/"):
			own.ServeHTTP(w, r)
		case path == listenPath || path == writePath:
			s.channels.ServeHTTP(w, r)
		case path == "/" && (r.Method == http.MethodGet || r.Method == http.MethodHead):
			io.WriteString(w, "Ok\n") // as Google's emulator says; tools wait for it
		default:
			rest.WriteError(w, http.StatusNotFound, codes.NotFound, "Firestore has nothing at "+r.URL.Path+".")
		}
	}), origins)
}
