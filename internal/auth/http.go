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
	"time"

	"heek.kr/heektime/internal/deletion"
	"heek.kr/heektime/internal/loginthrottle"
)

// maxBody bounds a request's body: the longest address and password, and the longest way to write them in JSON.
const maxBody = 16 << 10

// Handler serves the calls of clients:
//
//	POST /login/     {"email", "password"} → 200 {"uid", "token"}, 400
//	POST /register/  {"email", "password"} → 201 {"uid"}, 400, 409
//
// and, with "Authorization: Bearer <ID token>" of somebody who has just signed in:
//
//	POST /account/delete/   → 200 {"until"}, 401
//	POST /account/restore/  → 200 {"uid"}, 401, 410
//
// and OPTIONS on all, for browsers. Errors are {"code", "message"}; 429 and 503 say in Retry-After when to try again.
type Handler struct {
	// Service signs people in.
	Service *Service
	// Deletion ends accounts.
	Deletion *deletion.Service
	// Origins are the web pages, as "https://host", that may call.
	Origins []string
	// Hops are the proxies in front of the service; see [Client].
	Hops int
}

// Only these paths exist. A mux would answer others with redirects, which a browser's preflight must not get.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	headers := "Content-Type"
	var post func()
	switch r.URL.Path {
	case "/login/":
		post = func() { h.post(w, r, h.login) }
	case "/register/":
		post = func() { h.post(w, r, h.register) }
	case "/account/delete/":
		headers, post = "Authorization, Content-Type", func() { h.account(w, r, h.deleteAccount) }
	case "/account/restore/":
		headers, post = "Authorization, Content-Type", func() { h.account(w, r, h.restoreAccount) }
	default:
		answer(w, http.StatusNotFound, problem{"not-found", "There is only POST /login/, /register/, /account/delete/ and /account/restore/."})
		return
	}
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	header.Add("Vary", "Origin")
	if origin := r.Header.Get("Origin"); origin != "" {
		if !slices.Contains(h.Origins, origin) {
			// Not even tried: no web page makes its visitors guess passwords for it.
			answer(w, http.StatusForbidden, problem{"origin", "This web page may not call."})
			return
		}
		header.Set("Access-Control-Allow-Origin", origin)
		header.Set("Access-Control-Expose-Headers", "Retry-After")
	}
	switch r.Method {
	case http.MethodOptions:
		header.Set("Access-Control-Allow-Methods", "POST")
		header.Set("Access-Control-Allow-Headers", headers)
		header.Set("Access-Control-Max-Age", "7200") // the longest that Chromium heeds
		w.WriteHeader(http.StatusNoContent)
	case http.MethodPost:
		post()
	default:
		header.Set("Allow", "OPTIONS, POST")
		answer(w, http.StatusMethodNotAllowed, problem{"method", "Use POST."})
	}
}

func (h *Handler) post(w http.ResponseWriter, r *http.Request, call func(context.Context, SignIn) (int, any, error)) {
	// A caller that sends its body a byte a minute is as good as one that sends none. Once it is read the deadline goes, or it
	// would end a login that takes longer. A recorder has no deadlines, and needs none.
	connection := http.NewResponseController(w)
	_ = connection.SetReadDeadline(time.Now().Add(10 * time.Second))
	a, err := read(http.MaxBytesReader(w, r.Body, maxBody))
	_ = connection.SetReadDeadline(time.Time{})
	if err != nil {
		answer(w, http.StatusBadRequest, problem{"body", err.Error()})
		return
	}
	a.ClientIP = ClientIP(r, h.Hops)
	status, body, err := call(r.Context(), a)
	h.reply(w, r, h.Service.log, status, body, err)
}

// reply answers a call and tells the log what came of it.
func (h *Handler) reply(w http.ResponseWriter, r *http.Request, log *slog.Logger, status int, body any, err error) {
	outcome := "ok"
	if err != nil {
		var p problem
		status, p = refusal(w.Header(), err)
		outcome, body = p.Code, p
	}
	log = log.With("call", r.URL.Path, "outcome", outcome, "status", status)
	if errors.Is(err, ErrUnavailable) {
		log.ErrorContext(r.Context(), "sign-in", "error", err.Error())
	} else {
		log.InfoContext(r.Context(), "sign-in")
	}
	answer(w, status, body)
}

// read decodes a body. Fields that are not known are ignored: clients in the field may send some. Its errors quote nothing,
// since a JSON error may quote a password.
func read(body io.Reader) (SignIn, error) {
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

// Token makes the custom token that a client signs in to Authentication with; it is good for an hour. On Google Cloud that is
// one call to IAM, which signs.
func (s *Service) Token(ctx context.Context, account *Account) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, loginTime)
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

// problem is the body of an error's answer.
type problem struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// refusal is how an error is answered.
func refusal(header http.Header, err error) (int, problem) {
	var wait *loginthrottle.TooManyError
	switch {
	case errors.Is(err, ErrWrong):
		return http.StatusBadRequest, problem{"wrong-credentials", "Wrong e-mail address or password."}
	case errors.Is(err, ErrInvalid):
		return http.StatusBadRequest, problem{"invalid", err.Error()}
	case errors.Is(err, ErrTaken):
		return http.StatusConflict, problem{"taken", "The e-mail address has an account already."}
	case errors.Is(err, ErrSignedOut):
		header.Set("WWW-Authenticate", "Bearer")
		return http.StatusUnauthorized, problem{"signed-out", "Sign in first."}
	case errors.Is(err, ErrNotFresh):
		header.Set("WWW-Authenticate", "Bearer")
		return http.StatusUnauthorized, problem{"not-fresh", "Sign in again first."}
	case errors.Is(err, deletion.ErrTooLate):
		return http.StatusGone, problem{"too-late", "The account is being deleted, and cannot be taken back any more."}
	case errors.As(err, &wait):
		header.Set("Retry-After", strconv.Itoa(max(1, int(math.Ceil(wait.Wait.Seconds())))))
		return http.StatusTooManyRequests, problem{"too-many-attempts", "Too many attempts. Try again later."}
	}
	header.Set("Retry-After", "5")
	return http.StatusServiceUnavailable, problem{"unavailable", "Sign-in is not available now. Try again."}
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body) // a caller that has gone cannot be told
}
