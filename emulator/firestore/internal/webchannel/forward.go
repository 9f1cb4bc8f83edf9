package webchannel

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"heek.kr/heektime/emulator/internal/httplimit"
)

// maxMessages is how many messages one request may bring; the client's own limit.
const maxMessages = 1000

// handshake begins a session.
func (s *Server) handshake(w http.ResponseWriter, r *http.Request, q url.Values) {
	body, form, ok := s.form(w, r)
	if !ok {
		return
	}
	in, first, err := messages(form, body)
	if err == nil && first != 0 {
		err = fmt.Errorf("the first message has the number %d, not 0", first)
	}
	if err != nil {
		body.Release()
		http.Error(w, "Bad handshake: "+err.Error()+".", http.StatusBadRequest)
		return
	}
	n := s.newSession(r.URL.Path, headerOf(r, q, form))
	n.in, n.nextMap = in, len(in)
	if len(in) == 0 {
		body.Release()
	}
	if !s.add(n) {
		n.end()
		http.Error(w, "The server has as many channels as it can have; try again.", http.StatusServiceUnavailable)
		return
	}
	n.mu.Lock()
	n.reap = time.AfterFunc(s.o.Abandoned, n.expire)
	n.mu.Unlock()
	go n.run()
	if name := q.Get("X-HTTP-Session-Id"); name != "" {
		w.Header().Set("X-HTTP-Session-Id", rand.Text()) // for balancers of load, of which there are none here
	}
	s.answer(w, fmt.Sprintf(`[[0,["c",%q,"",%s,14,%d]]]`, n.id, version, s.o.KeepAlive.Milliseconds()))
}

// forward takes the client's messages.
func (s *Session) forward(w http.ResponseWriter, r *http.Request, q url.Values) {
	body, form, ok := s.server.form(w, r)
	if !ok {
		return
	}
	in, first, err := messages(form, body)
	if err == nil {
		if aid, bad := strconv.Atoi(q.Get("AID")); bad == nil {
			s.mu.Lock()
			s.acknowledge(aid)
			s.mu.Unlock()
		}
		ctx, cancel := context.WithTimeout(r.Context(), s.server.o.Timeout)
		defer cancel()
		err = s.take(ctx, in, first, body)
	} else {
		body.Release()
	}
	if errors.Is(err, context.DeadlineExceeded) {
		http.Error(w, "What was sent before has not been taken yet.", http.StatusServiceUnavailable)
		return
	}
	if err != nil {
		http.Error(w, "Bad messages: "+err.Error()+".", http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	present, bytes := 0, 0
	if s.back != nil {
		present = 1
	}
	last := s.sent
	for _, a := range s.queued() {
		bytes += len(a.data)
	}
	s.mu.Unlock()
	s.server.answer(w, fmt.Sprintf("[%d,%d,%d]", present, last, bytes))
}

// take queues messages that have not been taken before. It waits until those of the request before are received, so
// that a client cannot send faster than it is served.
func (s *Session) take(ctx context.Context, in []message, first int, body *httplimit.Body) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.in) > 0 { // no more at the end
		if !s.wait(ctx) {
			body.Release()
			return ctx.Err()
		}
	}
	seen := s.nextMap - first // a client that did not get the answer sends them again
	switch {
	case s.dead || s.done || seen >= len(in):
		body.Release()
		return nil
	case seen < 0:
		body.Release()
		return fmt.Errorf("the next message has the number %d, not %d", s.nextMap, first)
	}
	s.in = in[seen:]
	s.nextMap = first + len(in)
	s.notify()
	return nil
}

// form reads the body of a POST, which has a form's encoding whatever its type.
func (s *Server) form(w http.ResponseWriter, r *http.Request) (*httplimit.Body, url.Values, bool) {
	body, err := s.o.Bodies.Read(w, r)
	if err != nil {
		http.Error(w, err.Error(), httplimit.StatusOf(err))
		return nil, nil, false
	}
	form, err := url.ParseQuery(string(body.Bytes))
	if err != nil {
		body.Release()
		http.Error(w, "The body is no form: "+err.Error()+".", http.StatusBadRequest)
		return nil, nil, false
	}
	return body, form, true
}

// messages are those of a form, and the number of the first. One that the client could not encode is empty.
func messages(form url.Values, body *httplimit.Body) (in []message, first int, err error) {
	count, err := number(form, "count", maxMessages)
	if err != nil {
		return nil, 0, err
	}
	if first, err = number(form, "ofs", 1<<52); err != nil {
		return nil, 0, err
	}
	for i := range count {
		in = append(in, message{data: form.Get("req" + strconv.Itoa(i) + "___data__")})
	}
	if count > 0 {
		in[count-1].body = body
	}
	return in, first, nil
}

// number is a parameter's value, 0 when it is not there.
func number(form url.Values, name string, most int) (int, error) {
	text := form.Get(name)
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > most {
		return 0, fmt.Errorf("%s is %q, not a number up to %d", name, text, most)
	}
	return n, nil
}

// answer answers a request with one frame.
func (s *Server) answer(w http.ResponseWriter, text string) {
	setHeader(w)
	out := httplimit.NewStreamWriter(w, s.o.Timeout)
	out.Write(frame(text)) // a client that went away is nobody to tell
	out.Close()
}
