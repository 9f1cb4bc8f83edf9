package webchannel

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"heek.kr/heektime/emulator/internal/httplimit"
)

// Session is one channel.
type Session struct {
	// Path that the channel was opened at.
	Path string
	// Header that the client gave at the beginning, once for the life of the channel: browsers ask before they send headers,
	// so the SDKs put them elsewhere.
	Header http.Header

	server *Server
	id     string // a secret: whoever knows it is the client
	ctx    context.Context
	cancel context.CancelFunc

	mu      sync.Mutex
	changed chan struct{} // closed and replaced when anything below changes

	in      []message // from the client
	nextMap int       // number of the client's next message

	out     []array // to the client, until it has received them
	size    int     // bytes in out
	lastID  int     // of the last array made; the handshake's is 0
	sent    int     // id of the last array written to the current back channel
	waiting int     // senders that wait for room

	back  *back // the current back channel
	since time.Time
	reap  *time.Timer
	done  bool // nothing more will be sent
	dead  bool
}

// message is one of the client's. The last of a request lets the request's body go.
type message struct {
	data string
	body *httplimit.Body
}

// array is one message to the client.
type array struct {
	id   int
	data []byte
}

// ErrClosed is what sending to a client that is gone fails with.
var ErrClosed = errors.New("webchannel: the channel is closed")

func (s *Server) newSession(path string, h http.Header) *Session {
	n := &Session{Path: path, Header: h, server: s, id: rand.Text(), changed: make(chan struct{}), since: time.Now()}
	n.ctx, n.cancel = context.WithCancel(context.Background())
	return n
}

// run serves the session until its end.
func (s *Session) run() {
	s.server.o.Serve(s.ctx, s)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.put([]byte(`"close"`))
	s.done = true
	s.drop()
	s.notify()
}

// notify wakes everybody who waits for a change.
func (s *Session) notify() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// wait waits for a change, or for ctx, and reports which.
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

// Receive returns the client's next message, JSON, or [io.EOF] when the channel is at its end.
func (s *Session) Receive() ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case s.dead:
			return nil, io.EOF
		case len(s.in) > 0:
			m := s.in[0]
			s.in = s.in[1:]
			if m.body != nil {
				m.body.Release()
			}
			if len(s.in) == 0 {
				s.in = nil
				s.notify()
			}
			return []byte(m.data), nil
		}
		s.wait(s.ctx)
	}
}

// Send queues a message for the client, which encode makes, as JSON, when there is room for it: who waits holds nothing. It
// fails with [ErrClosed] when the client is gone. One goroutine at a time may send.
func (s *Session) Send(encode func() ([]byte, error)) error {
	if !s.room() {
		return ErrClosed
	}
	m, err := encode()
	if err != nil {
		return err
	}
	if !utf8.Valid(m) { // the length of a frame counts characters
		m = bytes.ToValidUTF8(m, []byte("\uFFFD"))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dead {
		return ErrClosed
	}
	s.put(m)
	s.notify()
	return nil
}

// room waits until a message may be queued; it is false at the end of the session.
func (s *Session) room() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.server.o
	for !s.dead {
		if len(s.out) == 0 && s.back != nil || s.size < o.MaxQueued && s.server.queued.Load() < int64(o.MaxQueuedAll) {
			return true
		}
		s.waiting++
		s.notify() // the back channel, which ends if the client has been sent everything: coming again, it says so
		s.wait(s.ctx)
		s.waiting--
	}
	return false
}

func (s *Session) put(m []byte) {
	if s.dead {
		return
	}
	s.lastID++
	s.out = append(s.out, array{s.lastID, m})
	s.size += len(m)
	s.server.queued.Add(int64(len(m)))
}

// acknowledge forgets what the client has received, up to an id, and reports whether what follows is still there.
func (s *Session) acknowledge(id int) bool {
	if id > s.lastID || len(s.out) > 0 && id < s.out[0].id-1 || len(s.out) == 0 && id < s.lastID {
		return false
	}
	s.sent = max(s.sent, id) // of a client that says so before it was sent that
	n := 0
	for n < len(s.out) && s.out[n].id <= id {
		s.size -= len(s.out[n].data)
		s.server.queued.Add(-int64(len(s.out[n].data)))
		n++
	}
	if n > 0 {
		s.out = slices.Delete(s.out, 0, n)
		s.notify()
	}
	return true
}

// drop forgets messages that nobody will receive.
func (s *Session) drop() {
	for _, m := range s.in {
		if m.body != nil {
			m.body.Release()
		}
	}
	s.in = nil
}

// abandoned says since when there has been no back channel, if there is none.
func (s *Session) abandoned() (since time.Time, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.since, s.back == nil
}

// end ends the session for good. It may be called more than once.
func (s *Session) end() {
	s.mu.Lock()
	if !s.dead {
		s.dead = true
		s.server.queued.Add(-int64(s.size))
		s.out, s.size = nil, 0
		s.drop()
		if s.reap != nil {
			s.reap.Stop()
		}
		s.notify()
	}
	s.mu.Unlock()
	s.cancel()
	s.server.remove(s)
}

// header reads the list of headers in a parameter: Name:Value, each ended by \r\n.
func header(list string) http.Header {
	h := http.Header{}
	for line := range strings.SplitSeq(list, "\r\n") {
		if name, value, ok := strings.Cut(line, ":"); ok {
			h.Set(strings.TrimSpace(name), strings.TrimSpace(value))
		}
	}
	return h
}

// headerOf is what a client gave as headers at the beginning, in the body (newer SDKs), the query (older ones) or in fact.
func headerOf(r *http.Request, query, form url.Values) http.Header {
	h := header(query.Get("$httpHeaders") + "\r\n" + form.Get("headers"))
	if a := r.Header.Get("Authorization"); a != "" {
		h.Set("Authorization", a)
	}
	return h
}
