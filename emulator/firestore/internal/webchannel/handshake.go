package webchannel

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// handshake opens a session.
func (s *Server) handshake(w http.ResponseWriter, r *http.Request, q url.Values) {
	body, form, ok := s.readForm(w, r)
	if !ok {
		return
	}
	in, first, err := parseMessages(form, body)
	if err == nil && first != 0 {
		err = fmt.Errorf("the first message is number %d, not 0", first)
	}
	if err != nil {
		body.Release()
		http.Error(w, "Bad handshake: "+err.Error()+".", http.StatusBadRequest)
		return
	}
	n := s.newSession(r.URL.Path, channelHeader(r, q, form))
	n.incoming, n.nextMap = in, len(in)
	if len(in) == 0 {
		body.Release()
	}
	if !s.add(n) {
		n.end()
		http.Error(w, "The server has no room for another channel; try again.", http.StatusServiceUnavailable)
		return
	}
	n.mu.Lock()
	n.expiry = time.AfterFunc(s.options.AbandonAfter, n.expire)
	n.mu.Unlock()
	go n.run()
	if name := q.Get("X-HTTP-Session-Id"); name != "" {
		w.Header().Set("X-HTTP-Session-Id", rand.Text()) // for load balancers; there are none here
	}
	s.respond(w, fmt.Sprintf(`[[0,["c",%q,"",%s,14,%d]]]`, n.id, version, s.options.KeepAlive.Milliseconds()))
}

// channelHeader returns the headers of a channel, which the client sends in the body of the
// handshake (newer SDKs), in the query (older ones) or as real headers.
func channelHeader(r *http.Request, query, form url.Values) http.Header {
	h := parseHeader(query.Get("$httpHeaders") + "\r\n" + form.Get("headers"))
	if a := r.Header.Get("Authorization"); a != "" {
		h.Set("Authorization", a)
	}
	return h
}

// parseHeader parses headers, "Name:Value", separated by \r\n.
func parseHeader(list string) http.Header {
	h := http.Header{}
	for line := range strings.SplitSeq(list, "\r\n") {
		if name, value, ok := strings.Cut(line, ":"); ok {
			h.Set(strings.TrimSpace(name), strings.TrimSpace(value))
		}
	}
	return h
}
