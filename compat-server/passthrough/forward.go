package passthrough

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
	"time"
)

// outcome is what became of a call to the old side.
type outcome int

const (
	done      outcome = iota // a response has been sent
	again                    // decide the call again
	serveHere                // the new side serves it after all
	failed
)

// onOldSide serves a call whose data is on the old side.
func (p *Proxy) onOldSide(w http.ResponseWriter, c *call, d decision) (outcome, error) {
	if c.fallback() == refreshHere && p.hasOwnRefreshToken(c) {
		return serveHere, nil
	}
	authorization, keep, err := p.authorization(c.in.Context(), c, d)
	if err != nil {
		return failed, err
	}
	u, err := p.outURL(c)
	if err != nil {
		return failed, err
	}
	e := &exchange{proxy: p, call: c, decision: d, url: u, authorization: authorization, keepAuthorization: keep, w: w}
	return e.run()
}

// exchange sends a call to the old server, and perhaps once more.
type exchange struct {
	proxy             *Proxy
	call              *call
	decision          decision
	url               *url.URL
	authorization     string
	keepAuthorization bool
	w                 http.ResponseWriter

	// Of the current try:
	sent   atomic.Bool // there was a connection, so the request may have arrived
	status int         // of the response, 0 if there was none
	err    error       // why the response was not passed on
}

// Reasons not to pass a response on.
var (
	errAgain     = errors.New("decide the call again")
	errServeHere = errors.New("the new side serves the call")
)

// retryPause is how long a call waits before it is sent again.
const retryPause = 100 * time.Millisecond

func (e *exchange) run() (outcome, error) {
	c := e.call
	for repeated := false; ; repeated = true {
		e.try()
		switch {
		case e.err == nil:
			e.proxy.Passed(c.in.Context(), c.in, c.name(), e.status)
			return done, nil
		case errors.Is(e.err, errAgain):
			return again, nil
		case errors.Is(e.err, errServeHere):
			return serveHere, nil
		case c.in.Context().Err() != nil:
			return failed, fmt.Errorf("%w: the client is gone", ErrUnreachable)
		}
		failure, repeat := e.noResponse()
		switch {
		case repeat && c.writes() && e.movedSince():
			return again, nil
		case !repeat, repeated, e.sent.Load() && errors.Is(failure, ErrTimeout):
			return failed, failure // what has taken so long would take as long again
		}
		if err := pause(c.in.Context(), retryPause); err != nil {
			return failed, err
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%w: the client is gone", ErrUnreachable)
	}
}

// try sends the call once.
func (e *exchange) try() {
	e.sent.Store(false)
	e.status, e.err = 0, nil
	ctx := context.WithValue(e.call.in.Context(), exchangeKey{}, e)
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { e.sent.Store(true) }})
	if !e.call.whole {
		// Otherwise net/http would read the body to its end before it sends a response. Ignore the error:
		// other protocols have no such limit.
		http.NewResponseController(e.w).EnableFullDuplex()
	}
	e.proxy.forwarder.ServeHTTP(e.w, e.call.in.WithContext(ctx))
}

type exchangeKey struct{}

// noResponse returns the failure of a try without a response, and whether the call may be sent again.
func (e *exchange) noResponse() (failure error, repeat bool) {
	c, sent := e.call, e.sent.Load()
	c.mayHaveRun = c.mayHaveRun || sent
	repeat = !sent || c.harmless() && c.whole
	var timeout net.Error
	switch {
	case errors.As(e.err, &timeout) && timeout.Timeout():
		failure = ErrTimeout
	case sent && c.writes() && !c.harmless():
		failure = ErrUnknownOutcome
	default:
		failure = ErrUnreachable
	}
	return errors.Join(failure, e.err), repeat
}

// movedSince reports whether a switch has begun since the call was decided. If the state cannot be read,
// it has not as far as this server can tell.
func (e *exchange) movedSince() bool {
	now, err := e.proxy.Views.Newer(e.call.in.Context())
	return err == nil && e.decision.movedSince(now)
}

// harmless reports whether the call may be sent again although the old server may have executed it.
// Sign-ins and refreshes only make tokens.
func (c *call) harmless() bool {
	return idempotent(c.in.Method) || c.fallback() == signInHere || c.fallback() == refreshHere
}

// fallback returns what the call's route does when the old server cannot serve it.
func (c *call) fallback() fallback {
	if len(c.routes) != 1 {
		return noFallback
	}
	return c.routes[0].fallback
}

// name names the call in logs.
func (c *call) name() string {
	if len(c.routes) == 0 {
		return "(unknown)"
	}
	return c.routes[0].pattern
}

const (
	// dialTimeout bounds connecting to the old server.
	dialTimeout = 5 * time.Second
	// idleTimeout is how long a connection is kept. It is shorter than the old server keeps its side of it,
	// which is 2 s with Gunicorn and 5 s with Uvicorn: a write on a connection that the server is just
	// closing is lost, and this server cannot tell whether it was executed.
	//
	// Sources: https://docs.gunicorn.org/en/stable/settings.html#keepalive, https://www.uvicorn.org/settings/#timeouts
	idleTimeout = time.Second
	// maxIdle is how many connections are kept: one for each call that Cloud Run sends an instance.
	maxIdle = 80
)

// newForwarder returns the reverse proxy. Its transport ignores the environment's proxies and does not
// ask for compression, so that the old server sees what the client sent.
func (p *Proxy) newForwarder() httputil.ReverseProxy {
	return httputil.ReverseProxy{
		Rewrite: rewrite,
		Transport: &http.Transport{
			DialContext:           (&net.Dialer{Timeout: dialTimeout}).DialContext,
			TLSHandshakeTimeout:   dialTimeout,
			ResponseHeaderTimeout: p.Timeout,
			ExpectContinueTimeout: time.Second,
			IdleConnTimeout:       idleTimeout,
			MaxIdleConns:          maxIdle,
			MaxIdleConnsPerHost:   maxIdle,
			DisableCompression:    true,
		},
		FlushInterval:  -1, // immediately
		ModifyResponse: inspect,
		ErrorHandler: func(_ http.ResponseWriter, r *http.Request, err error) {
			r.Context().Value(exchangeKey{}).(*exchange).err = err
		},
		ErrorLog: slog.NewLogLogger(p.Log.Handler(), slog.LevelWarn),
	}
}

// rewrite prepares the request to the old server.
func rewrite(r *httputil.ProxyRequest) {
	e := r.Out.Context().Value(exchangeKey{}).(*exchange)
	c := e.call
	r.Out.URL, r.Out.Host = e.url, ""
	// Google's proxies have set these headers, and this one adds its client as one more.
	for _, name := range []string{"Forwarded", "X-Forwarded-For"} {
		if values, ok := r.In.Header[name]; ok {
			r.Out.Header[name] = values
		}
	}
	r.SetXForwarded()
	for _, name := range []string{"X-Forwarded-Host", "X-Forwarded-Proto"} {
		if values, ok := r.In.Header[name]; ok {
			r.Out.Header[name] = values
		}
	}
	if !e.keepAuthorization {
		setAuthorization(r.Out.Header, e.authorization)
	}
	if c.kept {
		r.Out.Body = c.reader()
		r.Out.Header.Del("Expect") // the body is here already
		if c.whole {
			r.Out.GetBody = func() (io.ReadCloser, error) { return c.reader(), nil }
		}
	}
	if len(r.In.Trailer) > 0 {
		r.Out.Trailer = r.In.Trailer // net/http fills it when the body ends
	}
}

// inspect looks at a response of the old server before it is passed on. An error means that it is not.
func inspect(r *http.Response) error {
	e := r.Request.Context().Value(exchangeKey{}).(*exchange)
	e.status = r.StatusCode
	if err := e.replace(r); err != nil {
		return err
	}
	if _, ok := r.Header["Content-Type"]; !ok {
		e.w.Header()["Content-Type"] = nil // or net/http would guess it
	}
	e.status = r.StatusCode
	return nil
}

// replace returns an error if the call must be decided again, and otherwise replaces responses that the
// old server would have given if it knew the users of the new side.
func (e *exchange) replace(r *http.Response) error {
	c := e.call
	switch {
	case r.StatusCode >= http.StatusInternalServerError && len(c.routes) > 0:
		if c.writes() && c.whole && mayRepeat(c, r.StatusCode) && e.movedSince() {
			c.uncertain = !c.harmless() && !quotesGuard(r)
			return errAgain
		}
	case r.StatusCode == http.StatusNotFound && c.in.Method == http.MethodDelete && c.mayHaveRun:
		// An earlier try has probably deleted it: its response was lost.
		return noContent(r)
	case r.StatusCode == http.StatusNotFound && c.fallback() == findHere && reads(c.in.Method) && everNew(e.decision.view):
		return errServeHere
	case r.StatusCode == http.StatusUnauthorized && c.fallback() == signInHere && c.in.Method == http.MethodPost && everNew(e.decision.view):
		wrong, err := isWrongPassword(r)
		if err == nil && wrong {
			err = errServeHere // passwords that were set on the new side never reach the old database
		}
		return err
	}
	return nil
}

// mayRepeat reports whether a write with this response may be sent again after a switch, if nothing shows that the
// old server has made it all the same, see outcome.go. The guard of a switch makes the old server's transaction
// fail, which it reports as an internal error or as unavailability. A gateway's 502 or 504 says nothing about the
// outcome.
func mayRepeat(c *call, status int) bool {
	return c.harmless() || status == http.StatusInternalServerError || status == http.StatusServiceUnavailable
}

// noContent replaces a response by 204.
func noContent(r *http.Response) error {
	r.Body.Close()
	r.Body = http.NoBody
	r.StatusCode, r.ContentLength = http.StatusNoContent, 0
	for _, name := range []string{"Content-Length", "Content-Type", "Content-Encoding", "Transfer-Encoding"} {
		r.Header.Del(name)
	}
	return nil
}
