// Package webchannel implements the server side of WebChannel, version 8: bidirectional message
// streams between a browser and a server over HTTP/1.1, as Google's web SDKs use them. It does not
// interpret the messages.
//
// A channel begins with a POST, the handshake, which carries the client's first messages. The
// server responds with a session id. From then on the client sends messages in further POSTs
// ("forward"), one at a time, and receives the server's messages in the response to a long GET (the
// "back channel"), in which the server writes a frame whenever it has a message. When that GET ends
// or is cut, the client makes another one and says which message it received last. The server keeps
// messages until the client has acknowledged them, so that none is lost or delivered twice. A
// client that retries a POST sends its messages under the same numbers.
//
//	client                                       server
//	POST ?VER=8&RID=…   count=1&req0___data__=…  ──▶  creates a session
//	◀── [[0,["c","<session>","",8,14,30000]]]
//	GET  ?SID=…&AID=0                            ──▶  held open
//	◀── [[1,[message]],[2,[message]]] … [[3,["noop"]]] …
//	POST ?SID=…&AID=3   count=1&ofs=1&req0_…     ──▶  receives a message
//	◀── [1,3,0]
//	POST ?SID=…&TYPE=terminate                   ──▶  ends the session
//
// The protocol calls a message from the client a map, and one from the server an array.
//
// Source: wire traffic of Firebase's web SDKs, versions 9 and 12, and the client in Closure's
// library, https://github.com/google/closure-library/tree/master/closure/goog/labs/net/webchannel.
package webchannel

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"heek.kr/heektime/emulator/internal/httplimit"
)

// Options configure a [Server]. Zero values select the defaults.
type Options struct {
	// Serve serves one channel. The channel ends when Serve returns; the context ends when the
	// channel does. Required.
	Serve func(context.Context, *Session)
	// Bodies reads request bodies. Required.
	Bodies *httplimit.BodyReader
	// KeepAlive is how long a back channel may stay silent; 30 seconds by default.
	KeepAlive time.Duration
	// AbandonAfter is how long a session lives without a back channel; 1 minute by default. Often, a page
	// that closes does not say so.
	AbandonAfter time.Duration
	// Timeout is how long a client may read nothing of a response, and how long its messages may
	// wait for Serve to receive them; 30 seconds by default.
	Timeout time.Duration
	// MaxSessions is the number of sessions; 1,000 by default. Beyond it, a new session replaces
	// the one that has been without a back channel for longest.
	MaxSessions int
	// MaxQueuedBytes is how many bytes may wait for one client, and MaxTotalQueuedBytes for all,
	// before senders block. A client with a back channel may always have one message waiting.
	// 1 MiB and 128 MiB by default.
	MaxQueuedBytes, MaxTotalQueuedBytes int
}

// Server serves channels. It is an [http.Handler] for every path that has channels.
type Server struct {
	options     Options
	queuedBytes atomic.Int64 // for all clients
	fairness    fairness

	mu       sync.Mutex
	sessions map[string]*Session
	closed   bool
}

// New returns a server.
func New(o Options) *Server {
	o.KeepAlive = cmp.Or(o.KeepAlive, 30*time.Second)
	o.AbandonAfter = cmp.Or(o.AbandonAfter, time.Minute)
	o.Timeout = cmp.Or(o.Timeout, 30*time.Second)
	o.MaxSessions = cmp.Or(o.MaxSessions, 1000)
	o.MaxQueuedBytes = cmp.Or(o.MaxQueuedBytes, 1<<20)
	o.MaxTotalQueuedBytes = cmp.Or(o.MaxTotalQueuedBytes, 128<<20)
	return &Server{options: o, sessions: map[string]*Session{}}
}

// version is the version of the protocol.
const version = "8"

// ServeHTTP implements [http.Handler].
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if v := q.Get("VER"); v != version {
		http.Error(w, fmt.Sprintf("This server supports version %s of WebChannel, not %q.", version, v), http.StatusBadRequest)
		return
	}
	id := q.Get("SID")
	if id == "" {
		if r.Method != http.MethodPost {
			http.Error(w, "A channel begins with a POST.", http.StatusMethodNotAllowed)
			return
		}
		s.handshake(w, r, q)
		return
	}
	session := s.find(id, r.URL.Path)
	switch {
	case q.Get("TYPE") == "terminate": // a POST or, in browsers without beacons, the GET of an image
		if session != nil {
			session.end()
		}
	case session == nil:
		unknownSession(w)
	case r.Method == http.MethodPost:
		session.forward(w, r, q)
	case r.Method == http.MethodGet:
		session.backChannel(w, r, q)
	default:
		http.Error(w, "A channel accepts GET and POST, not "+r.Method+".", http.StatusMethodNotAllowed)
	}
}

// unknownSession makes the client open a new session. The client looks for "Unknown SID" in the
// body, but not at its very beginning.
func unknownSession(w http.ResponseWriter) {
	http.Error(w, "Error: Unknown SID", http.StatusBadRequest)
}

func (s *Server) find(id, path string) *Session {
	s.mu.Lock()
	defer s.mu.Unlock()
	if session := s.sessions[id]; session != nil && session.Path == path {
		return session
	}
	return nil
}

// add registers a session. It reports false when there is no room and no idle session to replace.
func (s *Server) add(session *Session) bool {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return false
	}
	var replaced *Session
	if len(s.sessions) >= s.options.MaxSessions {
		if replaced = s.longestIdle(); replaced == nil {
			s.mu.Unlock()
			return false
		}
		delete(s.sessions, replaced.id)
	}
	s.sessions[session.id] = session
	s.mu.Unlock()
	if replaced != nil {
		replaced.end()
	}
	return true
}

// longestIdle returns the session that has had no back channel for longest, nil when all have one.
func (s *Server) longestIdle() (found *Session) {
	var since time.Time
	for _, session := range s.sessions {
		if at, ok := session.idle(); ok && (found == nil || at.Before(since)) {
			found, since = session, at
		}
	}
	return found
}

func (s *Server) remove(session *Session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sessions[session.id] == session {
		delete(s.sessions, session.id)
	}
}

// Sessions returns the number of sessions.
func (s *Server) Sessions() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.sessions)
}

// Close ends all channels and rejects new ones.
func (s *Server) Close() {
	s.mu.Lock()
	s.closed = true
	all := s.sessions
	s.sessions = map[string]*Session{}
	s.mu.Unlock()
	for _, session := range all {
		session.end()
	}
}
