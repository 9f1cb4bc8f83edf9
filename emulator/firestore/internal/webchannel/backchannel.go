package webchannel

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"heek.kr/heektime/emulator/internal/httplimit"
)

// back is one request of a back channel.
type back struct {
	ctx    context.Context // ends when another takes its place, and with the session
	cancel context.CancelFunc
}

// frameBytes is about how much one frame holds. A client sees nothing of a frame before it has all of it.
const frameBytes = 256 << 10

// maxHold is how long a poll is held, which proxies let pass.
const maxHold = 25 * time.Second

// backChannel sends the client's arrays as they come (CI=0), or those that there are as soon as there are any (CI=1).
func (s *Session) backChannel(w http.ResponseWriter, r *http.Request, q url.Values) {
	aid, err := strconv.Atoi(q.Get("AID"))
	if err != nil || aid < 0 {
		http.Error(w, "A back channel must say in AID which array it received last.", http.StatusBadRequest)
		return
	}
	b, ok := s.attach(aid)
	if !ok {
		s.end()
		unknown(w)
		return
	}
	defer s.detach(b)
	defer cutWhen(b.ctx, w)()
	turn, leave := s.server.crowd.enter(r)
	defer leave()
	setHeader(w)
	out := httplimit.NewStreamWriter(w, s.server.o.Timeout)
	defer out.Close()
	poll := q.Get("CI") == "1"
	silence := s.server.o.KeepAlive
	if poll {
		silence = maxHold
		if ms, err := strconv.Atoi(q.Get("TO")); err == nil && ms > 0 && ms < int(maxHold.Milliseconds()) {
			silence = time.Duration(ms) * time.Millisecond
		}
	}
	timer := time.NewTimer(silence)
	defer timer.Stop()
	// A client that sees no byte soon takes the way for one that keeps bytes back, and polls from then on.
	idle := !poll
	for {
		list, changed, over := s.unsent(b, idle)
		idle = false
		if len(list) > 0 {
			if _, err := out.Write(arrays(list)); err != nil || out.Flush() != nil || poll {
				return
			}
			timer.Reset(silence)
			continue
		}
		if over {
			return
		}
		select {
		case <-changed:
		case <-timer.C:
			idle = true
			timer.Reset(silence)
		case <-turn:
			return
		case <-b.ctx.Done():
			return
		case <-r.Context().Done():
			return
		}
	}
}

// cutWhen cuts a response's connection when ctx ends, even if a write waits for the client. The function it returns is to be
// called at the end of the response.
func cutWhen(ctx context.Context, w http.ResponseWriter) func() {
	cut := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		http.NewResponseController(w).SetWriteDeadline(time.Now())
		close(cut)
	})
	return func() {
		if !stop() {
			<-cut
		}
	}
}

// attach makes a new back channel the current one, of a client that has received everything up to an array. ok is false
// when there is nothing to go on with.
func (s *Session) attach(aid int) (b *back, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dead || !s.acknowledge(aid) || s.done && len(s.out) == 0 {
		return nil, false
	}
	if s.back != nil {
		s.back.cancel()
	}
	s.back = &back{}
	s.back.ctx, s.back.cancel = context.WithCancel(s.ctx)
	s.sent = aid
	s.reap.Stop()
	s.notify()
	return s.back, true
}

// detach notes that a back channel has ended.
func (s *Session) detach(b *back) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b.cancel()
	if s.back == b && !s.dead {
		s.back, s.since = nil, time.Now()
		s.reap.Reset(s.server.o.Abandoned)
	}
}

// expire ends a session that has no back channel.
func (s *Session) expire() {
	if since, ok := s.abandoned(); ok && time.Since(since) >= s.server.o.Abandoned {
		s.end()
	}
}

// ackBytes is how much a client may leave unacknowledged while nothing happens: it acknowledges when it sends something or
// comes again.
const ackBytes = 64 << 10

// unsent are the arrays that are next on a back channel, and what tells that there are more. If it is idle and there are
// none, it is sent one that says nothing. It is over when there will be no more: the channel is at its end, another back
// channel took over, or room has to be made by the client's coming again.
func (s *Session) unsent(b *back, idle bool) (list []array, changed <-chan struct{}, over bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dead || s.back != b {
		return nil, nil, true
	}
	if idle && s.sent == s.lastID {
		if s.size > ackBytes {
			return nil, nil, true
		}
		s.put([]byte(`"noop"`))
	}
	size := 0
	for _, a := range s.queued() {
		if size > 0 && size+len(a.data) > frameBytes {
			break
		}
		size += len(a.data)
		list = append(list, a)
	}
	if len(list) > 0 {
		s.sent = list[len(list)-1].id
	}
	return list, s.changed, s.waiting > 0 || s.done
}

// queued are the arrays that have not been written to the current back channel.
func (s *Session) queued() []array {
	if s.dead {
		return nil
	}
	return s.out[len(s.out)-(s.lastID-s.sent):]
}
