package emulatortest_test

import "cloud.google.com/go/firestore/apiv1/firestorepb"

// meteredTarget is a target of a Listen stream.
type meteredTarget struct {
	resumed bool // it receives changes only
	current bool
	found   int // documents of the first result, missing ones of a target of documents included
}

// listen records a request of a client.
func (s *meteredStream) listen(r *firestorepb.ListenRequest) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.targets == nil {
		s.targets = map[int32]*meteredTarget{}
	}
	switch x := r.TargetChange.(type) {
	case *firestorepb.ListenRequest_AddTarget:
		s.targets[x.AddTarget.TargetId] = &meteredTarget{resumed: len(x.AddTarget.GetResumeToken()) > 0 || x.AddTarget.GetReadTime() != nil}
	case *firestorepb.ListenRequest_RemoveTarget:
		delete(s.targets, x.RemoveTarget)
	}
}

// heard counts a response. Each target is billed on its own.
func (s *meteredStream) heard(r *firestorepb.ListenResponse) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch x := r.ResponseType.(type) {
	case *firestorepb.ListenResponse_DocumentChange:
		for _, id := range x.DocumentChange.TargetIds {
			if t := s.targets[id]; t != nil {
				t.found++
			}
		}
		s.meter.read(len(x.DocumentChange.TargetIds) + len(x.DocumentChange.RemovedTargetIds))
	case *firestorepb.ListenResponse_DocumentRemove:
		s.meter.read(len(x.DocumentRemove.RemovedTargetIds))
	case *firestorepb.ListenResponse_DocumentDelete: // free, but for the first result of a missing document
		for _, id := range x.DocumentDelete.RemovedTargetIds {
			if t := s.targets[id]; t != nil && !t.current && !t.resumed {
				t.found++
				s.meter.read(1)
			}
		}
	case *firestorepb.ListenResponse_TargetChange:
		s.changed(x.TargetChange)
	}
}

func (s *meteredStream) changed(c *firestorepb.TargetChange) {
	for _, id := range c.TargetIds {
		t := s.targets[id]
		if t == nil {
			continue
		}
		switch c.TargetChangeType {
		case firestorepb.TargetChange_RESET:
			*t = meteredTarget{}
		case firestorepb.TargetChange_CURRENT:
			if !t.current && !t.resumed && t.found == 0 {
				s.meter.read(1)
			}
			t.current = true
		case firestorepb.TargetChange_REMOVE:
			delete(s.targets, id)
		}
	}
}
