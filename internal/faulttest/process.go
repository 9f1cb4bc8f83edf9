// Package faulttest injects faults into the calls that code under test makes to the cloud. A [Process]
// stands for a process that makes such calls, and one of them is hit by a fault: the process is killed
// before or after the call, the call fails, or the process stalls. A test that tries each fault at each
// call covers a crash between any two steps, as long as every step is a call.
//
// A process intercepts calls with gRPC interceptors ([Process.DialOptions]), as an HTTP transport
// ([Process.RoundTrip]), or with a [Process.Proxy] for clients whose transport cannot be set.
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

// Fault is what happens at one call of a process.
type Fault int

// The faults.
const (
	None        Fault = iota
	KillBefore        // the process is killed before it sends the request
	KillAfter         // the process is killed after the server has handled the request, before the response
	FailBefore        // the request is not sent and the call fails; the process continues
	FailAfter         // the server handles the request, but the call fails; the process continues
	StallBefore       // the process stalls before it sends the request, until Resume
	StallAfter        // the process stalls after the server has handled the request, until Resume
)

// Faults returns all faults except None and those that stall, which need a call of Resume.
func Faults() []Fault { return []Fault{KillBefore, KillAfter, FailBefore, FailAfter} }

// Stalls reports whether the fault stalls the process, so that a test must resume it.
func (f Fault) Stalls() bool { return f == StallBefore || f == StallAfter }

func (f Fault) String() string {
	return strings.Fields("None KillBefore KillAfter FailBefore FailAfter StallBefore StallAfter")[f]
}

// ErrDead is the error of every call that a killed process makes.
var ErrDead = errors.New("the process was killed")

// errInjected is the error of a call that fails.
var errInjected = errors.New("injected fault: the call failed")

// Process simulates a process with a fault at one of its calls. Once killed, it sends no more requests.
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

// New returns a process with a fault at call at, counted from 0, and the context that its work must use:
// the context is canceled when the process is killed.
func New(ctx context.Context, kind Fault, at int) (*Process, context.Context) {
	ctx, kill := context.WithCancel(ctx)
	return &Process{kind: kind, at: at, kill: kill, stalled: make(chan struct{}), resume: make(chan struct{})}, ctx
}

// Stalled returns a channel that is closed when the process stalls.
func (p *Process) Stalled() <-chan struct{} { return p.stalled }

// Resume lets a stalled process continue, or one that has yet to stall. Call it only once.
func (p *Process) Resume() { close(p.resume) }

func (p *Process) stall() {
	close(p.stalled)
	<-p.resume
}

// Calls returns the names of all calls so far, in order.
func (p *Process) Calls() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.names...)
}

// Call makes one call by running do, or not, as the fault demands.
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

// DialOptions returns options that inject the fault into a gRPC client.
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

// RoundTrip implements http.RoundTripper: as the transport of an HTTP client it injects the fault.
func (p *Process) RoundTrip(r *http.Request) (response *http.Response, err error) {
	err = p.Call(r.Method+" "+r.URL.Path, func() (err error) { response, err = http.DefaultTransport.RoundTrip(r); return err })
	if err != nil {
		if response != nil {
			response.Body.Close()
		}
		return nil, err
	}
	return response, nil
}

// Proxy starts a proxy in front of target ("host:port", without TLS), for clients that accept only an
// address. A call that fails gets a 500 response; a killed process gets none. The caller closes it.
func (p *Process) Proxy(target string) *httptest.Server {
	forward := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: target})
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		response := httptest.NewRecorder()
		err := p.Call(r.URL.Path, func() error {
			// The server completes the request even if the process is killed and its context canceled.
			forward.ServeHTTP(response, r.WithContext(context.WithoutCancel(r.Context())))
			return nil
		})
		switch {
		case errors.Is(err, ErrDead):
			panic(http.ErrAbortHandler)
		case err != nil:
			http.Error(w, `{"error":{"code":500,"status":"INTERNAL","message":"injected"}}`, http.StatusInternalServerError)
			return
		}
		for name, values := range response.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(response.Code)
		w.Write(response.Body.Bytes())
	}))
}
