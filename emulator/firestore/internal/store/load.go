package store

import (
	"slices"
	"strings"

	"heek.kr/heektime/emulator/internal/resource"
	"heek.kr/heektime/emulator/internal/value"
)

// Loader rebuilds a database from the records of its write-ahead log.
type Loader struct {
	db   *DB
	docs map[resource.Key]*Document
	last value.Micros

	since  value.Micros // the follower's cursor, 0 for none
	commit value.Micros // the commit being loaded, 0 while loading a snapshot
	unread []Change
	lost   bool // some changes after since are not known
}

// NewLoader returns a loader for a database, which must be new.
func NewLoader(db *DB) *Loader { return &Loader{db: db, docs: map[resource.Key]*Document{}} }

// Follow keeps the changes after t for the database's follower, which has read everything before.
func (l *Loader) Follow(t value.Micros) { l.since = t }

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

// SetTime records the time of the last commit.
func (l *Loader) SetTime(t value.Micros) { l.last = max(l.last, t) }

// BeginCommit starts a commit at t, whose changes follow.
func (l *Loader) BeginCommit(t value.Micros) {
	l.SetTime(t)
	l.commit = t
}

// BeginSnapshot starts a snapshot: the documents as of the last commit follow. The changes that led
// to them are not known.
func (l *Loader) BeginSnapshot() {
	l.commit = 0
	l.lost = l.lost || l.since != 0 && l.last > l.since
}

// Finish makes the loaded documents the state of the database. Versions before the last commit are
// not available.
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
		db.group(d.Key.Group()).docs.Load(d.Key, d)
	}
	for _, g := range db.working {
		db.publish(g)
	}
	db.last = l.last
	db.history.floor, db.history.origin = l.last, l.last
	if l.since != 0 {
		db.feed.cursor = min(l.since, l.last)
		db.feed.loaded, db.feed.lost = l.unread, l.lost
	}
	db.snap.Store(&Snapshot{Time: l.last, groups: db.groups.Copy(), uses: &db.uses})
}

// All calls yield for every document, group by group, until yield returns false.
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
