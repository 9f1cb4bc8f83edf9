// Package rest is the REST API of google.firestore.v1.Firestore: requests become messages, messages become JSON.
package rest

import (
	"errors"
	"net/http"
	"net/url"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/emulator/firestore/internal/guard"
	"heek.kr/heektime/emulator/firestore/internal/service"
	"heek.kr/heektime/emulator/firestore/internal/wirejson"
	"heek.kr/heektime/emulator/internal/emulatorauth"
	"heek.kr/heektime/emulator/internal/httplimit"
)

// patience is how long a client may take nothing of its answer.
const writeTimeout = 30 * time.Second

// Handler answers everything under /v1/.
type Handler struct {
	// Service must not splice: its messages are read.
	Service *service.Service
	// Callers knows who makes a request.
	Callers *emulatorauth.Authenticator
	// Intake takes the bodies of requests.
	Intake *httplimit.BodyReader
}

// ServeHTTP answers one request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	route, path, known := find(r)
	switch {
	case route == nil && known:
		Refuse(w, http.StatusMethodNotAllowed, codes.Unimplemented, r.Method+" is not allowed at "+r.URL.Path+".")
		return
	case route == nil:
		Refuse(w, http.StatusNotFound, codes.NotFound, "The Firestore API has nothing at "+r.Method+" "+r.URL.Path+".")
		return
	}
	out := newAnswer(w, route.call.streams)
	out.end(h.answer(w, r, route, path, out))
}

func (h *Handler) answer(w http.ResponseWriter, r *http.Request, route *route, path map[string]string, out *answer) error {
	body, err := h.Intake.Read(w, r)
	if err != nil {
		return err
	}
	defer body.Release()
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil { // what cannot be read may be the mask or precondition of a write
		return status.Error(codes.InvalidArgument, "Invalid query parameters: "+err.Error())
	}
	out.pretty = query.Get("prettyPrint") == "true"
	m, err := route.read(query, body.Bytes, path)
	if err != nil {
		return err
	}
	return route.call.do(r.Context(), h.Service, h.caller(r), m, out.send)
}

// caller is who makes a request, by its header or, as in other Google APIs, by a parameter.
func (h *Handler) caller(r *http.Request) guard.Caller {
	authorization := r.Header.Get("Authorization")
	if token := r.URL.Query().Get("access_token"); authorization == "" && token != "" {
		authorization = "Bearer " + token
	}
	return h.Callers.Authenticate(authorization)
}

// Refuse answers a request that is not one, in the form of Google's errors.
func Refuse(w http.ResponseWriter, httpStatus int, code codes.Code, message string) {
	setHeader(w)
	w.WriteHeader(httpStatus)
	w.Write(append(wirejson.ErrorAs(httpStatus, code, message), '\n')) // a client that went away is nobody to tell
}

// RefuseBody answers a request whose body could not be taken; err is of [flow.Intake.Read].
func RefuseBody(w http.ResponseWriter, err error) {
	httpStatus, code := bodyError(err)
	Refuse(w, httpStatus, code, err.Error())
}

func bodyError(err error) (httpStatus int, code codes.Code) {
	var refused *httplimit.Error
	switch {
	case !errors.As(err, &refused):
		return http.StatusInternalServerError, codes.Internal
	case refused.Status == http.StatusServiceUnavailable:
		return refused.Status, codes.Unavailable
	}
	return refused.Status, codes.InvalidArgument
}

func setHeader(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Type", "application/json; charset=UTF-8")
	h.Set("Cache-Control", "private")
	h.Set("X-Content-Type-Options", "nosniff")
}
