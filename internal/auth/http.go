package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"slices"
	"strconv"

	"heek.kr/heektime/internal/deletion"
	"heek.kr/heektime/internal/loginthrottle"
	"heek.kr/heektime/internal/logline"
	"heek.kr/heektime/internal/server"
)

// maxBody limits a request body. It has room for the longest address and password in the longest
// JSON encoding.
const maxBody = 16 << 10

// Handler serves the HTTP API:
//
//	POST /login/     {"email", "password"} → 200 {"uid", "token"}, 400
//	POST /register/  {"email", "password"} → 201 {"uid"}, 400, 409
//
// and, with the header "Authorization: Bearer <ID token>" from a recent sign-in:
//
//	POST /account/delete/   → 200 {"until"}, 401
//	POST /account/restore/  → 200 {"uid"}, 401, 410
//
// Every path also answers OPTIONS, for browsers' preflight requests. Errors are {"code", "message"};
// 429 and 503 carry a Retry-After header.
type Handler struct {
	// Service signs users in.
	Service *Service
	// Deletion deletes and restores accounts.
	Deletion *deletion.Service
	// Origins are the origins of web pages, like "https://host", that may call the API.
	Origins []string
	// Proxies are the trusted proxies in front of the service.
	Proxies Proxies
}

// ServeHTTP dispatches by exact path. It does not use http.ServeMux, which redirects near misses:
// browsers do not follow a redirect of a preflight request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	headers := "Content-Type"
	var post func()
	switch r.URL.Path {
	case "/login/":
		post = func() { h.handleSignIn(w, r, h.login) }
	case "/register/":
		post = func() { h.handleSignIn(w, r, h.register) }
	case "/account/delete/":
		headers, post = "Authorization, Content-Type", func() { h.handleAccount(w, r, h.deleteAccount) }
	case "/account/restore/":
		headers, post = "Authorization, Content-Type", func() { h.handleAccount(w, r, h.restoreAccount) }
	default:
		const message = "Unknown path. Use POST /login/, /register/, /account/delete/ or /account/restore/."
		server.WriteJSON(w, http.StatusNotFound, errorBody{"not-found", message})
		return
	}
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	header.Add("Vary", "Origin")
	if origin := r.Header.Get("Origin"); origin != "" {
		if !slices.Contains(h.Origins, origin) {
			// Reject before trying the password, so that a web page cannot make its visitors guess
			// passwords for it.
			server.WriteJSON(w, http.StatusForbidden, errorBody{"origin", "This origin is not allowed."})
			return
		}
		header.Set("Access-Control-Allow-Origin", origin)
		header.Set("Access-Control-Expose-Headers", "Retry-After")
	}
	switch r.Method {
	case http.MethodOptions:
		header.Set("Access-Control-Allow-Methods", "POST")
		header.Set("Access-Control-Allow-Headers", headers)
		header.Set("Access-Control-Max-Age", "7200") // the longest that Chromium honors
		w.WriteHeader(http.StatusNoContent)
	case http.MethodPost:
		post()
	default:
		header.Set("Allow", "OPTIONS, POST")
		server.WriteJSON(w, http.StatusMethodNotAllowed, errorBody{"method", "Use POST."})
	}
}

// handleSignIn serves a call with an address and a password.
func (h *Handler) handleSignIn(
	w http.ResponseWriter, r *http.Request, call func(context.Context, SignIn) (int, any, error),
) {
	a, err := decodeSignIn(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		server.WriteJSON(w, http.StatusBadRequest, errorBody{"body", err.Error()})
		return
	}
	a.ClientIP = h.Proxies.ClientIP(r)
	status, body, err := call(r.Context(), a)
	h.respond(w, r, h.Service.log, status, body, err)
}

// respond writes the response of a call and logs its outcome.
func (h *Handler) respond(
	w http.ResponseWriter, r *http.Request, log *slog.Logger, status int, body any, err error,
) {
	outcome := "ok"
	if err != nil {
		var e errorBody
		status, e = errorResponse(w.Header(), err)
		outcome, body = e.Code, e
	}
	log = log.With("call", r.URL.Path, "outcome", outcome, "status", status)
	if errors.Is(err, ErrUnavailable) {
		log.ErrorContext(r.Context(), "sign-in", logline.FieldError, err.Error())
	} else {
		log.InfoContext(r.Context(), "sign-in")
	}
	server.WriteJSON(w, status, body)
}

// decodeSignIn decodes a request body. It ignores unknown fields, which released clients may send. Its
// errors never quote the body, which holds a password.
func decodeSignIn(body io.Reader) (SignIn, error) {
	malformed := errors.New(`the body must be the JSON object {"email": "…", "password": "…"}`)
	var fields struct {
		Email    *string `json:"email"`
		Password *string `json:"password"`
	}
	d := json.NewDecoder(body)
	if d.Decode(&fields) != nil || fields.Email == nil || fields.Password == nil {
		return SignIn{}, malformed
	}
	if _, err := d.Token(); err != io.EOF {
		return SignIn{}, malformed
	}
	return SignIn{Email: *fields.Email, Password: *fields.Password}, nil
}

func (h *Handler) login(ctx context.Context, a SignIn) (int, any, error) {
	account, err := h.Service.Login(ctx, a)
	if err != nil {
		return 0, nil, err
	}
	token, err := h.Service.Token(ctx, account)
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, map[string]string{"uid": account.UID, "token": token}, nil
}

func (h *Handler) register(ctx context.Context, a SignIn) (int, any, error) {
	uid, err := h.Service.Register(ctx, a)
	return http.StatusCreated, map[string]string{"uid": uid}, err
}

// Token creates the custom token that a client uses to sign in to Authentication. It is valid for an
// hour. On Google Cloud this is one call to IAM, which signs the token.
func (s *Service) Token(ctx context.Context, account *Account) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, loginTimeout)
	defer cancel()
	var claims map[string]any
	if account.Legacy {
		claims = map[string]any{LegacyClaim: true}
	}
	token, err := s.accounts.CustomTokenWithClaims(ctx, account.UID, claims)
	if err != nil {
		return "", fmt.Errorf("%w: sign a custom token: %w", ErrUnavailable, err)
	}
	return token, nil
}

// errorBody is the body of an error response.
type errorBody struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// errorResponse returns the status and body for err, and sets the headers they need.
func errorResponse(header http.Header, err error) (int, errorBody) {
	var tooMany *loginthrottle.TooManyError
	var stopped *StoppedError
	switch {
	case errors.As(err, &stopped):
		// Not 503: nothing is broken, and an alert counts failures.
		return http.StatusForbidden, errorBody{"stopped", stopped.Message}
	case errors.Is(err, ErrWrong):
		return http.StatusBadRequest, errorBody{"wrong-credentials", "Wrong e-mail address or password."}
	case errors.Is(err, ErrInvalid):
		return http.StatusBadRequest, errorBody{"invalid", err.Error()}
	case errors.Is(err, ErrTaken):
		return http.StatusConflict, errorBody{"taken", "The e-mail address already has an account."}
	case errors.Is(err, ErrSignedOut):
		header.Set("WWW-Authenticate", "Bearer")
		return http.StatusUnauthorized, errorBody{"signed-out", "Sign in first."}
	case errors.Is(err, ErrNotFresh):
		header.Set("WWW-Authenticate", "Bearer")
		return http.StatusUnauthorized, errorBody{"not-fresh", "Sign in again first."}
	case errors.Is(err, deletion.ErrTooLate):
		return http.StatusGone, errorBody{"too-late", "The account is being deleted and can no longer be restored."}
	case errors.As(err, &tooMany):
		header.Set("Retry-After", strconv.Itoa(max(1, int(math.Ceil(tooMany.Wait.Seconds())))))
		return http.StatusTooManyRequests, errorBody{"too-many-attempts", "Too many attempts. Try again later."}
	}
	header.Set("Retry-After", "5")
	return http.StatusServiceUnavailable, errorBody{"unavailable", "Sign-in is temporarily unavailable. Try again."}
}
