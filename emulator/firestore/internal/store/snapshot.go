package store

import (
	"slices"
	"sync/atomic"

	"github.com/tidwall/btree"

	"heek.kr/heektime/emulator/internal/resource"
	"heek.kr/heektime/emulator/internal/value"
)

// docTree holds documents by key. Copies share their nodes.
type docTree = btree.Map[resource.Key, *Document]

// Small nodes: a commit copies the nodes on the way to what it changes.
const degree = 16

func newDocTree() *docTree { return btree.NewMap[resource.Key, *Document](degree) }

// Group is all collections with one id, wherever they are: the reach of a collection group query.
type Group struct {
	ID   string
	docs *docTree // what exists
	dead *docTree // records of deletions that are retained

	indexes []*Index
}

// publish returns a copy that stays as it is.
func (g *Group) publish() *Group {
	p := &Group{ID: g.ID, docs: g.docs.Copy(), dead: g.dead.Copy()}
	for _, x := range g.indexes {
		p.indexes = append(p.indexes, x.copy())
	}
	return p
}

// Snapshot is the database after one commit. It is immutable.
type Snapshot struct {
	Time   value.Micros // of the last commit; before the first, when the database was made
	groups *btree.Map[string, *Group]
	uses   *atomic.Int64 // of indexes, in all snapshots of the database

	// Seq is the number of the last commit's place in the journal, 0 without one.
	Seq uint64
}

// View is a snapshot or the past that it still remembers.
type View struct {
	snap  *Snapshot
	past  value.Micros // 0: the snapshot itself
	asked value.Micros // the time to answer with, 0 for that of the data
}

// Latest is the view of the snapshot itself.
func (s *Snapshot) Latest() View { return View{snap: s} }

// At is the view of the database at t. The caller has checked that t is retained.
func (s *Snapshot) At(t value.Micros) View {
	if t >= s.Time {
		return View{snap: s}
	}
	return View{snap: s, past: t}
}

// Time is the time of the last commit that the view shows, or the time it was asked for.
func (v View) Time() value.Micros {
	if v.asked != 0 {
		return v.asked
	}
	if v.past != 0 {
		return v.past
	}
	return v.snap.Time
}

// Pinned returns the view with t as its time, for answers to readers who asked for that time.
func (v View) Pinned(t value.Micros) View {
	v.asked = t
	return v
}

// Past is true for a view of a snapshot's past: [DB.Remembers] tells whether what was read from it is whole.
func (v View) Past() bool { return v.past != 0 }

// Snapshot is what the view looks at; ok is false when it looks at the snapshot's past.
func (v View) Snapshot() (s *Snapshot, ok bool) { return v.snap, v.past == 0 }

// Group returns the documents of a collection id, or nil.
func (s *Snapshot) Group(id string) *Group {
	g, _ := s.groups.Get(id)
	return g
}

// Get returns the document with that key, or nil.
func (v View) Get(key resource.Key) *Document {
	g := v.snap.Group(key.Group())
	if g == nil {
		return nil
	}
	d, ok := g.docs.Get(key)
	if v.past == 0 {
		return d
	}
	if !ok {
		d, _ = g.dead.Get(key)
	}
	return d.At(v.past)
}

// Groups are the ids of all collections, in order.
func (v View) Groups() []string { return v.snap.groups.Keys() }

// Scan calls yield for the documents of a group with from <= key < to in the order of their keys, or backwards, until
// yield returns false. An empty to is no bound.
func (v View) Scan(group string, from, to resource.Key, backwards bool, yield func(*Document) bool) {
	g := v.snap.Group(group)
	if g == nil {
		return
	}
	if v.past != 0 {
		v.scanPast(g, from, to, backwards, yield)
		return
	}
	if !backwards {
		g.docs.Ascend(from, func(k resource.Key, d *Document) bool {
			return (to == "" || k < to) && yield(d)
		})
		return
	}
	scanDown(g.docs, from, to, yield)
}

func scanDown(t *docTree, from, to resource.Key, yield func(*Document) bool) {
	down := func(k resource.Key, d *Document) bool {
		if to != "" && k >= to {
			return true
		}
		return k >= from && yield(d)
	}
	if to == "" {
		t.Reverse(down)
		return
	}
	t.Descend(to, down)
}

// scanPast looks at every document, as versions of the past are in no tree.
func (v View) scanPast(g *Group, from, to resource.Key, backwards bool, yield func(*Document) bool) {
	var found []*Document
	collect := func(k resource.Key, d *Document) bool {
		if to != "" && k >= to {
			return false
		}
		if d = d.At(v.past); d != nil {
			found = append(found, d)
		}
		return true
	}
	g.docs.Ascend(from, collect)
	g.dead.Ascend(from, collect)
	slices.SortFunc(found, func(a, b *Document) int {
		if (a.Key < b.Key) != backwards {
			return -1
		}
		return 1
	})
	for _, d := range found {
		if !yield(d) {
			return
		}
	}
}

// firstFrom is the first key of a group that is at or after from.
func (v View) firstFrom(group string, from resource.Key) (key resource.Key, ok bool) {
	v.Scan(group, from, "", false, func(d *Document) bool {
		key, ok = d.Key, true
		return false
	})
	return key, ok
}

// Children are the ids directly below a document, the root, or a collection under which any document exists, in
// order: the collections of a document, or the documents of a collection including missing ones that have
// descendants. Only ids at or after from are listed, and no more than limit+1.
func (v View) Children(parent, from resource.Key, limit int) []resource.Key {
	var out []resource.Key
	groups := v.Groups()
	for at := max(parent+"\x00", from); len(out) <= limit; { // past the document parent itself
		var next resource.Key
		found := false
		for _, g := range groups {
			if k, ok := v.firstFrom(g, at); ok && k.Under(parent) {
				child := parent + k[len(parent):].First()
				if !found || child < next {
					next, found = child, true
				}
			}
		}
		if !found {
			break
		}
		out = append(out, next)
		at = next.After()
	}
	return out
}
