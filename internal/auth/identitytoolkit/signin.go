// Package identitytoolkit verifies passwords with Firebase Authentication, which the Admin SDK cannot
// do. It makes the same REST call as the client SDKs' signInWithEmailAndPassword.
//
// Source: https://cloud.google.com/identity-platform/docs/reference/rest/v1/accounts/signInWithPassword
package identitytoolkit

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

var (
	// ErrRejected means that no enabled account has this address and password.
	ErrRejected = errors.New("password rejected by Authentication")
	// ErrThrottled means that Authentication rejects attempts for now, after too many wrong passwords.
	ErrThrottled = errors.New("sign-in attempts throttled by Authentication")
	// ErrQuota is an ErrThrottled for everybody: the project's quota is used up.
	ErrQuota = fmt.Errorf("%w: quota exceeded", ErrThrottled)
)

// Client verifies passwords. It is safe for concurrent use.
type Client struct {
	url  string
	key  string
	http *http.Client
}

// New creates a client with a web API key. emulator is the host:port of FIREBASE_AUTH_EMULATOR_HOST, or
// "" for Google's service. client must have a timeout.
func New(key, emulator string, client *http.Client) (*Client, error) {
	switch {
	case key == "":
		return nil, errors.New("sign-in needs a web API key")
	case client == nil || client.Timeout <= 0:
		return nil, errors.New("sign-in needs an HTTP client with a timeout")
	}
	base := "https://identitytoolkit.googleapis.com"
	if emulator != "" {
		base = "http://" + emulator + "/identitytoolkit.googleapis.com"
	}
	return &Client{url: base + "/v1/accounts:signInWithPassword", key: key, http: client}, nil
}

// maxResponse limits a response body; a token has a kilobyte or two.
const maxResponse = 64 << 10

// SignIn verifies a password and returns the account's uid and the claims of its ID token. The error
// wraps [ErrRejected] or [ErrThrottled], or describes what is wrong with Authentication. It never
// contains any part of the request, even if the response quotes it.
func (c *Client) SignIn(
	ctx context.Context, email, password string,
) (uid string, claims map[string]any, err error) {
	responseBody, err := c.call(ctx, email, password)
	if err != nil {
		return "", nil, err
	}
	var account struct {
		LocalID string `json:"localId"`
		Email   string `json:"email"`
		IDToken string `json:"idToken"`
	}
	switch err := json.Unmarshal(responseBody, &account); {
	case err != nil || account.LocalID == "":
		return "", nil, errors.New("sign in with Authentication: the response has no account")
	case !strings.EqualFold(account.Email, email):
		return "", nil, errors.New("sign in with Authentication: the response is for another address")
	case account.IDToken == "":
		// The account has a second factor, which a custom token would bypass.
		return "", nil, fmt.Errorf("%w: the account requires a second factor", ErrRejected)
	}
	claims, err = parseClaims(account.IDToken)
	return account.LocalID, claims, err
}

// call returns the body of a successful response.
func (c *Client) call(ctx context.Context, email, password string) ([]byte, error) {
	body, err := json.Marshal(map[string]any{"email": email, "password": password, "returnSecureToken": true})
	if err != nil {
		return nil, errors.New("encode the sign-in request")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("sign in with Authentication: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Goog-Api-Key", c.key) // not in the URL, which errors would quote
	response, err := c.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("sign in with Authentication: %w", err)
	}
	defer response.Body.Close()
	responseBody, err := io.ReadAll(io.LimitReader(response.Body, maxResponse))
	if err != nil {
		return nil, fmt.Errorf("sign in with Authentication: read the response: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		return nil, responseError(response.StatusCode, responseBody)
	}
	return responseBody, nil
}

// parseClaims returns the claims of an ID token. It does not verify the signature, since the token
// comes from Authentication itself.
func parseClaims(token string) (claims map[string]any, err error) {
	parts := strings.Split(token, ".")
	if len(parts) == 3 {
		payload, err := base64.RawURLEncoding.DecodeString(parts[1])
		if err == nil && json.Unmarshal(payload, &claims) == nil {
			return claims, nil
		}
	}
	return nil, errors.New("sign in with Authentication: the ID token is not a JWT")
}

// responseError converts an error response. It keeps known error codes only, since other text may quote
// the request.
func responseError(statusCode int, body []byte) error {
	var response struct {
		Error struct {
			Message string `json:"message"`
		} `json:"error"`
	}
	_ = json.Unmarshal(body, &response) // without a code, the status decides
	code, _, _ := strings.Cut(response.Error.Message, " ")
	switch code {
	// INVALID_EMAIL: the old system allowed addresses that Authentication does not.
	case "EMAIL_NOT_FOUND", "INVALID_PASSWORD", "INVALID_LOGIN_CREDENTIALS", "INVALID_EMAIL", "USER_DISABLED":
		return fmt.Errorf("%w: %s", ErrRejected, code)
	case "TOO_MANY_ATTEMPTS_TRY_LATER":
		return fmt.Errorf("%w: %s", ErrThrottled, code)
	case "QUOTA_EXCEEDED":
		return ErrQuota
	case "OPERATION_NOT_ALLOWED", "PASSWORD_LOGIN_DISABLED":
		return fmt.Errorf("sign in with Authentication: %s: enable the provider Email/Password", code)
	}
	if statusCode == http.StatusTooManyRequests {
		return ErrQuota
	}
	return fmt.Errorf("sign in with Authentication: unexpected status %d", statusCode)
}
