package refresh_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"

	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/internal/refresh"
	"heek.kr/heektime/internal/semester"
)

// fault is what happens to one of the calls that a process makes.
type fault int

const (
	none        fault = iota
	killBefore        // the process dies before the call goes out
	killAfter         // the process dies when the call has been carried out, before it hears of it
	failBefore        // the call does not get through; the process lives
	failAfter         // the call is carried out, but its answer is lost; the process lives
	stallBefore       // the process stands still before the call, until others have gone on
	stallAfter        // the process stands still when the call has been carried out
	faults            // how many there are
)

// mortal is a process that a fault hits at one of its calls to the cloud. Every step of a refresh is a call, so this is
// before and after each step. A dead process makes no call any more.
type mortal struct {
	kind fault
	at   int // which call, from 0

	// stalled is closed when the process stands still; it goes on when resume is closed.
	stalled, resume chan struct{}

	mu    sync.Mutex
	calls int
	dead  bool
	kill  context.CancelFunc
}

func newMortal(kind fault, at int) *mortal {
	return &mortal{kind: kind, at: at, stalled: make(chan struct{}), resume: make(chan struct{})}
}

// stands says whether the process is one that stands still for a while.
func (m *mortal) stands() bool { return m.kind == stallBefore || m.kind == stallAfter }

func (m *mortal) stall() {
	close(m.stalled)
	<-m.resume
}

var errDead = errors.New("the process is dead")

// call carries out one call under the fault.
func (m *mortal) call(do func() error) error {
	m.mu.Lock()
	hit := m.kind != none && m.calls == m.at
	m.calls++
	if hit && m.kind == killBefore {
		m.die()
	}
	dead := m.dead
	m.mu.Unlock()
	switch {
	case dead:
		return errDead
	case hit && m.kind == failBefore:
		return status.Error(codes.Internal, "injected: the call does not get through")
	case hit && m.kind == stallBefore:
		m.stall()
	}
	err := do()
	if hit && m.kind == stallAfter {
		m.stall()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if hit && m.kind == killAfter {
		m.die()
	}
	switch {
	case m.dead:
		return errDead
	case hit && m.kind == failAfter:
		return status.Error(codes.Internal, "injected: the answer is lost")
	}
	return err
}

func (m *mortal) die() {
	m.dead = true
	m.kill()
}

func (m *mortal) unary(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	return m.call(func() error { return invoke(ctx, method, req, reply, cc, opts...) })
}

func (m *mortal) stream(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, open grpc.Streamer, opts ...grpc.CallOption) (s grpc.ClientStream, err error) {
	err = m.call(func() (err error) { s, err = open(ctx, desc, cc, method, opts...); return err })
	if err != nil {
		return nil, err
	}
	return s, nil
}

// RoundTrip is a call to Cloud Storage.
func (m *mortal) RoundTrip(r *http.Request) (answer *http.Response, err error) {
	err = m.call(func() (err error) { answer, err = http.DefaultTransport.RoundTrip(r); return err })
	if err != nil {
		if answer != nil {
			answer.Body.Close()
		}
		return nil, err
	}
	return answer, nil
}

// refresh runs one task in a process of its own that the fault hits. It reports how many calls the process made.
func (m *mortal) refresh(t testing.TB, w *world, id semester.ID, task refresh.Task) (run *refresh.Run, calls int, err error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	m.kill = cancel
	s := w.service(t, id, func(d *refresh.Dependencies) {
		d.Firestore = w.FirestoreClient(t, grpc.WithUnaryInterceptor(m.unary), grpc.WithStreamInterceptor(m.stream))
		d.Storage = w.StorageClient(t, option.WithHTTPClient(&http.Client{Transport: m}))
	})
	run, err = s.Refresh(ctx, task)
	m.mu.Lock()
	defer m.mu.Unlock()
	return run, m.calls, err
}

func (f fault) String() string {
	return strings.Fields("none killBefore killAfter failBefore failAfter stallBefore stallAfter")[f]
}
