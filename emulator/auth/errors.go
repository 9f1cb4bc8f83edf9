package auth

import (
	"encoding/json"
	"errors"
	"net/http"

	"heek.kr/heektime/emulator/internal/account"
	"heek.kr/heektime/emulator/internal/password"
)

// apiError is an answer that is not a success.
type apiError struct {
	code    int    // of HTTP
	status  string // the canonical name; the Identity Toolkit's own errors, all 400, have none
	reason  string
	message string // a code like EMAIL_EXISTS, which may be followed by " : " and a sentence
}

func (e *apiError) Error() string { return e.message }

// refused is an error of the Identity Toolkit, by its code. SDKs read the code up to " : ".
// Source: https://cloud.google.com/identity-platform/docs/use-rest-api
func refused(message string) error {
	return &apiError{http.StatusBadRequest, "", "invalid", message}
}

func invalidArgument(message string) error {
	return &apiError{http.StatusBadRequest, "INVALID_ARGUMENT", "invalid", message}
}

// notEmulated answers 501 as the official emulator does.
func notEmulated(what string) error {
	return &apiError{http.StatusNotImplemented, "NOT_IMPLEMENTED", "unimplemented", "This emulator does not have " + what + "."}
}

var (
	errNoTenants = refused("UNSUPPORTED_TENANT_OPERATION : This emulator has no tenants; leave the tenant id out.")
	errNoKey     = &apiError{http.StatusForbidden, "PERMISSION_DENIED", "forbidden", "The request is missing a valid API key."}
	errNoBearer  = &apiError{http.StatusUnauthorized, "UNAUTHENTICATED", "required", "Request is missing required authentication credential. Expected OAuth 2 access token; with an emulator, send the header Authorization: Bearer owner."}
	errBadBearer = &apiError{http.StatusUnauthorized, "UNAUTHENTICATED", "authError", "Request had invalid authentication credentials. Expected OAuth 2 access token, not a user's ID token; with an emulator, send the header Authorization: Bearer owner."}
	errTooLarge  = &apiError{http.StatusRequestEntityTooLarge, "INVALID_ARGUMENT", "uploadTooLarge", "Request payload size exceeds the limit."}
)

// asAPI translates the errors of the packages below.
func asAPI(err error) *apiError {
	var known *apiError
	if errors.As(err, &known) {
		return known
	}
	var hash *password.Error
	if errors.As(err, &hash) {
		return &apiError{http.StatusBadRequest, "", "invalid", hash.Error()}
	}
	for reason, code := range map[error]string{
		account.ErrEmailExists:    "EMAIL_EXISTS",
		account.ErrPhoneExists:    "PHONE_NUMBER_EXISTS",
		account.ErrProviderExists: "FEDERATED_USER_ID_ALREADY_LINKED",
		account.ErrIDExists:       "DUPLICATE_LOCAL_ID",
	} {
		if errors.Is(err, reason) {
			return &apiError{http.StatusBadRequest, "", "invalid", code}
		}
	}
	return &apiError{http.StatusInternalServerError, "INTERNAL", "backendError", "Internal error encountered: " + err.Error()}
}

type errorItem struct {
	Message string `json:"message"`
	Domain  string `json:"domain"`
	Reason  string `json:"reason"`
}

type errorBody struct {
	Code    int         `json:"code"`
	Message string      `json:"message"`
	Errors  []errorItem `json:"errors"`
	Status  string      `json:"status,omitempty"`
}

func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	e := asAPI(err)
	if e.code == http.StatusInternalServerError {
		s.log.ErrorContext(r.Context(), "auth request failed", "method", r.Method, "path", r.URL.Path, "error", err)
	}
	writeJSON(w, e.code, map[string]errorBody{"error": {
		Code: e.code, Message: e.message, Status: e.status,
		Errors: []errorItem{{Message: e.message, Domain: "global", Reason: e.reason}},
	}})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	body, err := json.MarshalIndent(v, "", "  ")
	if err != nil { // a field that no JSON can hold is a mistake in this package
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/json; charset=UTF-8")
	h.Set("Cache-Control", "no-cache, no-store, max-age=0, must-revalidate")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	w.Write(append(body, '\n')) // a client that went away is nobody to tell
}
