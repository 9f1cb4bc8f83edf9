// Package identitytoolkit asks Firebase Authentication the one thing that the Admin SDK cannot: whether a password is right.
// It is the call that a client's SDK makes to sign in.
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
	// ErrRefused says that address and password are not those of an account that may sign in.
	ErrRefused = errors.New("password refused by Authentication")
	// ErrThrottled says that Authentication has had too many wrong passwords for now.
	ErrThrottled = errors.New("no more attempts wanted by Authentication for now")
)

// Client checks passwords.
type Client struct {
	url  string
	key  string
	http *http.Client
}

// New makes a client with a web API key. emulator is the host:port of FIREBASE_AUTH_EMULATOR_HOST, "" for Google's own.
// client must have a time-out.
func New(key, emulator string, client *http.Client) (*Client, error) {
	switch {
	case key == "":
		return nil, errors.New("sign-in needs a web API key")
	case client == nil || client.Timeout <= 0:
		return nil, errors.New("sign-in needs an HTTP client with a time-out")
	}
	base := "https://identitytoolkit.googleapis.com"
	if emulator != "" {
		base = "http://" + emulator + "/identitytoolkit.googleapis.com"
	}
	return &Client{url: base + "/v1/accounts:signInWithPassword", key: key, http: client}, nil
}

// maxAnswer bounds an answer; a token is a kilobyte or two.
const maxAnswer = 64 << 10

// SignIn says whose password it is, and gives the claims that the account has for good. The error wraps [ErrRefused] or
// [ErrThrottled], or says what is wrong with Authentication. It holds nothing of what was sent, even if the answer does.
func (c *Client) SignIn(ctx context.Context, email, password string) (uid string, claims map[string]any, err error) {
	body, err := json.Marshal(map[string]any{"email": email, "password": password, "returnSecureToken": true})
	if err != nil {
		return "", nil, errors.New("encode the sign-in")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(body))
	if err != nil {
		return "", nil, fmt.Errorf("sign in at Authentication: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Goog-Api-Key", c.key) // in the address it would stand in errors
	answer, err := c.http.Do(req)
	if err != nil {
		return "", nil, fmt.Errorf("sign in at Authentication: %w", err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err != nil {
		return "", nil, fmt.Errorf("sign in at Authentication: answer ends early: %w", err)
	}
	if answer.StatusCode != http.StatusOK {
		return "", nil, refusal(answer.StatusCode, text)
	}
	var signedIn struct {
		LocalID string `json:"localId"`
		Email   string `json:"email"`
		IDToken string `json:"idToken"`
	}
	switch err := json.Unmarshal(text, &signedIn); {
	case err != nil || signedIn.LocalID == "":
		return "", nil, errors.New("sign in at Authentication: its answer is no account")
	case !strings.EqualFold(signedIn.Email, email):
		return "", nil, errors.New("sign in at Authentication: its answer is about another address")
	case signedIn.IDToken == "":
		// An account with a second factor: a custom token would go round it.
		return "", nil, fmt.Errorf("%w: the account wants a second factor", ErrRefused)
	}
	claims, err = payload(signedIn.IDToken)
	return signedIn.LocalID, claims, err
}

// payload reads a token that came from Authentication itself, so that its signature proves nothing more.
func payload(token string) (claims map[string]any, err error) {
	parts := strings.Split(token, ".")
	if len(parts) == 3 {
		if text, err := base64.RawURLEncoding.DecodeString(parts[1]); err == nil && json.Unmarshal(text, &claims) == nil {
			return claims, nil
		}
	}
	return nil, errors.New("sign in at Authentication: its token is no JWT")
}

// refusal is what an error answer means. Its text goes no further, but for codes that are known.
func refusal(statusCode int, text []byte) error {
	var answer struct {
		Error struct {
			Message string `json:"message"`
		} `json:"error"`
	}
	_ = json.Unmarshal(text, &answer) // an answer without a code has none
	code, _, _ := strings.Cut(answer.Error.Message, " ")
	switch code {
	// INVALID_EMAIL: an old address need not be one that Authentication takes.
	case "EMAIL_NOT_FOUND", "INVALID_PASSWORD", "INVALID_LOGIN_CREDENTIALS", "INVALID_EMAIL", "USER_DISABLED":
		return fmt.Errorf("%w: %s", ErrRefused, code)
	case "TOO_MANY_ATTEMPTS_TRY_LATER", "QUOTA_EXCEEDED":
		return fmt.Errorf("%w: %s", ErrThrottled, code)
	case "OPERATION_NOT_ALLOWED", "PASSWORD_LOGIN_DISABLED":
		return fmt.Errorf("sign in at Authentication: %s: switch on the provider E-mail/Password", code)
	}
	if statusCode == http.StatusTooManyRequests {
		return ErrThrottled
	}
	return fmt.Errorf("sign in at Authentication: it answered %d", statusCode)
}
