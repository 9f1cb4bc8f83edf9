package listen

import (
	"sync"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/genproto/googleapis/rpc/status"
	gstatus "google.golang.org/grpc/status"

	"heek.kr/heektime/emulator/firestore/internal/store"
	"heek.kr/heektime/emulator/internal/resource"
	"heek.kr/heektime/emulator/internal/value"
)

// maxPending is how many changed documents may wait for a target's reader. Beyond it the target begins anew.
const maxPending = 10_000

// Stream is one client's stream with its targets. All methods but offer and restart belong to one goroutine.
type Stream struct {
	hub       *Hub
	document  func(*store.Document, *value.Fields) *pb.Document
	send      func(*pb.ListenResponse) error
	token     func(value.Micros) []byte
	authorize Authorize
	targets   map[int32]*target
	told      value.Micros // of the last global snapshot

	// Wake receives when there is something to flush.
	Wake chan struct{}

	mu     sync.Mutex
	commit *store.Commit // the last that concerns the stream and was not yet flushed
}

// NewStream makes a stream that sends with send, documents made by document and resume tokens made by token, what judge
// allows.
func NewStream(h *Hub, document func(*store.Document, *value.Fields) *pb.Document, token func(value.Micros) []byte, judge Authorize, send func(*pb.ListenResponse) error) *Stream {
	return &Stream{hub: h, document: document, token: token, authorize: judge, send: send, targets: map[int32]*target{}, Wake: make(chan struct{}, 1)}
}

// Close forgets all targets.
func (s *Stream) Close() {
	for _, t := range s.targets {
		s.hub.remove(t)
	}
	s.hub.forget(s)
}

// offer takes what a commit does to the stream's targets. The hub calls it.
func (s *Stream) offer(c *store.Commit, hits []hit) {
	s.mu.Lock()
	s.commit = c
	for _, h := range hits {
		t := h.target
		if h.doubt || len(t.keys) > 0 {
			t.recheck = true
		}
		if h.doubt || t.stale {
			continue
		}
		ch := h.change
		if before, ok := t.pending[ch.New.Key]; ok {
			ch.Old = before.Old
		} else if len(t.pending) >= maxPending {
			t.pending, t.stale = nil, true
			continue
		}
		if t.pending == nil {
			t.pending = map[resource.Key]store.Change{}
		}
		t.pending[ch.New.Key] = ch
	}
	s.mu.Unlock()
	s.wake()
}

// restart makes a target begin anew. The hub calls it.
func (s *Stream) restart(t *target, c *store.Commit) {
	s.mu.Lock()
	s.commit = c
	t.pending, t.stale, t.recheck = nil, true, true
	s.mu.Unlock()
	s.wake()
}

func (s *Stream) wake() {
	select {
	case s.Wake <- struct{}{}:
	default:
	}
}

// Flush sends what has happened since the last time: all effects up to one commit, then one global snapshot.
func (s *Stream) Flush() error { return s.flush(0, false) }

// flush is [Stream.Flush]; the global snapshot is at least of the time from, and sent in any case if it must be.
func (s *Stream) flush(from value.Micros, must bool) error {
	type batch struct {
		target  *target
		changes map[resource.Key]store.Change
		stale   bool
	}
	var work []batch
	s.mu.Lock()
	c := s.commit
	s.commit = nil
	var doubtful []*target
	for _, t := range s.targets {
		if t.recheck {
			doubtful = append(doubtful, t)
			t.recheck = false
		}
		if len(t.pending) > 0 || t.stale {
			work = append(work, batch{t, t.pending, t.stale})
			t.pending, t.stale = nil, false
		}
	}
	s.mu.Unlock()
	now := from
	if c != nil {
		now = max(now, c.Time)
	}
	if err := s.recheck(doubtful, c); err != nil {
		return err
	}
	if len(work) == 0 && now <= s.told && !must {
		return nil
	}
	e := effects{}
	for _, b := range work {
		var err error
		switch {
		case s.targets[b.target.id] != b.target: // no longer served
		case b.stale:
			err = s.begin(b.target, c.Snapshot)
		case b.target.limited():
			s.diff(e, b.target, b.target.result, c.Snapshot.Latest())
		default:
			s.apply(e, b.target, b.changes)
		}
		if err != nil {
			return err
		}
	}
	if err := s.sendAll(e, now); err != nil {
		return err
	}
	return s.snapshot(now)
}

// begin has the client forget what a target holds and sends it anew.
func (s *Stream) begin(t *target, snap *store.Snapshot) error {
	if err := s.change(pb.TargetChange_RESET, t.id, 0); err != nil {
		return err
	}
	t.result = nil
	e := effects{}
	s.diff(e, t, nil, snap.Latest())
	if err := s.sendAll(e, snap.Time); err != nil {
		return err
	}
	return s.change(pb.TargetChange_CURRENT, t.id, snap.Time)
}

// apply notes changes for a target whose documents stand for themselves.
func (s *Stream) apply(e effects, t *target, changes map[resource.Key]store.Change) {
	for _, ch := range changes {
		var was, is *store.Document
		if t.contains(ch.Old) {
			was = ch.Old
		}
		if t.contains(ch.New) {
			is = ch.New
		}
		e.note(t, was, is, ch.New)
	}
}

// diff notes what distinguishes a target's results in view from those before, and keeps the results of a limited one.
func (s *Stream) diff(e effects, t *target, before map[resource.Key]*store.Document, view store.View) {
	after := t.all(view)
	for k, d := range after {
		if before[k] != d {
			e.note(t, before[k], d, d)
		}
	}
	for k, d := range before {
		if after[k] != nil {
			continue
		}
		now := view.Get(k)
		if now == nil {
			now = &store.Document{Key: k, Name: d.Name, Deleted: true}
		}
		e.note(t, d, nil, now)
	}
	if t.limited() {
		t.result = after
	}
}

func (s *Stream) sendAll(e effects, now value.Micros) error {
	for _, x := range e.sorted() {
		if err := s.send(x.response(s.document, now)); err != nil {
			return err
		}
	}
	return nil
}

// change sends a change of a target; a time other than 0 comes with a resume token.
func (s *Stream) change(kind pb.TargetChange_TargetChangeType, id int32, at value.Micros) error {
	c := &pb.TargetChange{TargetChangeType: kind, TargetIds: []int32{id}}
	if at != 0 {
		c.ReadTime, c.ResumeToken = at.Proto(), s.token(at)
	}
	return s.send(&pb.ListenResponse{ResponseType: &pb.ListenResponse_TargetChange{TargetChange: c}})
}

// snapshot tells the client that it has seen everything up to now.
func (s *Stream) snapshot(now value.Micros) error {
	s.told = now
	return s.send(&pb.ListenResponse{ResponseType: &pb.ListenResponse_TargetChange{TargetChange: &pb.TargetChange{
		ReadTime: now.Proto(), ResumeToken: s.token(now),
	}}})
}

// Refuse tells the client that a target is not served, and why.
func (s *Stream) Refuse(id int32, err error) error {
	st := gstatus.Convert(err)
	return s.send(&pb.ListenResponse{ResponseType: &pb.ListenResponse_TargetChange{TargetChange: &pb.TargetChange{
		TargetChangeType: pb.TargetChange_REMOVE, TargetIds: []int32{id},
		Cause: &status.Status{Code: int32(st.Code()), Message: st.Message()},
	}}})
}

// Remove ends a target. Every removal is acknowledged, also of a target that is not there.
func (s *Stream) Remove(id int32) error {
	if t := s.targets[id]; t != nil {
		s.hub.remove(t)
		delete(s.targets, id)
	}
	return s.change(pb.TargetChange_REMOVE, id, 0)
}
