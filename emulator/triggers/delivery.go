package triggers

import (
	"fmt"
	"time"

	"heek.kr/heektime/emulator/internal/dispatch"
)

// Faults make delivery as unreliable as Eventarc's guarantee, at least once and unordered, allows, to find
// functions that rely on more. With Twice, the two requests for an event are independent: the second may
// arrive first, simultaneously, or much later.
type Faults = dispatch.Faults

// SetFaults injects faults into all triggers from now on. The zero Faults stops that.
func (s *Server) SetFaults(f Faults) {
	s.base.Lock()
	defer s.base.Unlock()
	s.faults = dispatch.NewFaultInjector(f)
}

// start starts a request for an event. The mutex is held.
func (s *Server) start(sub *subscription, e *event, now time.Time) {
	e.Tried++
	e.running = true
	e.Attempts = append(e.Attempts, Attempt{Dispatched: now})
	if excess := len(e.Attempts) - maxAttempts; excess > 0 {
		e.Attempts = append([]Attempt(nil), e.Attempts[excess:]...)
	}
	sub.running++
	s.base.Begin()
	trigger, notBefore := sub.Trigger, now.Add(s.faults.RandomDelay())
	s.base.Go(func() {
		answer := s.send(trigger, e, notBefore)
		s.base.Lock()
		defer s.base.Unlock()
		s.base.End()
		sub.running--
		e.running = false
		sub.wake.Fire()
		if !s.base.Closed() && !e.ended && !e.duplicate {
			s.finish(sub, e, answer)
		}
		s.base.Changed.Fire()
	})
}

// send sends an event.
func (s *Server) send(t Trigger, e *event, notBefore time.Time) dispatch.Answer {
	request, err := s.request(t, e)
	if err != nil {
		return dispatch.Answer{Text: err.Error()}
	}
	request.NotBefore = notBefore
	return s.base.Send(request)
}

// finish handles the response to an event: it is done, dead, or retried. The mutex is held.
func (s *Server) finish(sub *subscription, e *event, answer dispatch.Answer) {
	now := s.clock.Now()
	e.Attempts[len(e.Attempts)-1].End(now, answer)
	if acknowledged(answer) {
		s.end(sub, e, Done, "")
		return
	}
	again := now.Add(backoff.Wait(e.Tried))
	switch {
	case !sub.Retry:
		s.end(sub, e, Dead, "its trigger does not retry")
		return
	case !again.Before(e.expires()):
		s.end(sub, e, Dead, fmt.Sprintf("it failed %d times in 24 hours", e.Tried))
		return
	}
	e.Due = again
	s.base.Changes.Add(record{Progress: &progressRecord{sub.Name, e.ID, e.progress}})
	s.base.Log.Info("event failed and will be retried", "trigger", sub.Name, "event", e.ID, "document", e.Document,
		"attempt", e.Tried, "status", answer.Status, "answer", answer.Text, "at", again)
	s.wait(sub, e)
}

// end makes an event done or dead. The mutex is held.
func (s *Server) end(sub *subscription, e *event, state State, reason string) {
	if e.duplicate {
		return
	}
	now := s.clock.Now()
	delete(sub.pending, e.ID)
	e.ended = true
	s.base.Changes.Add(record{Ended: &endedRecord{sub.Name, e.ID, state, now, e.progress}})
	if state == Dead {
		var last Attempt
		if n := len(e.Attempts); n > 0 {
			last = e.Attempts[n-1]
		}
		s.base.Log.Error("event is dead: "+reason, "trigger", sub.Name, "event", e.ID, "document", e.Document, "type", string(e.Type),
			"attempts", e.Tried, "status", last.Status, "answer", last.Text)
		sub.dead.add(e, now)
	} else {
		sub.done.add(e, now)
	}
	s.base.Changed.Fire()
}

// Redeliver delivers a waiting, delivered or dead event immediately. Its 24 hours start over.
func (s *Server) Redeliver(trigger, id string) error {
	s.base.Lock()
	defer s.base.Unlock()
	sub, ok := s.subscriptions.Get(trigger)
	if !ok {
		return fmt.Errorf("triggers: no trigger is named %q", trigger)
	}
	e := sub.pending[id]
	switch {
	case e != nil && e.running:
		return nil
	case e != nil:
		sub.due.Delete(e)
	default:
		if e = sub.dead.take(id); e == nil {
			e = sub.done.take(id)
		}
		if e == nil {
			return fmt.Errorf("triggers: trigger %q has no event %q, or it is no longer kept", trigger, id)
		}
		e.ended = false
		sub.pending[id] = e
	}
	e.Since, e.Due = s.clock.Now(), s.clock.Now()
	s.base.Changes.Add(record{Event: &eventRecord{sub.Name, e.content, e.progress}})
	s.wait(sub, e)
	return nil
}
