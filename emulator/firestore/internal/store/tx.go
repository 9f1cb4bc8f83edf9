package store

import (
	"heek.kr/heektime/emulator/internal/resource"
	"heek.kr/heektime/emulator/internal/value"
)

// Tx is a commit in progress. Its reads see its own writes.
type Tx struct {
	Time   value.Micros // the commit time
	db     *DB
	snap   *Snapshot
	writes []write
	byKey  map[resource.Key]int // index into writes, once there are more than a few
}

type write struct {
	base *Document // the document before the commit, nil for none
	doc  *Document // the document after it: base itself if nothing changes
}

// noop reports whether the write changes nothing.
func (w write) noop() bool { return w.doc == w.base || w.doc.Deleted && w.base == nil }

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

// Get returns the document after the commit's writes so far, or nil if it does not exist.
func (tx *Tx) Get(key resource.Key) *Document {
	if i := tx.find(key); i >= 0 {
		if d := tx.writes[i].doc; d.Exists() {
			return d
		}
		return nil
	}
	return tx.snap.Latest().Get(key)
}

// Base returns the database before the commit.
func (tx *Tx) Base() *Snapshot { return tx.snap }

// Changes iterates over the changes made so far, without writes that change nothing.
func (tx *Tx) Changes(yield func(old, new *Document) bool) {
	for _, w := range tx.writes {
		if !w.noop() && !yield(w.base, w.doc) {
			return
		}
	}
}

// Put sets the document's fields and returns the document. If the fields do not change, neither
// does the update time.
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

// Delete deletes the document if it exists.
func (tx *Tx) Delete(key resource.Key) {
	i, _ := tx.slot(key)
	name := key.Name(tx.db.Name)
	tx.writes[i].doc = &Document{Key: key, Name: name, Updated: tx.Time, Deleted: true}
}

// slot returns the index in tx.writes for a write to key, and the current document.
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
