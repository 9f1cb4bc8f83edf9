package auth

import (
	"errors"
	"net/http"

	"heek.kr/heektime/emulator/internal/account"
	"heek.kr/heektime/emulator/internal/httpjson"
	"heek.kr/heektime/emulator/internal/password"
)

// apiError is an error response.
type apiError struct {
	code    int    // HTTP status
	status  string // the canonical name; the Identity Toolkit's own errors, all 400, have none
	reason  string
	message string // a code such as EMAIL_EXISTS, optionally followed by " : " and a sentence
}

func (e *apiError) Error() string { return e.message }

// toolkitError returns an error of the Identity Toolkit. SDKs read the code before " : ".
// Source: https://cloud.google.com/identity-platform/docs/use-rest-api
func toolkitError(message string) error {
	return &apiError{http.StatusBadRequest, "", "invalid", message}
}

func invalidArgument(message string) error {
	return &apiError{http.StatusBadRequest, "INVALID_ARGUMENT", "invalid", message}
}

// notEmulated returns an error for a feature that is missing, with status 501 as in the official
// emulator.
func notEmulated(feature string) error {
	return &apiError{http.StatusNotImplemented, "NOT_IMPLEMENTED", "unimplemented", "This emulator does not support " + feature + "."}
}

var (
	errNoTenants = toolkitError("UNSUPPORTED_TENANT_OPERATION : This emulator has no tenants; omit the tenant id.")
	errNoKey     = &apiError{http.StatusForbidden, "PERMISSION_DENIED", "forbidden", "The request is missing a valid API key."}
	errNoBearer  = &apiError{http.StatusUnauthorized, "UNAUTHENTICATED", "required", "Request is missing required authentication credential. Expected OAuth 2 access token; with an emulator, send the header Authorization: Bearer owner."}
	errBadBearer = &apiError{http.StatusUnauthorized, "UNAUTHENTICATED", "authError", "Request had invalid authentication credentials. Expected OAuth 2 access token, not a user's ID token; with an emulator, send the header Authorization: Bearer owner."}
	errTooLarge  = &apiError{http.StatusRequestEntityTooLarge, "INVALID_ARGUMENT", "uploadTooLarge", "Request payload size exceeds the limit."}
)

// asAPIError translates an error to a response.
func asAPIError(err error) *apiError {
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

// fail responds with an error.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	e := asAPIError(err)
	if e.code == http.StatusInternalServerError {
		s.log.ErrorContext(r.Context(), "auth request failed", "method", r.Method, "path", r.URL.Path, "error", err)
	}
	respond(w, e.code, map[string]errorBody{"error": {
		Code: e.code, Message: e.message, Status: e.status,
		Errors: []errorItem{{Message: e.message, Domain: "global", Reason: e.reason}},
	}})
}

// respond writes a response that nobody may cache.
func respond(w http.ResponseWriter, status int, v any) {
	h := w.Header()
	h.Set("Cache-Control", "no-cache, no-store, max-age=0, must-revalidate")
	h.Set("X-Content-Type-Options", "nosniff")
	httpjson.Write(w, status, v)
}
