package listen

import (
	pb "cloud.google.com/go/firestore/apiv1/firestorepb"

	"heek.kr/heektime/emulator/firestore/internal/store"
	"heek.kr/heektime/emulator/internal/resource"
)

// Add adds a target and sends its documents, or the changes since the point from which the client
// resumes. Later changes are sent by [Stream.Flush]. wait is called before anything of a snapshot
// is sent, to wait until the snapshot is durable.
func (s *Stream) Add(a Target, wait func(*store.Snapshot) error) error {
	if old := s.targets[a.ID]; old != nil {
		s.hub.remove(old)
		delete(s.targets, a.ID)
	}
	t := &target{id: a.ID, stream: s, keys: a.Keys, query: a.Query, queryKey: a.QueryKey}
	longAway := s.hub.presence.away(listener{a.Resume.Stream, t.listener().target}, a.Resume.At, s.hub.db.Now()) > freeResume
	snap, at, queued := s.hub.add(t)
	s.targets[a.ID] = t
	if err := wait(snap); err != nil {
		return err
	}
	if err := s.authorizeTarget(t, snap); err != nil {
		s.hub.remove(t)
		delete(s.targets, t.id)
		return s.Reject(t.id, err)
	}
	s.hub.settle(queued) // so that the stream's other targets have all changes up to snap, too
	if err := s.change(pb.TargetChange_ADD, t.id, 0); err != nil {
		return err
	}
	view := snap.Latest()
	e := effects{}
	resumed := a.Resume.Given && s.resume(e, t, a.Resume, snap)
	if !resumed {
		if a.Resume.Given {
			if err := s.change(pb.TargetChange_RESET, t.id, 0); err != nil {
				return err
			}
		}
		s.diff(e, t, nil, view)
		for _, k := range t.keys {
			if view.Get(k) == nil {
				e[k] = &effect{doc: &store.Document{Key: k, Name: k.Name(s.hub.db.Name), Deleted: true}, removed: []int32{t.id}}
			}
		}
	}
	s.countAdded(t, e, view, resumed, longAway)
	if err := s.sendAll(e, at); err != nil {
		return err
	}
	if a.Resume.Given && a.ExpectedCount != nil {
		if err := s.sendExistenceFilter(t, a, snap, resumed); err != nil {
			return err
		}
	}
	if err := s.change(pb.TargetChange_CURRENT, t.id, at); err != nil {
		return err
	}
	if err := s.flush(at, true); err != nil {
		return err
	}
	if a.Once {
		return s.Remove(t.id)
	}
	return nil
}

// resume records the changes in a target since the client's point of resumption. It returns false
// if they are not known.
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
	s.applyChanges(e, t, since)
	return true
}

// covers reports whether a document may be in the target.
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

// sendExistenceFilter sends the number of documents in the target to a client that sent its own
// count, so that the client can detect a mismatch. If the client's count was right at the point of
// resumption, the changes sent since then have made it right, and no filter is needed.
func (s *Stream) sendExistenceFilter(t *target, a Target, snap *store.Snapshot, resumed bool) error {
	if resumed && len(t.all(snap.At(a.Resume.At))) == int(*a.ExpectedCount) {
		return nil
	}
	count := len(t.all(snap.Latest()))
	return s.send(&pb.ListenResponse{ResponseType: &pb.ListenResponse_Filter{Filter: &pb.ExistenceFilter{TargetId: t.id, Count: int32(count)}}})
}
