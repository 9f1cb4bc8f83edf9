package store

import (
	"slices"
	"strings"

	"heek.kr/heektime/emulator/internal/resource"
	"heek.kr/heektime/emulator/internal/value"
)

// Loader rebuilds a database from what was kept of it.
type Loader struct {
	db   *DB
	docs map[resource.Key]*Document
	last value.Micros

	since  value.Micros // the follower's cursor, 0 for none
	commit value.Micros // whose changes are being loaded, 0 outside of one
	unread []Change
	lost   bool
}

// NewLoader begins to load a database, which must be new.
func NewLoader(db *DB) *Loader { return &Loader{db: db, docs: map[resource.Key]*Document{}} }

// Since has the changes after a time wait for the follower of the database, which has taken all before.
func (l *Loader) Since(t value.Micros) { l.since = t }

// Put adds or replaces a document.
func (l *Loader) Put(key resource.Key, created, updated value.Micros, f *value.Fields) {
	d := &Document{Key: key, Name: key.Name(l.db.Name), Fields: f, Created: created, Updated: updated}
	l.changed(d)
	l.docs[key] = d
}

// Delete removes a document.
func (l *Loader) Delete(key resource.Key) {
	l.changed(&Document{Key: key, Name: key.Name(l.db.Name), Updated: l.commit, Deleted: true})
	delete(l.docs, key)
}

func (l *Loader) changed(d *Document) {
	if l.since != 0 && l.commit > l.since {
		l.unread = append(l.unread, Change{l.docs[d.Key], d})
	}
}

// Clear removes all documents.
func (l *Loader) Clear() {
	clear(l.docs)
	l.unread, l.lost = nil, false
}

// Committed notes the time of a commit.
func (l *Loader) Committed(t value.Micros) { l.last = max(l.last, t) }

// Commit says that what follows is what a commit did.
func (l *Loader) Commit(t value.Micros) {
	l.Committed(t)
	l.commit = t
}

// State says that what follows is the state after the last commit: nobody knows any more what was done before.
func (l *Loader) State() {
	l.commit = 0
	l.lost = l.lost || l.since != 0 && l.last > l.since
}

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
	db.history.floor, db.history.began = l.last, l.last
	if l.since != 0 {
		db.follow.cursor = min(l.since, l.last)
		db.follow.loaded, db.follow.lost = l.unread, l.lost
	}
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
