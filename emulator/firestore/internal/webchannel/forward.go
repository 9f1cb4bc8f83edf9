package webchannel

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"heek.kr/heektime/emulator/internal/httplimit"
)

// maxMessages is the number of messages in one request. The clients have the same limit.
const maxMessages = 1000

// forward accepts messages from the client.
func (s *Session) forward(w http.ResponseWriter, r *http.Request, q url.Values) {
	body, form, ok := s.server.readForm(w, r)
	if !ok {
		return
	}
	in, first, err := parseMessages(form, body)
	if err == nil {
		if aid, bad := strconv.Atoi(q.Get("AID")); bad == nil {
			s.mu.Lock()
			s.acknowledge(aid)
			s.mu.Unlock()
		}
		ctx, cancel := context.WithTimeout(r.Context(), s.server.options.Timeout)
		defer cancel()
		err = s.accept(ctx, in, first, body)
	} else {
		body.Release()
	}
	if errors.Is(err, context.DeadlineExceeded) {
		http.Error(w, "Earlier messages are still waiting to be received.", http.StatusServiceUnavailable)
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
	last := s.lastSent
	for _, a := range s.unsent() {
		bytes += len(a.data)
	}
	s.mu.Unlock()
	s.server.respond(w, fmt.Sprintf("[%d,%d,%d]", present, last, bytes))
}

// accept queues the messages that were not accepted before. It waits until those of the previous
// request have been received, so that a client cannot send faster than it is served.
func (s *Session) accept(ctx context.Context, in []message, first int, body *httplimit.Body) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.incoming) > 0 { // empty once the session has ended
		if !s.wait(ctx) {
			body.Release()
			return ctx.Err()
		}
	}
	seen := s.nextMap - first // a client that got no response sends the same messages again
	switch {
	case s.ended || s.finished || seen >= len(in):
		body.Release()
		return nil
	case seen < 0:
		body.Release()
		return fmt.Errorf("the next message is number %d, not %d", s.nextMap, first)
	}
	s.incoming = in[seen:]
	s.nextMap = first + len(in)
	s.notify()
	return nil
}

// readForm reads the body of a POST as a form, whatever its Content-Type.
func (s *Server) readForm(w http.ResponseWriter, r *http.Request) (*httplimit.Body, url.Values, bool) {
	body, err := s.options.Bodies.Read(w, r)
	if err != nil {
		http.Error(w, err.Error(), httplimit.StatusOf(err))
		return nil, nil, false
	}
	form, err := url.ParseQuery(string(body.Bytes))
	if err != nil {
		body.Release()
		http.Error(w, "The body is not a form: "+err.Error()+".", http.StatusBadRequest)
		return nil, nil, false
	}
	return body, form, true
}

// parseMessages returns the messages in a form and the number of the first. A message that the
// client could not encode is empty.
func parseMessages(form url.Values, body *httplimit.Body) (in []message, first int, err error) {
	count, err := parseNumber(form, "count", maxMessages)
	if err != nil {
		return nil, 0, err
	}
	if first, err = parseNumber(form, "ofs", 1<<52); err != nil {
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

// parseNumber returns the value of a parameter, 0 when it is missing.
func parseNumber(form url.Values, name string, most int) (int, error) {
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

// respond responds to a POST with one frame.
func (s *Server) respond(w http.ResponseWriter, text string) {
	setHeader(w)
	out := httplimit.NewStreamWriter(w, s.options.Timeout)
	out.Write(frame(text)) // fails only if the client is gone
	out.Close()
}
