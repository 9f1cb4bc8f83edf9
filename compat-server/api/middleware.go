package api

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"regexp"
	"runtime/debug"
	"time"

	"github.com/labstack/echo/v4"

	"heek.kr/heektime/compat-server/passthrough"
	"heek.kr/heektime/compat-server/token"
	"heek.kr/heektime/internal/ratelimit"
)

// callTimeout limits a call. The slowest is a sign-in, which has its own limit of 20 seconds.
const callTimeout = 30 * time.Second

// requestID matches the request IDs that are accepted from clients.
var requestID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// observe is the outermost middleware: it assigns a request ID, announces the end of the API, turns
// errors and panics into responses, and logs one line per call.
func (s *Server) observe(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		began := s.now()
		ctx, cancel := context.WithTimeout(c.Request().Context(), callTimeout)
		defer cancel()
		c.SetRequest(c.Request().WithContext(ctx))
		id := c.Request().Header.Get(echo.HeaderXRequestID)
		if !requestID.MatchString(id) {
			id = rand.Text()
		}
		header := c.Response().Header()
		header.Set(echo.HeaderXRequestID, id)
		header.Set("X-HeekTime-Deprecated", s.endDate.Format(time.DateOnly))
		header.Set("Cache-Control", "no-store") // responses depend on the caller; course lists override this
		client := s.usage.count(ctx, c.Request().UserAgent())
		code := "ok"
		if err := callRecovering(next, c); err != nil {
			code = toProblem(err).Code
			s.fail(err, c)
		}
		s.log.InfoContext(ctx, "call", "call", c.Request().Method+" "+c.Path(), "status", c.Response().Status, "code", code,
			"client", client, "request", id, "ms", s.now().Sub(began).Milliseconds())
		return nil
	}
}

// callRecovering calls next and converts a panic to an error.
func callRecovering(next echo.HandlerFunc, c echo.Context) (err error) {
	defer func() {
		switch p := recover(); {
		case p == http.ErrAbortHandler:
			panic(p) // net/http closes the connection
		case p != nil:
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return next(c)
}

// allowBrowsers responds to CORS preflights and lets pages of any origin read responses, which is
// safe because access depends on tokens and not on cookies. Echo's own CORS middleware varies
// responses by origin, so a CDN would have to cache each origin separately.
func (s *Server) allowBrowsers(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		header := c.Response().Header()
		header.Set(echo.HeaderAccessControlAllowOrigin, "*")
		header.Set(echo.HeaderAccessControlExposeHeaders, "Retry-After, X-HeekTime-Deprecated, X-HeekTime-List-Updated, X-Request-Id")
		if c.Request().Method != http.MethodOptions {
			return next(c)
		}
		header.Set(echo.HeaderAccessControlAllowMethods, "GET, POST, PUT, DELETE")
		header.Set(echo.HeaderAccessControlAllowHeaders, "Authorization, Content-Type")
		header.Set(echo.HeaderAccessControlMaxAge, "7200") // Chromium's maximum
		return c.NoContent(http.StatusNoContent)
	}
}

// callerKey is the context key under which authenticate stores the caller.
const callerKey = "caller"

// caller is the sender of a call.
type caller struct {
	token.Session
	// ip is the caller's IP address.
	ip string
	// signedIn reports a valid access token; tokenErr is set if there was an invalid one.
	signedIn bool
	tokenErr error
}

// authenticate verifies the access token and enforces the rate limits: per user with a valid token,
// and per IP address without one.
func (s *Server) authenticate(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		who := caller{ip: s.proxies.ClientIP(c.Request())}
		if text := passthrough.BearerToken(c.Request().Header.Get(echo.HeaderAuthorization)); text != "" {
			who.Session, who.tokenErr = s.checkToken(text, token.Access)
			who.signedIn = who.tokenErr == nil
		}
		c.Set(callerKey, who)
		limiter, key := s.limiter(who)
		if wait := limiter.Take(key, s.now()); wait > 0 {
			return errTooMany.withRetryAfter(wait)
		}
		return next(c)
	}
}

// limiter returns the limiter for a caller, and the caller's key in it.
func (s *Server) limiter(who caller) (*ratelimit.Limiter, string) {
	if who.signedIn {
		return s.users, who.UID
	}
	return s.addresses, who.ip
}
