package subscriptions

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	firebaseauth "firebase.google.com/go/v4/auth"

	"heek.kr/heektime/internal/logline"
	"heek.kr/heektime/internal/ratelimit"
	"heek.kr/heektime/internal/schema"
	"heek.kr/heektime/internal/server"
)

// Errors of a request.
var (
	errSignedOut = errors.New("not signed in")
	errAnonymous = errors.New("signed in anonymously")
	errTooMany   = errors.New("too many calls")
)

// callLimit limits the calls of a user to this instance. A client makes one when it starts.
var callLimit = ratelimit.Limit{PerSecond: 0.1, Burst: 20}

// maxBody bounds a request's body.
const maxBody = 16 << 10

// Handler serves the HTTP API. Clients reach it through Hosting, at the origin of the web app: pages of other origins
// cannot call it, because it allows them no Authorization header.
func (s *Service) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /subscriptions/{$}", func(w http.ResponseWriter, r *http.Request) {
		uid, err := s.caller(r)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		var body struct {
			Token    string          `json:"token"`
			Language schema.Language `json:"language"`
		}
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&body); err != nil {
			s.fail(w, r, errors.Join(ErrInvalid, errors.New(`the body must be the JSON object {"token": "…", "language": "ko" or "en"}`)))
			return
		}
		id, err := s.Subscribe(r.Context(), uid, body.Token, body.Language)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		server.WriteJSON(w, http.StatusOK, map[string]string{"id": id})
	})
	mux.HandleFunc("DELETE /subscriptions/{id}", func(w http.ResponseWriter, r *http.Request) {
		uid, err := s.caller(r)
		if err == nil {
			err = s.Unsubscribe(r.Context(), uid, r.PathValue("id"))
		}
		if err != nil {
			s.fail(w, r, err)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
	return mux
}

// caller returns the signed-in user of a request. The session must still be active: a device keeps its notifications
// for two months, so a stolen ID token must not subscribe one after the password has changed.
func (s *Service) caller(r *http.Request) (uid string, err error) {
	text, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return "", errSignedOut
	}
	token, err := s.accounts.VerifyIDTokenAndCheckRevoked(r.Context(), text)
	switch {
	case firebaseauth.IsIDTokenInvalid(err), firebaseauth.IsUserDisabled(err), firebaseauth.IsUserNotFound(err):
		return "", errSignedOut // IsIDTokenInvalid includes revoked and expired tokens
	case err != nil:
		return "", err
	case token.Firebase.SignInProvider == "anonymous":
		return "", errAnonymous
	case s.calls.Take(token.UID, s.now()) > 0:
		return "", errTooMany
	}
	return token.UID, nil
}

// errorBody is the body of an error response.
type errorBody struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// fail responds to a request that failed.
func (s *Service) fail(w http.ResponseWriter, r *http.Request, err error) {
	var stopped *StoppedError
	code, body := http.StatusServiceUnavailable, errorBody{"unavailable", "Notifications are temporarily unavailable. Try again."}
	switch {
	case errors.Is(err, ErrInvalid):
		code, body = http.StatusBadRequest, errorBody{"invalid", err.Error()}
	case errors.Is(err, errSignedOut):
		w.Header().Set("WWW-Authenticate", "Bearer")
		code, body = http.StatusUnauthorized, errorBody{"signed-out", "Sign in first."}
	case errors.Is(err, errAnonymous):
		code, body = http.StatusForbidden, errorBody{"anonymous", "Sign in with an account."}
	case errors.Is(err, ErrHidden):
		code, body = http.StatusForbidden, errorBody{"hidden", "The account is blocked or about to be deleted."}
	case errors.As(err, &stopped):
		code, body = http.StatusForbidden, errorBody{"stopped", stopped.Message}
	case errors.Is(err, errTooMany):
		w.Header().Set("Retry-After", "10")
		code, body = http.StatusTooManyRequests, errorBody{"too-many-calls", "Too many calls. Try again later."}
	default:
		w.Header().Set("Retry-After", "5")
		s.log.ErrorContext(r.Context(), "subscription failed", logline.FieldError, err.Error())
	}
	server.WriteJSON(w, code, body)
}
