// Package faulttest is for tests of what survives being killed. A [Process] makes calls to the cloud, and a fault hits one of
// them: the process dies before or after it, or the call fails. When every step of some work is a call, trying each fault at
// each call is dying between each pair of steps.
//
// A process holds the fault on the wire: as interceptors of gRPC, as transport of HTTP, and as a [Process.Proxy] for clients
// that let nobody at their transport.
package faulttest

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Fault is what happens to one of the calls that a process makes.
type Fault int

// The faults.
const (
	None        Fault = iota
	KillBefore        // the process dies before the call goes out
	KillAfter         // the process dies when the call has been carried out, before it hears of it
	FailBefore        // the call does not get through; the process lives
	FailAfter         // the call is carried out, but its answer is lost; the process lives
	StallBefore       // the process stands still before the call goes out, until Resume
	StallAfter        // the process stands still when the call has been carried out, until Resume
)

// Faults are all that do harm to a process by itself.
func Faults() []Fault { return []Fault{KillBefore, KillAfter, FailBefore, FailAfter} }

// Stalls says whether a process with the fault stands still and has to be resumed.
func (f Fault) Stalls() bool { return f == StallBefore || f == StallAfter }

func (f Fault) String() string {
	return strings.Fields("None KillBefore KillAfter FailBefore FailAfter StallBefore StallAfter")[f]
}

// ErrDead is what calls of a dead process end with.
var ErrDead = errors.New("the process is dead")

// errInjected is a call that fails.
var errInjected = errors.New("injected: the call fails")

// Process is a process that a fault hits at one of its calls. A dead process makes no call any more.
type Process struct {
	kind Fault
	at   int
	kill context.CancelFunc

	stalled, resume chan struct{}

	mu    sync.Mutex
	calls int
	dead  bool
	names []string
}

// New makes a process that the fault hits at call at, counted from 0, and the context that its work runs in.
func New(ctx context.Context, kind Fault, at int) (*Process, context.Context) {
	ctx, kill := context.WithCancel(ctx)
	return &Process{kind: kind, at: at, kill: kill, stalled: make(chan struct{}), resume: make(chan struct{})}, ctx
}

// Stalled is closed when the process stands still.
func (p *Process) Stalled() <-chan struct{} { return p.stalled }

// Resume lets a process go on that stands still, or will.
func (p *Process) Resume() { close(p.resume) }

func (p *Process) stall() {
	close(p.stalled)
	<-p.resume
}

// Calls are what the process called, in order.
func (p *Process) Calls() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.names...)
}

// Call carries out one call under the fault.
func (p *Process) Call(name string, do func() error) error {
	p.mu.Lock()
	hit := p.kind != None && p.calls == p.at
	p.calls++
	p.names = append(p.names, name)
	if hit && p.kind == KillBefore {
		p.die()
	}
	dead := p.dead
	p.mu.Unlock()
	switch {
	case dead:
		return ErrDead
	case hit && p.kind == FailBefore:
		return errInjected
	case hit && p.kind == StallBefore:
		p.stall()
	}
	err := do()
	if hit && p.kind == StallAfter {
		p.stall()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if hit && p.kind == KillAfter {
		p.die()
	}
	switch {
	case p.dead:
		return ErrDead
	case hit && p.kind == FailAfter:
		return errInjected
	}
	return err
}

func (p *Process) die() {
	p.dead = true
	p.kill()
}

func asStatus(err error) error {
	if errors.Is(err, errInjected) {
		return status.Error(codes.Internal, err.Error())
	}
	return err
}

// DialOptions put the fault into a gRPC client.
func (p *Process) DialOptions() []grpc.DialOption {
	unary := func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		return asStatus(p.Call(method, func() error { return invoke(ctx, method, req, reply, cc, opts...) }))
	}
	stream := func(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, open grpc.Streamer, opts ...grpc.CallOption) (s grpc.ClientStream, err error) {
		err = p.Call(method, func() (err error) { s, err = open(ctx, desc, cc, method, opts...); return err })
		if err != nil {
			return nil, asStatus(err)
		}
		return s, nil
	}
	return []grpc.DialOption{grpc.WithUnaryInterceptor(unary), grpc.WithStreamInterceptor(stream)}
}

// RoundTrip puts the fault into an HTTP client, as its transport.
func (p *Process) RoundTrip(r *http.Request) (answer *http.Response, err error) {
	err = p.Call(r.Method+" "+r.URL.Path, func() (err error) { answer, err = http.DefaultTransport.RoundTrip(r); return err })
	if err != nil {
		if answer != nil {
			answer.Body.Close()
		}
		return nil, err
	}
	return answer, nil
}

// Proxy is a server in front of target, "host:port" without TLS, for a client that is told only an address. A call that
// fails is answered 500; a dead process gets no answer. The caller closes it.
func (p *Process) Proxy(target string) *httptest.Server {
	forward := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: target})
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := httptest.NewRecorder()
		err := p.Call(r.URL.Path, func() error {
			// The process may hang up; what it asked for is carried out all the same.
			forward.ServeHTTP(answer, r.WithContext(context.WithoutCancel(r.Context())))
			return nil
		})
		switch {
		case errors.Is(err, ErrDead):
			panic(http.ErrAbortHandler)
		case err != nil:
			http.Error(w, `{"error":{"code":500,"status":"INTERNAL","message":"injected"}}`, http.StatusInternalServerError)
			return
		}
		for name, values := range answer.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(answer.Code)
		w.Write(answer.Body.Bytes())
	}))
}
