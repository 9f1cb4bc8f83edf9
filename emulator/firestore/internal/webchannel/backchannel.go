package webchannel

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"heek.kr/heektime/emulator/internal/httplimit"
)

const (
	// frameBytes is about how much one frame holds. A client sees nothing of a frame until it has
	// received all of it.
	frameBytes = 256 << 10

	// maxPoll is how long a poll is held open. Proxies allow that long.
	maxPoll = 25 * time.Second

	// ackBytes is how much a client may leave unacknowledged on an idle back channel. A client
	// acknowledges when it sends something or opens another back channel.
	ackBytes = 64 << 10
)

// backRequest is one GET of a back channel.
type backRequest struct {
	ctx    context.Context // ends when another request replaces this one, and with the session
	cancel context.CancelFunc
}

// backChannel streams arrays to the client as they are made (CI=0), or responds with the waiting
// arrays as soon as there are any (CI=1, long polling).
func (s *Session) backChannel(w http.ResponseWriter, r *http.Request, q url.Values) {
	aid, err := strconv.Atoi(q.Get("AID"))
	if err != nil || aid < 0 {
		http.Error(w, "A back channel must name the last array it received in AID.", http.StatusBadRequest)
		return
	}
	b, ok := s.attach(aid)
	if !ok {
		s.end()
		unknownSession(w)
		return
	}
	defer s.detach(b)
	defer cutWhen(b.ctx, w)()
	turnOver, leave := s.server.fairness.enter(r)
	defer leave()
	setHeader(w)
	out := httplimit.NewStreamWriter(w, s.server.options.Timeout)
	defer out.Close()
	poll := q.Get("CI") == "1"
	silence := s.maxSilence(poll, q)
	timer := time.NewTimer(silence)
	defer timer.Stop()
	// A stream begins with an array even if there is nothing to say. A client that receives
	// nothing at first assumes that a proxy is buffering, and polls from then on.
	idle := !poll
	for {
		list, changed, over := s.next(b, idle)
		idle = false
		if len(list) > 0 {
			if _, err := out.Write(arraysFrame(list)); err != nil || out.Flush() != nil || poll {
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
		case <-turnOver:
			return
		case <-b.ctx.Done():
			return
		case <-r.Context().Done():
			return
		}
	}
}

// maxSilence returns how long a back channel may send nothing before it sends a noop. A poll ends
// after that time instead; the client may set it with the parameter TO.
func (s *Session) maxSilence(poll bool, q url.Values) time.Duration {
	if !poll {
		return s.server.options.KeepAlive
	}
	if ms, err := strconv.Atoi(q.Get("TO")); err == nil && ms > 0 && ms < int(maxPoll.Milliseconds()) {
		return time.Duration(ms) * time.Millisecond
	}
	return maxPoll
}

// cutWhen cuts the connection of a response when ctx ends, even while a write waits for the client.
// Call the returned function at the end of the response.
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

// attach makes a new request the current back channel. aid is the last array that the client has
// received. ok is false when there is nothing to continue with.
func (s *Session) attach(aid int) (b *backRequest, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended || !s.acknowledge(aid) || s.finished && len(s.unacked) == 0 {
		return nil, false
	}
	if s.back != nil {
		s.back.cancel()
	}
	s.back = &backRequest{}
	s.back.ctx, s.back.cancel = context.WithCancel(s.ctx)
	s.lastSent = aid
	s.expiry.Stop()
	s.notify()
	return s.back, true
}

// detach ends a back channel.
func (s *Session) detach(b *backRequest) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b.cancel()
	if s.back == b && !s.ended {
		s.back, s.idleSince = nil, time.Now()
		s.expiry.Reset(s.server.options.AbandonAfter)
	}
}

// expire ends a session that has been abandoned.
func (s *Session) expire() {
	if since, ok := s.idle(); ok && time.Since(since) >= s.server.options.AbandonAfter {
		s.end()
	}
}

// next returns the arrays to write next to a back channel, and a channel that is closed when there
// may be more. With idle, it makes a noop if there is no array. over reports that there is nothing
// more to write: the session has finished, another back channel has replaced this one, or the
// client should return and acknowledge what it received, to make room.
func (s *Session) next(b *backRequest, idle bool) (list []array, changed <-chan struct{}, over bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended || s.back != b {
		return nil, nil, true
	}
	if idle && s.lastSent == s.lastID {
		if s.unackedBytes > ackBytes {
			return nil, nil, true
		}
		s.enqueue([]byte(`"noop"`))
	}
	size := 0
	for _, a := range s.unsent() {
		if size > 0 && size+len(a.data) > frameBytes {
			break
		}
		size += len(a.data)
		list = append(list, a)
	}
	if len(list) > 0 {
		s.lastSent = list[len(list)-1].id
	}
	return list, s.changed, s.blocked > 0 || s.finished
}

// unsent returns the arrays that have not been written to the current back channel. The mutex is
// held.
func (s *Session) unsent() []array {
	if s.ended {
		return nil
	}
	return s.unacked[len(s.unacked)-(s.lastID-s.lastSent):]
}
