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

// freshness is how old a sign-in may be that ends an account or takes it back. Who finds a phone on the table has not signed in.
const freshness = 5 * time.Minute

var (
	// ErrSignedOut is a call without an ID token, or with one that is forged, expired, or of a session that has ended.
	ErrSignedOut = errors.New("not signed in")
	// ErrNotFresh is a call whose sign-in is longer ago than [freshness].
	ErrNotFresh = errors.New("signed in too long ago")
)

// Fresh says whose ID token this is, if its session still runs and began a moment ago. The error wraps [ErrSignedOut],
// [ErrNotFresh] or [ErrUnavailable].
func (s *Service) Fresh(ctx context.Context, idToken string) (uid string, err error) {
	token, err := s.accounts.VerifyIDTokenAndCheckRevoked(ctx, idToken)
	switch {
	case firebaseauth.IsIDTokenInvalid(err), firebaseauth.IsUserDisabled(err), firebaseauth.IsUserNotFound(err):
		return "", ErrSignedOut // and those that are revoked or expired, which are invalid, too
	case err != nil:
		return "", fmt.Errorf("%w: %w", ErrUnavailable, upstream("check an ID token", err))
	case s.now().Sub(time.Unix(token.AuthTime, 0)) > freshness:
		return "", ErrNotFresh
	}
	return token.UID, nil
}

// deleteAccount answers until when the account can be taken back. Its sessions have ended then, the caller's too: a call that
// is repeated is answered as signed out.
func (h *Handler) deleteAccount(ctx context.Context, uid string) (any, error) {
	mark, err := h.Deletion.Request(ctx, uid)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return map[string]time.Time{"until": mark.Until}, nil
}

func (h *Handler) restoreAccount(ctx context.Context, uid string) (any, error) {
	err := h.Deletion.Restore(ctx, uid)
	if err != nil && !errors.Is(err, deletion.ErrTooLate) {
		err = fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return map[string]string{"uid": uid}, err
}

// account answers a call about the caller's own account. There is no body.
func (h *Handler) account(w http.ResponseWriter, r *http.Request, do func(ctx context.Context, uid string) (any, error)) {
	ctx, cancel := context.WithTimeout(r.Context(), loginTime)
	defer cancel()
	uid, body, err := "", any(nil), ErrSignedOut
	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		uid, err = h.Service.Fresh(ctx, token)
	}
	if err == nil {
		body, err = do(ctx, uid)
	}
	h.reply(w, r, h.Service.log.With("uid", uid), http.StatusOK, body, err)
}
