package listen

import (
	"heek.kr/heektime/emulator/firestore/internal/store"
	"heek.kr/heektime/emulator/internal/resource"
)

// This file counts the reads that listeners are billed:
// https://firebase.google.com/docs/firestore/pricing#listens
//
// A client without an offline cache is billed for the whole query whenever it connects again. Nothing
// tells it from one with a cache, so listeners count as ones with a cache here.

// countAdded counts the reads of a target that was added, with the effects that are sent. away is how long
// a resumed listener was away; resumed is false if it gets the whole result.
func (s *Stream) countAdded(t *target, e effects, view store.View, resumed, longAway bool) {
	switch {
	case s.Reads == nil:
	case resumed && !longAway:
		s.countChanges(e)
	case t.query == nil:
		s.readAll(t.keys)
	case resumed || t.query.Offset > 0 || t.query.Near != nil || t.query.BillsEntries():
		s.Reads(t.query.Scope(), t.query.Reads(view, t.query.Run(view, s.hub.db)))
	default:
		s.Reads(t.query.Scope(), max(1, len(e)))
	}
}

// readAll counts a read of each document, existing or not.
func (s *Stream) readAll(keys []resource.Key) {
	for _, k := range keys {
		s.Reads(k.Collection(), 1)
	}
}

// countChanges counts the reads of changes: for each target, the documents that were added or changed, and
// those that left because they changed. Deletions are free.
func (s *Stream) countChanges(e effects) {
	if s.Reads == nil {
		return
	}
	var collection resource.Key
	n := 0
	for key, x := range e {
		reads := len(x.in)
		if !x.doc.Deleted {
			reads += len(x.removed) - x.displaced
		}
		if n > 0 && !key.In(collection) {
			s.Reads(collection, n)
			n = 0
		}
		if reads > 0 {
			if n == 0 {
				collection = key.Collection()
			}
			n += reads
		}
	}
	if n > 0 {
		s.Reads(collection, n)
	}
}

// countRules counts the documents that rules read anew because the results of targets changed, except for
// the targets that were just authorized again.
func (s *Stream) countRules(e effects, authorized []*target) {
	if s.RulesReads == nil {
		return
	}
	counted := map[int32]bool{}
	for _, t := range authorized {
		counted[t.id] = true
	}
	for _, x := range e {
		for _, ids := range [2][]int32{x.in, x.removed} {
			for _, id := range ids {
				if t := s.targets[id]; t != nil && !counted[id] && len(t.dependencies) > 0 {
					s.RulesReads(t.dependencies)
				}
				counted[id] = true
			}
		}
	}
}
