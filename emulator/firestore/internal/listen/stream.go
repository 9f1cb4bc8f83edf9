package listen

import (
	"sync"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	gstatus "google.golang.org/grpc/status"

	"heek.kr/heektime/emulator/firestore/internal/store"
	"heek.kr/heektime/emulator/internal/resource"
	"heek.kr/heektime/emulator/internal/value"
)

// maxPending is the number of changed documents that may wait for a target's client. Beyond it, the
// target is reset.
const maxPending = 10_000

// Stream is one client's listen stream with its targets. All methods except merge and reset must be
// called by the same goroutine.
type Stream struct {
	hub       *Hub
	document  func(*store.Document, *value.Fields) *pb.Document
	send      func(*pb.ListenResponse) error
	token     func(value.Micros) []byte
	authorize Authorize
	targets   map[int32]*target
	lastID    int32        // the largest ID of a target so far
	assigns   bool         // the client has let an ID be assigned
	sent      value.Micros // time of the last global snapshot

	// Wake receives a value when there is something to flush.
	Wake chan struct{}

	// ID is part of the stream's resume tokens. It is set before the first target is added, as are the
	// functions that get what the stream is billed: Reads for reads of a collection, RulesReads for
	// documents that rules read because results changed. Nil functions count nothing.
	ID         uint64
	Reads      func(collection resource.Key, n int)
	RulesReads func([]resource.Key)

	mu     sync.Mutex    // also guards the pending state of the targets
	commit *store.Commit // the last one dispatched to the stream and not yet flushed
}

// NewStream returns a stream that sends responses with send. document and token create the
// documents and resume tokens in them; authorize decides which targets are served.
func NewStream(h *Hub, document func(*store.Document, *value.Fields) *pb.Document, token func(value.Micros) []byte, authorize Authorize, send func(*pb.ListenResponse) error) *Stream {
	return &Stream{hub: h, document: document, token: token, authorize: authorize, send: send, targets: map[int32]*target{}, Wake: make(chan struct{}, 1)}
}

// Close removes all targets.
func (s *Stream) Close() {
	for _, t := range s.targets {
		s.hub.remove(t)
	}
	s.hub.removeStream(s)
}

// merge adds the events of a commit to the pending changes of the stream's targets. The hub calls
// it.
func (s *Stream) merge(c *store.Commit, events []event) {
	s.mu.Lock()
	s.commit = c
	for _, e := range events {
		t := e.target
		if e.recheck || len(t.keys) > 0 {
			t.recheck = true
		}
		if e.recheck || t.stale {
			continue
		}
		ch := e.change
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

// reset discards a target's pending changes, so that its documents are sent again. The hub calls
// it.
func (s *Stream) reset(t *target, c *store.Commit) {
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

// Flush sends the pending changes, which end with a commit, followed by a global snapshot.
func (s *Stream) Flush() error { return s.flush(0, false) }

// flush implements [Stream.Flush]. The global snapshot's time is at least from; with force it is
// sent even if there is nothing new.
func (s *Stream) flush(from value.Micros, force bool) error {
	type batch struct {
		target  *target
		changes map[resource.Key]store.Change
		stale   bool
	}
	var work []batch
	s.mu.Lock()
	c := s.commit
	s.commit = nil
	var rechecks []*target
	for _, t := range s.targets {
		if t.recheck {
			rechecks = append(rechecks, t)
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
	if err := s.recheck(rechecks, c); err != nil {
		return err
	}
	if len(work) == 0 && now <= s.sent && !force {
		return nil
	}
	e := effects{}
	for _, b := range work {
		var err error
		switch {
		case s.targets[b.target.id] != b.target: // rejected by recheck
		case b.stale:
			err = s.resend(b.target, c.Snapshot)
		case b.target.limited():
			s.diff(e, b.target, b.target.result, c.Snapshot.Latest())
		default:
			s.applyChanges(e, b.target, b.changes)
		}
		if err != nil {
			return err
		}
	}
	s.countChanges(e)
	s.countRules(e, rechecks)
	if err := s.sendAll(e, now); err != nil {
		return err
	}
	return s.snapshot(now)
}

// resend resets a target at the client and sends all its documents.
func (s *Stream) resend(t *target, snap *store.Snapshot) error {
	if err := s.change(pb.TargetChange_RESET, t.id, 0); err != nil {
		return err
	}
	t.result = nil
	e := effects{}
	s.diff(e, t, nil, snap.Latest())
	s.countChanges(e)
	if err := s.sendAll(e, snap.Time); err != nil {
		return err
	}
	return s.change(pb.TargetChange_CURRENT, t.id, snap.Time)
}

// applyChanges records changes for a target without a limit.
func (s *Stream) applyChanges(e effects, t *target, changes map[resource.Key]store.Change) {
	for _, ch := range changes {
		var was, is *store.Document
		if t.contains(ch.Old) {
			was = ch.Old
		}
		if t.contains(ch.New) {
			is = ch.New
		}
		e.record(t, was, is, ch.New)
	}
}

// diff records the differences between a target's results in view and those before. It keeps the
// results of a limited target for the next diff.
func (s *Stream) diff(e effects, t *target, before map[resource.Key]*store.Document, view store.View) {
	after := t.all(view)
	for k, d := range after {
		if before[k] != d {
			e.record(t, before[k], d, d)
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
		e.record(t, d, nil, now)
		if now == d {
			e[k].displaced++
		}
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

// change sends a target change. If at is not 0, it includes a resume token.
func (s *Stream) change(kind pb.TargetChange_TargetChangeType, id int32, at value.Micros) error {
	c := &pb.TargetChange{TargetChangeType: kind, TargetIds: []int32{id}}
	if at != 0 {
		c.ReadTime, c.ResumeToken = at.Proto(), s.token(at)
	}
	return s.send(&pb.ListenResponse{ResponseType: &pb.ListenResponse_TargetChange{TargetChange: c}})
}

// snapshot sends a global snapshot: the client has received all changes up to now.
func (s *Stream) snapshot(now value.Micros) error {
	s.sent = now
	return s.send(&pb.ListenResponse{ResponseType: &pb.ListenResponse_TargetChange{TargetChange: &pb.TargetChange{
		ReadTime: now.Proto(), ResumeToken: s.token(now),
	}}})
}

// Reject sends the removal of a target with its cause.
func (s *Stream) Reject(id int32, err error) error {
	st := gstatus.Convert(err)
	return s.send(&pb.ListenResponse{ResponseType: &pb.ListenResponse_TargetChange{TargetChange: &pb.TargetChange{
		TargetChangeType: pb.TargetChange_REMOVE, TargetIds: []int32{id},
		Cause: &status.Status{Code: int32(st.Code()), Message: st.Message()},
	}}})
}

// TargetID returns the ID of a target to add: one that the stream assigns if the client's is 0. From then on, the
// client cannot choose IDs (google/firestore/v1/firestore.proto, Target.target_id).
func (s *Stream) TargetID(id int32) (int32, error) {
	switch {
	case id < 0:
		return 0, gstatus.Errorf(codes.InvalidArgument, "target_id must be positive, not %d.", id)
	case id > 0 && s.assigns:
		return 0, gstatus.Errorf(codes.InvalidArgument, "target_id must be 0, not %d, after a target without one.", id)
	case id == 0:
		s.assigns = true
		id = s.lastID + 1
	}
	s.lastID = max(s.lastID, id)
	return id, nil
}

// Remove removes a target. The removal is acknowledged even if there is no such target.
func (s *Stream) Remove(id int32) error {
	if t := s.targets[id]; t != nil {
		s.hub.remove(t)
		delete(s.targets, id)
	}
	return s.change(pb.TargetChange_REMOVE, id, 0)
}
