package store

import "heek.kr/heektime/emulator/internal/value"

// maxUnreadBytes is the approximate limit on the memory of replaced versions that the follower has
// not read yet. It is higher than maxHistoryBytes because a follower, unlike a reader of the past
// or a listener, cannot start over.
const maxUnreadBytes = 256 << 20

// feed tracks how far the database's follower has read its changes. The changes themselves are in
// the history.
type feed struct {
	wanted func() bool  // whether the follower wants changes; nil without a follower
	wake   func()       // called after a commit, under the lock
	cursor value.Micros // changes after it are unread; 0 if none are kept for the follower
	lost   bool         // some changes after the cursor have been dropped
	loaded []Change     // unread changes from before the database was loaded
}

// Unread is a batch of changes that the follower has not read yet.
type Unread struct {
	Changes []Change  // oldest first; the changes of one commit have the same time
	UpTo    *Snapshot // the batch is complete up to this snapshot
	Lost    bool      // some earlier unread changes have been dropped
}

// Follow keeps changes for a follower, starting with the first commit for which wanted returns
// true; wake is called after each commit from then on. Both are called under the lock and must be
// quick. Follow must be called before the database is used.
func (db *DB) Follow(wanted func() bool, wake func()) {
	db.feed.wanted, db.feed.wake = wanted, wake
}

// Unread returns the changes that the follower has not read yet.
func (db *DB) Unread() Unread {
	db.mu.Lock()
	defer db.mu.Unlock()
	f := &db.feed
	u := Unread{UpTo: db.snap.Load(), Lost: f.lost, Changes: f.loaded}
	if f.cursor == 0 {
		return u
	}
	from := max(f.cursor, db.history.origin)
	u.Lost = u.Lost || from < db.history.floor
	later, _ := db.history.since(max(from, db.history.floor))
	u.Changes = append(u.Changes[:len(u.Changes):len(u.Changes)], later...)
	return u
}

// Acknowledge marks a batch returned by [DB.Unread] as read.
func (db *DB) Acknowledge(u Unread) {
	db.mu.Lock()
	defer db.mu.Unlock()
	f := &db.feed
	f.loaded, f.lost = nil, false
	if f.cursor != 0 {
		f.cursor = max(f.cursor, u.UpTo.Time)
	}
}

// HasUnread reports whether a commit up to t is still unread.
func (db *DB) HasUnread(t value.Micros) bool {
	db.mu.Lock()
	defer db.mu.Unlock()
	return db.feed.cursor != 0 && db.feed.cursor < t
}

// committing starts keeping changes with the commit at t if the follower wants them.
func (f *feed) committing(t value.Micros) {
	if f.cursor == 0 && f.wanted != nil && f.wanted() {
		f.cursor = t - 1
	}
}

// committed wakes the follower.
func (f *feed) committed() {
	if f.cursor != 0 && f.wake != nil {
		f.wake()
	}
}

// reset drops the unread changes.
func (f *feed) reset(t value.Micros) {
	f.loaded = nil
	if f.cursor != 0 {
		f.cursor = t
	}
}
