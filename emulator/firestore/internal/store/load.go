package store

import (
	"slices"
	"strings"

	"heek.kr/heektime/emulator/firestore/resource"
	"heek.kr/heektime/emulator/firestore/value"
)

// Loader rebuilds a database from what was kept of it.
type Loader struct {
	db   *DB
	docs map[resource.Key]*Document
	last value.Micros
}

// NewLoader begins to load a database, which must be new.
func NewLoader(db *DB) *Loader { return &Loader{db: db, docs: map[resource.Key]*Document{}} }

// Put adds or replaces a document.
func (l *Loader) Put(key resource.Key, created, updated value.Micros, f *value.Fields) {
	l.docs[key] = &Document{Key: key, Name: key.Name(l.db.Name), Fields: f, Created: created, Updated: updated}
}

// Delete removes a document.
func (l *Loader) Delete(key resource.Key) { delete(l.docs, key) }

// Clear removes all documents.
func (l *Loader) Clear() { clear(l.docs) }

// Committed notes the time of a commit.
func (l *Loader) Committed(t value.Micros) { l.last = max(l.last, t) }

// Finish makes the loaded documents the database's state as of the last commit. Its past is not known.
func (l *Loader) Finish() {
	db := l.db
	db.mu.Lock()
	defer db.mu.Unlock()
	if l.last == 0 {
		return
	}
	list := make([]*Document, 0, len(l.docs))
	for _, d := range l.docs {
		list = append(list, d)
	}
	slices.SortFunc(list, func(a, b *Document) int { return strings.Compare(string(a.Key), string(b.Key)) })
	for _, d := range list {
		db.head(d.Key.Group()).docs.Load(d.Key, d)
	}
	for _, g := range db.heads {
		db.publish(g)
	}
	db.last = l.last
	db.history.floor = l.last
	db.snap.Store(&Snapshot{Time: l.last, groups: db.groups.Copy(), uses: &db.uses})
}

// All calls yield for every document, group by group.
func (v View) All(yield func(*Document) bool) {
	more := true
	for _, g := range v.Groups() {
		v.Scan(g, "", "", false, func(d *Document) bool {
			more = yield(d)
			return more
		})
		if !more {
			return
		}
	}
}
