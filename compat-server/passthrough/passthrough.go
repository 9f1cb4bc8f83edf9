// Package passthrough stands in front of the old server while its data moves to Firestore, kind by kind.
// It decides each call by what the migration's state says at that moment, see package
// internal/migration/state:
//
//	call ─▶ which kind of data is it about?                          route.go
//	     ─▶ whose data?                                              caller.go
//	     ─▶ on which side is that, or is it held?                    decide.go
//	          ├─ old ─▶ the old server, untouched                    forward.go, target.go
//	          ├─ new ─▶ the handlers of package api
//	          └─ held ─▶ wait for the end of the switch, then decide again
//
// A call to the old server passes as it is, and so does its response: compat-server's own limits, headers
// and CORS apply only to the calls that it serves itself. The exceptions are tokens, which the other side
// may not know (caller.go), and users whom the old server cannot sign in or find any more after the move
// was taken back (fallback.go).
//
// Once the migration has ended, nothing imports this package but package api.
package passthrough

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
	"time"

	"heek.kr/heektime/compat-server/token"
	"heek.kr/heektime/internal/migration/state"
)

var (
	// ErrState reports that the migration's state cannot be read. No call can be decided without it: the
	// other servers may have moved on, and a call on the wrong side would miss what its own user wrote.
	ErrState = errors.New("the migration's state cannot be read")
	// ErrHeld reports a write that cannot wait for the end of a switch: it has waited too long, is too
	// large to be kept, or too many others wait.
	ErrHeld = errors.New("the write cannot be held any longer")
	// ErrUnreachable reports that the old server cannot be reached, or did not respond to a call that
	// may be repeated.
	ErrUnreachable = errors.New("the old server does not respond")
	// ErrTimeout reports that the old server did not respond in time.
	ErrTimeout = errors.New("the old server does not respond in time")
	// ErrUnknownOutcome reports a write that cannot be repeated, because the old server may have made it: the
	// connection to it broke after the write was sent, or it responded with an error although what it should
	// make is there.
	ErrUnknownOutcome = errors.New("it is unknown whether the old server has made a write")
	// ErrBadPath reports a request line without a path.
	ErrBadPath = errors.New("the request has no path")
	// ErrBadBody reports a request body that ended early.
	ErrBadBody = errors.New("the request's body is incomplete")
)

// Config holds the settings and dependencies of a [Proxy]. Timeout and HoldTimeout have defaults; all
// other fields are required.
type Config struct {
	// OldServer is the address of the old server, see [ParseURL].
	OldServer *url.URL
	// Base is the path prefix of the API on both sides.
	Base string
	// Views says on which side each kind of data is.
	Views *state.Viewer
	// Here serves calls on the new side.
	Here http.Handler
	// Fail responds with an error of this package, of package token or of Sessions.
	Fail func(http.ResponseWriter, *http.Request, error)
	// Passed is called for each call that the old server has responded to.
	Passed func(ctx context.Context, r *http.Request, call string, status int)
	// Tokens are those of this server, OldTokens those of the old one.
	Tokens    *token.Signer
	OldTokens *token.OldServer
	Sessions  Sessions
	Log       *slog.Logger
	// Held records how long a write was held by a switch, after which the kind has a state. It may be nil.
	Held func(state.State, time.Duration)
	// Timeout is how long the old server may take to begin a response, [DefaultTimeout] if 0.
	Timeout time.Duration
	// HoldTimeout is how long a write may be held, [DefaultHoldTimeout] if 0.
	HoldTimeout time.Duration
}

// Sessions are the sessions of the new side.
type Sessions interface {
	// Check returns an error if the session of an access token has been revoked.
	Check(context.Context, token.Session) error
}

// Defaults of a [Config]. Two switches of five seconds that are taken back one after the other fit into
// the second, and both together into Cloud Run's minute. The second is a variable for tests on slow machines.
const DefaultTimeout = 30 * time.Second

// DefaultHoldTimeout is the other default.
var DefaultHoldTimeout = 15 * time.Second

// Proxy serves calls on the side that has the data. It is safe for concurrent use.
type Proxy struct {
	Config
	forwarder httputil.ReverseProxy
	bodies    budget
	held      atomic.Int64
}

// New returns a proxy, or an error that names the missing dependency.
func New(cfg Config) (*Proxy, error) {
	switch {
	case cfg.OldServer == nil:
		return nil, errors.New("passing calls through needs the old server's address")
	case cfg.Views == nil:
		return nil, errors.New("passing calls through needs the migration's state")
	case cfg.Here == nil, cfg.Fail == nil, cfg.Passed == nil:
		return nil, errors.New("passing calls through needs the handlers of the new side")
	case cfg.Tokens == nil, cfg.OldTokens == nil, cfg.Sessions == nil:
		return nil, errors.New("passing calls through needs both servers' tokens, and accounts")
	case cfg.Log == nil:
		return nil, errors.New("passing calls through needs a logger")
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = DefaultTimeout
	}
	if cfg.HoldTimeout == 0 {
		cfg.HoldTimeout = DefaultHoldTimeout
	}
	p := &Proxy{Config: cfg, bodies: budget{left: maxBodies}}
	p.forwarder = p.newForwarder()
	return p, nil
}

// Close closes idle connections to the old server.
func (p *Proxy) Close() {
	p.forwarder.Transport.(*http.Transport).CloseIdleConnections()
}

// maxTries is how often a call is decided and sent: a switch may be taken back and begin again while it
// is on its way.
const maxTries = 4

// ServeHTTP implements [http.Handler].
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c, err := p.newCall(r)
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	defer c.release()
	for range maxTries {
		d, err := p.settle(r.Context(), c)
		if err != nil {
			p.Fail(w, r, err)
			return
		}
		outcome, err := p.serve(w, c, d)
		switch {
		case outcome == done:
			return
		case outcome == failed:
			p.Fail(w, r, err)
			return
		case outcome == serveHere:
			p.serveForOldSide(w, c)
			return
		}
	}
	p.Fail(w, r, ErrHeld)
}

// serve serves a decided call.
func (p *Proxy) serve(w http.ResponseWriter, c *call, d decision) (outcome, error) {
	if d.leave != nil {
		defer d.leave()
	}
	if c.uncertain && p.mayBeMade(c.in.Context(), c) {
		return failed, ErrUnknownOutcome
	}
	c.uncertain = false
	if d.side == state.New {
		p.Here.ServeHTTP(w, c.request())
		return done, nil
	}
	return p.onOldSide(w, c, d)
}

// maxHeld limits the writes that an instance holds. Cloud Run sends it at most 80 calls at a time.
const maxHeld = 1000

// settle decides a call. If it must wait for the end of a switch, settle waits.
func (p *Proxy) settle(ctx context.Context, c *call) (decision, error) {
	var deadline context.Context
	var began time.Time
	var held []state.Kind
	for {
		view, err := p.Views.View(ctx)
		if err != nil {
			return decision{}, errors.Join(ErrState, err)
		}
		d := p.decide(c, view)
		if len(d.held) == 0 {
			if c.writes() {
				// A switch waits for the write.
				var ok bool
				if d.leave, ok = p.Views.Enter(view); !ok {
					continue
				}
			}
			if p.Held != nil && len(held) > 0 {
				p.Held(view.Of(held[0]), time.Since(began))
			}
			return d, nil
		}
		if deadline == nil {
			began = time.Now()
			defer p.held.Add(-1)
			if p.held.Add(1) > maxHeld || !c.whole {
				return d, ErrHeld
			}
			var cancel context.CancelFunc
			deadline, cancel = context.WithTimeout(ctx, p.HoldTimeout)
			defer cancel()
		}
		held = d.held
		if _, err := p.Views.AwaitRest(deadline, held...); err != nil {
			return d, errors.Join(ErrHeld, err)
		}
	}
}
