package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"heek.kr/heektime/compat-server/passthrough"
	"heek.kr/heektime/compat-server/token"
)

// passThrough returns the proxy that serves calls on the side that has the data.
func (s *Server) passThrough(old OldServer) (*passthrough.Proxy, error) {
	return passthrough.New(passthrough.Config{
		OldServer: old.URL, Base: base, Views: old.Views, Here: s.echo, Fail: s.failBefore, Passed: s.passed,
		Tokens: s.tokens, OldTokens: old.Tokens, Sessions: s.accounts, Log: s.log,
		Held: old.Held.Held, Timeout: old.Timeout, HoldTimeout: old.HoldTimeout,
	})
}

// failBefore responds with an error to a call that no handler has seen.
func (s *Server) failBefore(w http.ResponseWriter, r *http.Request, err error) {
	c := s.echo.NewContext(r, w)
	c.SetPath("(not decided)")
	s.observe(s.allowBrowsers(func(echo.Context) error { return err }))(c)
}

// passed logs a call that the old server has responded to.
func (s *Server) passed(ctx context.Context, r *http.Request, call string, status int) {
	client := s.usage.count(ctx, r.UserAgent())
	code := "ok"
	if status >= http.StatusBadRequest {
		code = "passed" // the old server's code is in the body, which is not read
	}
	s.log.InfoContext(ctx, "call", "call", r.Method+" "+base+call, "status", status, "code", code,
		"client", client, "side", "old")
}

// checkToken verifies a token for a purpose. While data moves, it also accepts the old server's.
func (s *Server) checkToken(text string, purpose token.Purpose) (token.Session, error) {
	session, err := s.tokens.Check(text, purpose)
	if s.old != nil && errors.Is(err, token.ErrInvalid) {
		return s.old.OldTokens.Check(text, purpose)
	}
	return session, err
}

// sign signs a token of a session.
func (s *Server) sign(ctx context.Context, session token.Session, purpose token.Purpose) (string, error) {
	if s.old != nil {
		return s.old.Sign(ctx, session, purpose)
	}
	return s.tokens.Sign(session, purpose)
}
