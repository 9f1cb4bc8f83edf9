package store

import (
	"heek.kr/heektime/emulator/internal/resource"
	"heek.kr/heektime/emulator/internal/value"
)

// Tx is the inside of a commit: it sees what it has written itself.
type Tx struct {
	Time   value.Micros // the commit time
	db     *DB
	snap   *Snapshot
	writes []write
	byKey  map[resource.Key]int // into writes, once there are several
}

type write struct {
	base *Document // what the commit found, nil for none
	doc  *Document // what it leaves: base itself when nothing differs
}

// idle is true when the write changes nothing.
func (w write) idle() bool { return w.doc == w.base || w.doc.Deleted && w.base == nil }

func (tx *Tx) find(key resource.Key) int {
	if tx.byKey != nil {
		if i, ok := tx.byKey[key]; ok {
			return i
		}
		return -1
	}
	for i := range tx.writes {
		if tx.writes[i].doc.Key == key {
			return i
		}
	}
	return -1
}

// Get returns the document as the commit's writes so far leave it, or nil.
func (tx *Tx) Get(key resource.Key) *Document {
	if i := tx.find(key); i >= 0 {
		if d := tx.writes[i].doc; d.Exists() {
			return d
		}
		return nil
	}
	return tx.snap.Latest().Get(key)
}

// Base is the database before the commit.
func (tx *Tx) Base() *Snapshot { return tx.snap }

// Changes are what the commit would do if it ended now, without the writes that change nothing.
func (tx *Tx) Changes(yield func(old, new *Document) bool) {
	for _, w := range tx.writes {
		if !w.idle() && !yield(w.base, w.doc) {
			return
		}
	}
}

// Put makes the fields those of the document and returns it. When that changes nothing the document keeps its update
// time.
func (tx *Tx) Put(key resource.Key, f *value.Fields) *Document {
	i, now := tx.slot(key)
	created := tx.Time
	if now.Exists() {
		if value.IdenticalFields(now.Fields, f) {
			return now
		}
		created = now.Created
	}
	d := &Document{Key: key, Fields: f, Created: created, Updated: tx.Time}
	if base := tx.writes[i].base; base != nil {
		d.Name = base.Name
		if value.IdenticalFields(base.Fields, f) && created == base.Created {
			d = base
		}
	} else {
		d.Name = key.Name(tx.db.Name)
	}
	tx.writes[i].doc = d
	return d
}

// Delete removes the document, if it is there.
func (tx *Tx) Delete(key resource.Key) {
	i, _ := tx.slot(key)
	name := key.Name(tx.db.Name)
	tx.writes[i].doc = &Document{Key: key, Name: name, Updated: tx.Time, Deleted: true}
}

// slot returns the place for a write to key, and the document as it is now.
func (tx *Tx) slot(key resource.Key) (int, *Document) {
	if i := tx.find(key); i >= 0 {
		return i, tx.writes[i].doc
	}
	base := tx.snap.Latest().Get(key)
	doc := base
	if doc == nil {
		doc = &Document{Key: key, Deleted: true, Updated: tx.Time}
	}
	tx.writes = append(tx.writes, write{base: base, doc: doc})
	if n := len(tx.writes); n > 8 {
		if tx.byKey == nil {
			tx.byKey = make(map[resource.Key]int, 64)
			for i := range tx.writes {
				tx.byKey[tx.writes[i].doc.Key] = i
			}
		}
		tx.byKey[key] = n - 1
	}
	return len(tx.writes) - 1, base
}
