// Package webchannel is the server's side of WebChannel, version 8: streams of messages both ways between a browser and a
// server over HTTP/1.1, as Google's web SDKs use them. It knows nothing of what the messages mean.
//
// A channel begins with a POST, the handshake, which brings the client's first messages and is answered by the name of
// a session. After it the client sends further messages by POSTs ("forward"), one at a time, and receives the server's on
// the answer to a long GET (the "back channel"): a frame is written when there is a message. When that GET ends or is cut,
// the client comes with another one and says which message it received last; the server keeps messages until then, so
// that none is lost or seen twice. What crosses the network twice, the client's messages do so under the same number.
//
//	client                                       server
//	POST ?VER=8&RID=…   count=1&req0___data__=…  ──▶  a session
//	◀── [[0,["c","<session>","",8,14,30000]]]
//	GET  ?SID=…&AID=0                            ──▶  held open
//	◀── [[1,[message]],[2,[message]]] … [[3,["noop"]]] …
//	POST ?SID=…&AID=3   count=1&ofs=1&req0_…     ──▶  a message
//	◀── [1,3,0]
//	POST ?SID=…&TYPE=terminate                   ──▶  the end
//
// Source: wire traffic of Firebase's web SDKs, versions 9 and 12, and the client in Closure's library,
// https://github.com/google/closure-library/tree/master/closure/goog/labs/net/webchannel.
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

// Options say how channels behave. Zero values are the defaults.
type Options struct {
	// Serve serves one channel; when it returns, the channel ends. Its context ends with the channel. Required.
	Serve func(context.Context, *Session)
	// Intake takes the bodies of requests. Required.
	Bodies *httplimit.BodyReader
	// KeepAlive is how long a back channel may be silent, 30 seconds by default.
	KeepAlive time.Duration
	// Abandoned is how long a session lives without a back channel, 1 minute by default: pages die without a word.
	Abandoned time.Duration
	// Patience is how long a client may take nothing of what is sent to it, and how long its messages may wait to be received,
	// 30 seconds by default.
	Timeout time.Duration
	// MaxSessions is how many sessions there may be, 1,000 by default. Beyond, the one that has been without a back channel
	// for longest makes room.
	MaxSessions int
	// MaxQueued is how many bytes may wait for one client, and MaxQueuedAll for all, before whoever sends has to wait as well.
	// One message may wait in any case for a client with a back channel. 1 MiB and 128 MiB by default.
	MaxQueued, MaxQueuedAll int
}

// Server answers the requests of channels. It is an [http.Handler] for every path that has channels.
type Server struct {
	o      Options
	queued atomic.Int64 // bytes that wait for all clients
	crowd  fairness

	mu       sync.Mutex
	sessions map[string]*Session
	closed   bool
}

// New makes a server.
func New(o Options) *Server {
	o.KeepAlive = cmp.Or(o.KeepAlive, 30*time.Second)
	o.Abandoned = cmp.Or(o.Abandoned, time.Minute)
	o.Timeout = cmp.Or(o.Timeout, 30*time.Second)
	o.MaxSessions = cmp.Or(o.MaxSessions, 1000)
	o.MaxQueued = cmp.Or(o.MaxQueued, 1<<20)
	o.MaxQueuedAll = cmp.Or(o.MaxQueuedAll, 128<<20)
	return &Server{o: o, sessions: map[string]*Session{}}
}

// version is the protocol's.
const version = "8"

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if v := q.Get("VER"); v != version {
		http.Error(w, fmt.Sprintf("This server speaks version %s of WebChannel, not %q.", version, v), http.StatusBadRequest)
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
	case q.Get("TYPE") == "terminate": // by POST or, without a beacon, by the GET of an image
		if session != nil {
			session.end()
		}
	case session == nil:
		unknown(w)
	case r.Method == http.MethodPost:
		session.forward(w, r, q)
	case r.Method == http.MethodGet:
		session.backChannel(w, r, q)
	default:
		http.Error(w, r.Method+" is not a channel's.", http.StatusMethodNotAllowed)
	}
}

// unknown tells the client to begin anew. It looks for these words, not at the beginning.
func unknown(w http.ResponseWriter) {
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

// add lets a session in, if there is room or room can be made.
func (s *Server) add(session *Session) bool {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return false
	}
	var out *Session
	if len(s.sessions) >= s.o.MaxSessions {
		if out = s.mostAbandoned(); out == nil {
			s.mu.Unlock()
			return false
		}
		delete(s.sessions, out.id)
	}
	s.sessions[session.id] = session
	s.mu.Unlock()
	if out != nil {
		out.end()
	}
	return true
}

// mostAbandoned is the session that has had no back channel for longest, nil when all have one.
func (s *Server) mostAbandoned() (out *Session) {
	var since time.Time
	for _, session := range s.sessions {
		if at, ok := session.abandoned(); ok && (out == nil || at.Before(since)) {
			out, since = session, at
		}
	}
	return out
}

func (s *Server) remove(session *Session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sessions[session.id] == session {
		delete(s.sessions, session.id)
	}
}

// Sessions is how many sessions there are.
func (s *Server) Sessions() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.sessions)
}

// Close ends all channels and lets no more begin.
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
