package listen

import (
	pb "cloud.google.com/go/firestore/apiv1/firestorepb"

	"heek.kr/heektime/emulator/firestore/internal/store"
	"heek.kr/heektime/emulator/internal/resource"
)

// Add begins a target: it sends what the target holds, or what has changed since the client left off, and from then
// on what changes. wait is called with a snapshot before anything of it is sent.
func (s *Stream) Add(a Target, wait func(*store.Snapshot) error) error {
	if old := s.targets[a.ID]; old != nil {
		s.hub.remove(old)
		delete(s.targets, a.ID)
	}
	t := &target{id: a.ID, stream: s, keys: a.Keys, query: a.Query, text: a.Text}
	snap, queued := s.hub.add(t)
	s.targets[a.ID] = t
	if err := wait(snap); err != nil {
		return err
	}
	if err := s.allowed(t, snap); err != nil {
		s.hub.remove(t)
		delete(s.targets, t.id)
		return s.Refuse(t.id, err)
	}
	s.hub.settle(queued) // so that the other targets, too, are told of all that snap shows
	if err := s.change(pb.TargetChange_ADD, t.id, 0); err != nil {
		return err
	}
	view := snap.Latest()
	e := effects{}
	resumed := a.Resume.Known && s.resume(e, t, a.Resume, snap)
	if !resumed {
		if a.Resume.Known {
			if err := s.change(pb.TargetChange_RESET, t.id, 0); err != nil {
				return err
			}
		}
		s.diff(e, t, nil, view)
		for _, k := range t.keys {
			if view.Get(k) == nil {
				e[k] = &effect{doc: &store.Document{Key: k, Name: k.Name(s.hub.db.Name), Deleted: true}, gone: []int32{t.id}}
			}
		}
	}
	if err := s.sendAll(e, snap.Time); err != nil {
		return err
	}
	if a.Resume.Known && a.ExpectedCount != nil {
		if err := s.filter(t, a, snap, resumed); err != nil {
			return err
		}
	}
	if err := s.change(pb.TargetChange_CURRENT, t.id, snap.Time); err != nil {
		return err
	}
	if err := s.flush(snap.Time, true); err != nil {
		return err
	}
	if a.Once {
		return s.Remove(t.id)
	}
	return nil
}

// resume notes what has changed for a target since the client left off; it returns false when that is not known.
func (s *Stream) resume(e effects, t *target, r Resume, snap *store.Snapshot) bool {
	if !r.Valid || r.At > s.hub.db.Now() {
		return false
	}
	changes, ok := s.hub.db.ChangesSince(r.At)
	if !ok {
		return false
	}
	if t.limited() {
		before := t.all(snap.At(r.At))
		if s.hub.db.CheckRetained(r.At) != nil {
			return false
		}
		s.diff(e, t, before, snap.Latest())
		return true
	}
	since := map[resource.Key]store.Change{}
	for _, ch := range changes {
		if ch.New.Updated > snap.Time || !t.covers(ch.New) {
			continue
		}
		if before, ok := since[ch.New.Key]; ok {
			ch.Old = before.Old
		}
		since[ch.New.Key] = ch
	}
	s.apply(e, t, since)
	return true
}

// covers reports whether a document could be in the target.
func (t *target) covers(d *store.Document) bool {
	if t.query != nil {
		return t.query.InScope(d)
	}
	for _, k := range t.keys {
		if k == d.Key {
			return true
		}
	}
	return false
}

// filter tells a client that says how many documents it holds how many there are, unless it is right about when it
// left off: then what was sent makes it right about now.
func (s *Stream) filter(t *target, a Target, snap *store.Snapshot, resumed bool) error {
	if resumed && len(t.all(snap.At(a.Resume.At))) == int(*a.ExpectedCount) {
		return nil
	}
	count := len(t.all(snap.Latest()))
	return s.send(&pb.ListenResponse{ResponseType: &pb.ListenResponse_Filter{Filter: &pb.ExistenceFilter{TargetId: t.id, Count: int32(count)}}})
}
