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

// degree is small because a commit copies the nodes on the path to each document that it changes.
const degree = 16

func newDocTree() *docTree { return btree.NewMap[resource.Key, *Document](degree) }

// Group is a collection group: the documents of all collections with the same ID.
type Group struct {
	ID         string
	docs       *docTree // existing documents
	tombstones *docTree // deleted documents whose versions are retained

	indexes []*Index
}

// publish returns an immutable copy.
func (g *Group) publish() *Group {
	p := &Group{ID: g.ID, docs: g.docs.Copy(), tombstones: g.tombstones.Copy()}
	for _, x := range g.indexes {
		p.indexes = append(p.indexes, x.copy())
	}
	return p
}

// Snapshot is the database after one commit. It is immutable.
type Snapshot struct {
	Time   value.Micros // of the last commit; before the first, when the database was created
	groups *btree.Map[string, *Group]
	uses   *atomic.Int64 // counts uses of indexes in all snapshots of the database

	// Seq is the last commit's position in the write-ahead log, 0 without a log. The hook of
	// [DB.OnCommit] that writes the log sets it.
	Seq uint64
}

// View is a snapshot, or a past state whose versions it still retains.
type View struct {
	snap     *Snapshot
	past     value.Micros // 0 for the snapshot itself
	readTime value.Micros // the read time to report, 0 for the time of the data
}

// Latest returns the view of the snapshot itself.
func (s *Snapshot) Latest() View { return View{snap: s} }

// At returns the view of the database at t. The caller must have checked that t is retained.
func (s *Snapshot) At(t value.Micros) View {
	if t >= s.Time {
		return View{snap: s}
	}
	return View{snap: s, past: t}
}

// Time returns the read time if one was set, or else the time of the data.
func (v View) Time() value.Micros {
	if v.readTime != 0 {
		return v.readTime
	}
	if v.past != 0 {
		return v.past
	}
	return v.snap.Time
}

// WithReadTime returns the view with t as its time, to report to a reader that requested t.
func (v View) WithReadTime(t value.Micros) View {
	v.readTime = t
	return v
}

// Past reports whether the view is of a state before its snapshot. After reading from such a view,
// call [DB.CheckRetained] to find out whether the data was complete.
func (v View) Past() bool { return v.past != 0 }

// Snapshot returns the view's snapshot; ok is false if the view is of a state before it.
func (v View) Snapshot() (s *Snapshot, ok bool) { return v.snap, v.past == 0 }

// Group returns the collection group with that ID, or nil.
func (s *Snapshot) Group(id string) *Group {
	g, _ := s.groups.Get(id)
	return g
}

// Get returns the document with that key, or nil if it does not exist.
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
		d, _ = g.tombstones.Get(key)
	}
	return d.At(v.past)
}

// Groups returns the IDs of all collection groups, in order.
func (v View) Groups() []string { return v.snap.groups.Keys() }

// Scan calls yield for the documents of a group with from <= key < to, in the order of their keys
// or backwards, until yield returns false. An empty to means no bound.
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

// scanPast reads every document in the range, because no tree holds past versions.
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
	g.tombstones.Ascend(from, collect)
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

// firstFrom returns the first key of a group at or after from.
func (v View) firstFrom(group string, from resource.Key) (key resource.Key, ok bool) {
	v.Scan(group, from, "", false, func(d *Document) bool {
		key, ok = d.Key, true
		return false
	})
	return key, ok
}

// Children returns the keys directly below parent under which any document exists, in order. If
// parent is a document or the root, these are its collections. If it is a collection, these are its
// documents, including missing ones with descendants. Children returns at most limit+1 keys, all at
// or after from.
func (v View) Children(parent, from resource.Key, limit int) []resource.Key {
	var out []resource.Key
	groups := v.Groups()
	for at := max(parent+"\x00", from); len(out) <= limit; { // after the document parent itself
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
