// Package rest serves the REST API of google.firestore.v1.Firestore. A [Handler] finds the method
// for a request (route.go), builds the method's message from path, query and body (bind.go), calls
// the service (call.go) and writes the returned messages as JSON (response.go).
package rest

import (
	"net/http"
	"net/url"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/emulator/billing"
	"heek.kr/heektime/emulator/firestore/internal/guard"
	"heek.kr/heektime/emulator/firestore/internal/service"
	"heek.kr/heektime/emulator/internal/emulatorauth"
	"heek.kr/heektime/emulator/internal/httplimit"
)

// writeTimeout is how long a client may read nothing of its response.
const writeTimeout = 30 * time.Second

// Handler serves everything under /v1/ and /v1beta1/.
type Handler struct {
	// Service must not splice, because its messages are read here.
	Service *service.Service
	// Auth authenticates callers.
	Auth *emulatorauth.Authenticator
	// Bodies reads request bodies.
	Bodies *httplimit.BodyReader
}

// ServeHTTP implements [http.Handler].
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	route, path, known := match(r)
	switch {
	case route == nil && known:
		WriteError(w, http.StatusMethodNotAllowed, codes.Unimplemented, r.Method+" is not allowed at "+r.URL.Path+".")
		return
	case route == nil && malformed(r.URL.EscapedPath()) != nil:
		WriteError(w, http.StatusBadRequest, codes.InvalidArgument, status.Convert(malformed(r.URL.EscapedPath())).Message())
		return
	case route == nil:
		WriteError(w, http.StatusNotFound, codes.NotFound, "The Firestore API has nothing at "+r.Method+" "+r.URL.Path+".")
		return
	}
	out := newResponse(w, route.call.streams)
	out.end(h.serve(w, r, route, path, out))
}

// serve calls the method of a route and sends what it returns to out.
func (h *Handler) serve(w http.ResponseWriter, r *http.Request, route *route, path map[string]string, out *response) error {
	body, err := h.Bodies.Read(w, r)
	if err != nil {
		return err
	}
	defer body.Release()
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil { // the part that does not parse may be the mask or precondition of a write
		return status.Error(codes.InvalidArgument, "Invalid query parameters: "+err.Error())
	}
	out.pretty = query.Get("prettyPrint") == "true"
	m, err := route.request(query, body.Bytes, path)
	if err != nil {
		return err
	}
	return route.call.do(r.Context(), h.Service, h.caller(r, query), m, out.send)
}

// caller identifies the caller by the Authorization header or, as in other Google APIs, the
// access_token parameter.
func (h *Handler) caller(r *http.Request, query url.Values) guard.Caller {
	authorization := r.Header.Get("Authorization")
	if token := query.Get("access_token"); authorization == "" && token != "" {
		authorization = "Bearer " + token
	}
	who := h.Auth.Authenticate(authorization)
	who.Service, who.Action = billing.ServiceOf(r.Context()), r.Header.Get(billing.ActionHeader)
	return who
}
