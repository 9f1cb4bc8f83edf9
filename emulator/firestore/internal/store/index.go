package store

import (
	"slices"
	"strings"
	"sync/atomic"

	"github.com/tidwall/btree"

	"heek.kr/heektime/emulator/internal/fieldpath"
	"heek.kr/heektime/emulator/internal/resource"
	"heek.kr/heektime/emulator/internal/value"
)

// IndexSpec describes the sort order of a group's index: by collection (unless it spans all
// collections), then fields, then document name.
type IndexSpec struct {
	AllCollections bool
	Fields         []IndexField
	NameDesc       bool
}

// IndexField is a field of an index.
type IndexField struct {
	Path  fieldpath.Path
	Desc  bool
	Array bool // one entry for each element of the array
}

// Name returns a string that identifies the spec.
func (s IndexSpec) Name() string {
	var b strings.Builder
	if s.AllCollections {
		b.WriteByte('*')
	}
	for _, f := range s.Fields {
		switch {
		case f.Array:
			b.WriteByte('@')
		case f.Desc:
			b.WriteByte('-')
		default:
			b.WriteByte('+')
		}
		b.WriteString(f.Path.String())
	}
	if s.NameDesc {
		b.WriteByte('-')
	}
	return b.String()
}

type entryTree = btree.Map[string, *Document]

// Index holds the sorted index entries of a group's documents. It is immutable once it is part of a
// snapshot.
type Index struct {
	spec IndexSpec
	name string
	tree *entryTree
	used *atomic.Int64 // last use, as a count of index uses in the database; shared by all copies
}

// afterCollection ends the collection's key in an entry. No ID contains this byte, so it separates
// a collection's entries from those of collections below its documents.
const afterCollection = 0xff

// AppendCollection appends the prefix of a collection's entries.
func AppendCollection(b []byte, c resource.Key) []byte {
	return append(append(b, c...), afterCollection)
}

// AppendName appends the part of an entry for the document's name: its key, without the
// collection's key unless the index spans all collections.
//
// Across collections, the key of one document may be a prefix of another's. A mark before each ID
// and a smaller one at the end keep entries from being prefixes of each other, which would sort
// wrongly when inverted and extend the range of a cursor to documents below its own.
func (s IndexSpec) AppendName(b []byte, k resource.Key) []byte {
	const endMark, idMark = 0, 1
	n := len(b)
	if s.AllCollections {
		for k != "" {
			id := k.First()
			b = append(append(b, idMark), id...)
			k = k[len(id):]
		}
		b = append(b, endMark)
	} else {
		b = append(b, k[len(k.Collection()):]...)
	}
	if s.NameDesc {
		value.Invert(b[n:])
	}
	return b
}

// AppendValue appends the part of an entry for the field's value.
func (f IndexField) AppendValue(b []byte, v value.Value) []byte {
	n := len(b)
	b = value.AppendKey(b, v)
	if f.Desc {
		value.Invert(b[n:])
	}
	return b
}

// entries returns a document's entries, which are none if it lacks one of the fields.
func (s IndexSpec) entries(d *Document) []string {
	if !d.Exists() {
		return nil
	}
	var b []byte
	if !s.AllCollections {
		b = AppendCollection(make([]byte, 0, 64), d.Key.Collection())
	}
	return s.appendEntries(nil, b, d, s.Fields)
}

func (s IndexSpec) appendEntries(out []string, b []byte, d *Document, rest []IndexField) []string {
	if len(rest) == 0 {
		return append(out, string(s.AppendName(b, d.Key)))
	}
	f := rest[0]
	v := d.Fields.At(f.Path)
	if !f.Array {
		if !v.Exists() {
			return out
		}
		return s.appendEntries(out, f.AppendValue(b, v), d, rest[1:])
	}
	if v.Kind() != value.Array {
		return out
	}
	n := len(b)
	for _, e := range v.Array() {
		out = s.appendEntries(out, f.AppendValue(b[:n:n], e), d, rest[1:])
	}
	slices.Sort(out) // the array may have duplicate elements
	return slices.Compact(out)
}

// update replaces the entries of old by those of new.
func (x *Index) update(old, new *Document) {
	keep := x.spec.entries(new)
	for _, k := range x.spec.entries(old) {
		if !slices.Contains(keep, k) {
			x.tree.Delete(k)
		}
	}
	for _, k := range keep {
		x.tree.Set(k, new)
	}
}

func (x *Index) copy() *Index {
	return &Index{spec: x.spec, name: x.name, tree: x.tree.Copy(), used: x.used}
}

// Scan calls yield for the documents with entries from <= entry < to, in the order of the entries
// or backwards. An empty to means no bound. A document with several such entries is repeated.
func (x *Index) Scan(from, to string, backwards bool, yield func(*Document) bool) {
	if !backwards {
		x.tree.Ascend(from, func(k string, d *Document) bool {
			return (to == "" || k < to) && yield(d)
		})
		return
	}
	down := func(k string, d *Document) bool {
		if to != "" && k >= to {
			return true
		}
		return k >= from && yield(d)
	}
	if to == "" {
		x.tree.Reverse(down)
		return
	}
	x.tree.Descend(to, down)
}

// Index returns an index of a group, or nil if it has not been built yet or the view is of the
// past.
func (v View) Index(group, name string) *Index {
	if v.past != 0 {
		return nil
	}
	g := v.snap.Group(group)
	if g == nil {
		return nil
	}
	for _, x := range g.indexes {
		if x.name == name {
			x.used.Store(v.snap.uses.Add(1))
			return x
		}
	}
	return nil
}

// maxIndexes is the number of indexes kept per group. The least recently used one is evicted.
const maxIndexes = 32

// BuildIndex builds an index, which is part of all later snapshots. Commits continue during most of
// the work.
func (db *DB) BuildIndex(group string, spec IndexSpec) {
	db.building.Lock()
	defer db.building.Unlock()
	name := spec.Name()
	snap := db.Snapshot()
	if snap.Latest().Index(group, name) != nil {
		return
	}
	x := &Index{spec: spec, name: name, used: new(atomic.Int64)}
	x.used.Store(snap.uses.Add(1))
	if !x.fill(snap.Group(group)) {
		return
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	changes, ok := db.history.since(snap.Time)
	if ok {
		for _, c := range changes {
			if c.New.Key.Group() == group {
				x.update(c.Old, c.New)
			}
		}
	} else {
		x.fill(db.snap.Load().Group(group))
	}
	g := db.group(group)
	if len(g.indexes) >= maxIndexes {
		oldest := slices.MinFunc(g.indexes, func(a, b *Index) int { return int(a.used.Load() - b.used.Load()) })
		g.indexes = slices.DeleteFunc(g.indexes, func(x *Index) bool { return x == oldest })
	}
	g.indexes = append(g.indexes, x)
	db.publish(g)
	now := *db.snap.Load()
	now.groups = db.groups.Copy()
	db.snap.Store(&now)
}

// fill creates the entries of all documents of a group. It returns false if there is no such group.
func (x *Index) fill(g *Group) bool {
	x.tree = btree.NewMap[string, *Document](degree)
	if g == nil {
		return false
	}
	type entry struct {
		key string
		doc *Document
	}
	var list []entry
	g.docs.Scan(func(_ resource.Key, d *Document) bool {
		for _, k := range x.spec.entries(d) {
			list = append(list, entry{k, d})
		}
		return true
	})
	slices.SortFunc(list, func(a, b entry) int { return strings.Compare(a.key, b.key) })
	for _, e := range list {
		x.tree.Load(e.key, e.doc)
	}
	return true
}
