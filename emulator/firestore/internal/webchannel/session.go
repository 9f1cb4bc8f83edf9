package webchannel

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"
	"unicode/utf8"

	"heek.kr/heektime/emulator/internal/httplimit"
)

// Session is one channel.
type Session struct {
	// Path is the path that the channel was opened at.
	Path string
	// Header holds the headers from the handshake, valid for the life of the channel. The SDKs send
	// them in the body or query, because real headers would cost a CORS preflight.
	Header http.Header

	server *Server
	id     string // secret: it authenticates the client
	ctx    context.Context
	cancel context.CancelFunc

	mu      sync.Mutex
	changed chan struct{} // closed and replaced when anything below changes

	incoming []message // from the client, not yet received
	nextMap  int       // number of the client's next message

	unacked      []array // to the client, not yet acknowledged
	unackedBytes int
	lastID       int // of the last array made; that of the handshake is 0
	lastSent     int // id of the last array written to the current back channel
	blocked      int // senders that wait for room

	back      *backRequest // the current back channel, nil for none
	idleSince time.Time    // when back became nil
	expiry    *time.Timer
	finished  bool // no more arrays will be made
	ended     bool
}

// message is a message from the client. The last one of a request holds the request's body.
type message struct {
	data string
	body *httplimit.Body
}

// array is a message to the client.
type array struct {
	id   int
	data []byte
}

// ErrClosed is the error of sending to a client that is gone.
var ErrClosed = errors.New("webchannel: the channel is closed")

func (s *Server) newSession(path string, h http.Header) *Session {
	n := &Session{
		Path: path, Header: h, server: s, id: rand.Text(),
		changed: make(chan struct{}), idleSince: time.Now(),
	}
	n.ctx, n.cancel = context.WithCancel(context.Background())
	return n
}

// run serves the session to its end.
func (s *Session) run() {
	s.server.options.Serve(s.ctx, s)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.enqueue([]byte(`"close"`))
	s.finished = true
	s.discardIncoming()
	s.notify()
}

// notify wakes all callers of wait. The mutex is held.
func (s *Session) notify() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// wait waits for a change and reports true, or false if ctx ends first. The mutex is held, but not
// while waiting.
func (s *Session) wait(ctx context.Context) bool {
	c := s.changed
	s.mu.Unlock()
	defer s.mu.Lock()
	select {
	case <-c:
		return true
	case <-ctx.Done():
		return false
	}
}

// Receive returns the client's next message, in JSON, or [io.EOF] when the channel has ended.
func (s *Session) Receive() ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case s.ended:
			return nil, io.EOF
		case len(s.incoming) > 0:
			m := s.incoming[0]
			s.incoming = s.incoming[1:]
			if m.body != nil {
				m.body.Release()
			}
			if len(s.incoming) == 0 {
				s.incoming = nil
				s.notify()
			}
			return []byte(m.data), nil
		}
		s.wait(s.ctx)
	}
}

// Send waits until there is room and queues the message, in JSON, that encode returns. Encoding
// only then keeps blocked senders from holding memory. Send returns [ErrClosed] when the client is
// gone. Only one goroutine at a time may call it.
func (s *Session) Send(encode func() ([]byte, error)) error {
	if !s.waitForRoom() {
		return ErrClosed
	}
	m, err := encode()
	if err != nil {
		return err
	}
	if !utf8.Valid(m) { // a frame's length counts characters
		m = bytes.ToValidUTF8(m, []byte("\uFFFD"))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return ErrClosed
	}
	s.enqueue(m)
	s.notify()
	return nil
}

// waitForRoom waits until a message may be queued. It reports false if the session ends.
func (s *Session) waitForRoom() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.server.options
	for !s.ended {
		if len(s.unacked) == 0 && s.back != nil ||
			s.unackedBytes < o.MaxQueuedBytes && s.server.queuedBytes.Load() < int64(o.MaxTotalQueuedBytes) {
			return true
		}
		// This wakes the back channel, which ends once the client has been sent everything: when
		// the client returns, it acknowledges what it received.
		s.blocked++
		s.notify()
		s.wait(s.ctx)
		s.blocked--
	}
	return false
}

// enqueue makes an array of m. The mutex is held.
func (s *Session) enqueue(m []byte) {
	if s.ended {
		return
	}
	s.lastID++
	s.unacked = append(s.unacked, array{s.lastID, m})
	s.unackedBytes += len(m)
	s.server.queuedBytes.Add(int64(len(m)))
}

// acknowledge forgets the arrays up to an id, which the client has received. It reports whether the
// array after that is still there. The mutex is held.
func (s *Session) acknowledge(id int) bool {
	if id > s.lastID || len(s.unacked) > 0 && id < s.unacked[0].id-1 || len(s.unacked) == 0 && id < s.lastID {
		return false
	}
	s.lastSent = max(s.lastSent, id) // a client may acknowledge what it was not sent
	n := 0
	for n < len(s.unacked) && s.unacked[n].id <= id {
		s.unackedBytes -= len(s.unacked[n].data)
		s.server.queuedBytes.Add(-int64(len(s.unacked[n].data)))
		n++
	}
	if n > 0 {
		s.unacked = slices.Delete(s.unacked, 0, n)
		s.notify()
	}
	return true
}

// discardIncoming drops messages that Serve will not receive. The mutex is held.
func (s *Session) discardIncoming() {
	for _, m := range s.incoming {
		if m.body != nil {
			m.body.Release()
		}
	}
	s.incoming = nil
}

// idle returns since when the session has had no back channel. ok is false when it has one.
func (s *Session) idle() (since time.Time, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.idleSince, s.back == nil
}

// end ends the session. Calling it more than once has no effect.
func (s *Session) end() {
	s.mu.Lock()
	if !s.ended {
		s.ended = true
		s.server.queuedBytes.Add(-int64(s.unackedBytes))
		s.unacked, s.unackedBytes = nil, 0
		s.discardIncoming()
		if s.expiry != nil {
			s.expiry.Stop()
		}
		s.notify()
	}
	s.mu.Unlock()
	s.cancel()
	s.server.remove(s)
}
