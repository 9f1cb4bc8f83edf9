package api

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"regexp"
	"runtime/debug"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"heek.kr/heektime/compat-server/token"
	"heek.kr/heektime/internal/auth"
)

// callTime bounds a call; the longest is a login, which bounds itself at 20 seconds.
const callTime = 30 * time.Second

// requestID is what a client may call its request.
var requestID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// observe is around everything: it names the call, says when the API ends, survives a panic, answers errors, and logs one line.
func (s *Server) observe(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		began := s.now()
		ctx, cancel := context.WithTimeout(c.Request().Context(), callTime)
		defer cancel()
		c.SetRequest(c.Request().WithContext(ctx))
		id := c.Request().Header.Get(echo.HeaderXRequestID)
		if !requestID.MatchString(id) {
			id = rand.Text()
		}
		header := c.Response().Header()
		header.Set(echo.HeaderXRequestID, id)
		header.Set("X-HeekTime-Deprecated", s.endDate.Format(time.DateOnly))
		header.Set("Cache-Control", "no-store") // answers differ by who asks; the course lists say otherwise
		client := s.usage.count(ctx, c.Request().UserAgent())
		code := "ok"
		if err := survive(next, c); err != nil {
			code = toProblem(err).Code
			s.fail(err, c)
		}
		s.log.InfoContext(ctx, "call", "call", c.Request().Method+" "+c.Path(), "status", c.Response().Status, "code", code,
			"client", client, "request", id, "ms", s.now().Sub(began).Milliseconds())
		return nil
	}
}

// survive makes an error of a panic.
func survive(next echo.HandlerFunc, c echo.Context) (err error) {
	defer func() {
		switch p := recover(); {
		case p == http.ErrAbortHandler:
			panic(p) // net/http's own way to hang up
		case p != nil:
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return next(c)
}

// allowBrowsers answers preflights and lets pages of any origin read the answers: what they may see, their users' tokens say.
// Echo's own middleware makes answers differ by origin, which a CDN would have to keep apart.
func (s *Server) allowBrowsers(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		header := c.Response().Header()
		header.Set(echo.HeaderAccessControlAllowOrigin, "*")
		header.Set(echo.HeaderAccessControlExposeHeaders, "Retry-After, X-HeekTime-Deprecated, X-Request-Id")
		if c.Request().Method != http.MethodOptions {
			return next(c)
		}
		header.Set(echo.HeaderAccessControlAllowMethods, "GET, POST, PUT, DELETE")
		header.Set(echo.HeaderAccessControlAllowHeaders, "Authorization, Content-Type")
		header.Set(echo.HeaderAccessControlMaxAge, "7200") // the longest that Chromium heeds
		return c.NoContent(http.StatusNoContent)
	}
}

// callerKey is where identify leaves who calls.
const callerKey = "caller"

// caller is who calls.
type caller struct {
	token.Session
	// address of the network that the call comes from.
	address string
	// signedIn says that there was a good token, err that there was another one.
	signedIn bool
	err      error
}

// identify reads the access token, and lets nobody call too often: a user, or who has no good token by his network address.
func (s *Server) identify(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		who := caller{address: auth.ClientIP(c.Request(), s.hops)}
		if text := bearer(c.Request().Header.Get(echo.HeaderAuthorization)); text != "" {
			who.Session, who.err = s.tokens.Check(text, token.Access)
			who.signedIn = who.err == nil
		}
		c.Set(callerKey, who)
		limiter, key := s.limiter(who)
		if wait := limiter.wait(key, s.now()); wait > 0 {
			return errTooMany.after(wait)
		}
		return next(c)
	}
}

// limiter is what counts somebody's calls, and the key that they are counted under.
func (s *Server) limiter(who caller) (*limiter, string) {
	if who.signedIn {
		return &s.users, who.UID
	}
	return &s.addresses, who.address
}

// bearer is the token of an Authorization header, "" when there is none. Old apps say "Bearer null" when nobody is signed in.
func bearer(header string) string {
	scheme, text, _ := strings.Cut(header, " ")
	if text = strings.TrimSpace(text); !strings.EqualFold(scheme, "Bearer") || text == "null" {
		return ""
	}
	return text
}
