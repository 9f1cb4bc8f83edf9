package auth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	firebaseauth "firebase.google.com/go/v4/auth"

	"heek.kr/heektime/internal/deletion"
)

// maxSignInAge is how long ago a user may have signed in to delete or restore the account. Picking up
// somebody else's unlocked phone must not be enough.
const maxSignInAge = 5 * time.Minute

var (
	// ErrSignedOut means that the ID token is missing, forged or expired, or that its session has
	// ended.
	ErrSignedOut = errors.New("not signed in")
	// ErrNotFresh means that the user signed in more than five minutes ago.
	ErrNotFresh = errors.New("signed in too long ago")
)

// VerifyFresh verifies an ID token and returns its uid. The session must still be active and the user
// must have signed in within the last five minutes. The error wraps [ErrSignedOut], [ErrNotFresh] or
// [ErrUnavailable].
func (s *Service) VerifyFresh(ctx context.Context, idToken string) (uid string, err error) {
	token, err := s.accounts.VerifyIDTokenAndCheckRevoked(ctx, idToken)
	switch {
	case firebaseauth.IsIDTokenInvalid(err), firebaseauth.IsUserDisabled(err), firebaseauth.IsUserNotFound(err):
		return "", ErrSignedOut // IsIDTokenInvalid includes revoked and expired tokens
	case err != nil:
		return "", fmt.Errorf("%w: %w", ErrUnavailable, upstreamError("verify an ID token", err))
	case s.now().Sub(time.Unix(token.AuthTime, 0)) > maxSignInAge:
		return "", ErrNotFresh
	}
	return token.UID, nil
}

// deleteAccount returns until when the account can be restored. It ends all sessions, including the
// caller's, so a repeated call fails with [ErrSignedOut].
func (h *Handler) deleteAccount(ctx context.Context, uid string) (any, error) {
	pending, err := h.Deletion.Request(ctx, uid)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return map[string]time.Time{"until": pending.Until}, nil
}

func (h *Handler) restoreAccount(ctx context.Context, uid string) (any, error) {
	err := h.Deletion.Restore(ctx, uid)
	if err != nil && !errors.Is(err, deletion.ErrTooLate) {
		err = fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return map[string]string{"uid": uid}, err
}

// handleAccount serves a call on the caller's own account. It ignores the body.
func (h *Handler) handleAccount(
	w http.ResponseWriter, r *http.Request, do func(ctx context.Context, uid string) (any, error),
) {
	ctx, cancel := context.WithTimeout(r.Context(), loginTimeout)
	defer cancel()
	uid, body, err := "", any(nil), ErrSignedOut
	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		uid, err = h.Service.VerifyFresh(ctx, token)
	}
	if err == nil {
		body, err = do(ctx, uid)
	}
	h.respond(w, r, h.Service.log.With("uid", uid), http.StatusOK, body, err)
}
