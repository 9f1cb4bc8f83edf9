package store

import "heek.kr/heektime/emulator/internal/value"

// maxUnreadBytes bounds what replaced versions may occupy, roughly, that a follower has not taken yet. It is more than
// what is remembered for readers of the past: theirs can begin anew, a follower's can't.
const maxUnreadBytes = 256 << 20

// follow is what a database knows of its follower.
type follow struct {
	wanted func() bool // whether anybody wants to know; nil when nobody ever will
	wake   func()      // called after a commit, with the lock held
	cursor value.Micros
	lost   bool     // changes after the cursor are forgotten
	loaded []Change // after the cursor, from before the database was loaded
}

// Unread are changes that the follower has not taken.
type Unread struct {
	Changes []Change  // oldest first; those of one commit have one time
	Upto    *Snapshot // they are all there are up to this one
	Lost    bool      // some that came before them are forgotten
}

// Follow has all changes from now on wait to be taken, as long as wanted says so; wake is called after each commit. Both
// are called with the lock held and must be quick. It is to be called before the database is used.
func (db *DB) Follow(wanted func() bool, wake func()) {
	db.follow.wanted, db.follow.wake = wanted, wake
}

// Unread returns what waits to be taken.
func (db *DB) Unread() Unread {
	db.mu.Lock()
	defer db.mu.Unlock()
	f := &db.follow
	u := Unread{Upto: db.snap.Load(), Lost: f.lost, Changes: f.loaded}
	if f.cursor == 0 {
		return u
	}
	from := max(f.cursor, db.history.began)
	u.Lost = u.Lost || from < db.history.floor
	later, _ := db.history.since(max(from, db.history.floor))
	u.Changes = append(u.Changes[:len(u.Changes):len(u.Changes)], later...)
	return u
}

// Took ends the waiting of what [DB.Unread] returned.
func (db *DB) Took(u Unread) {
	db.mu.Lock()
	defer db.mu.Unlock()
	f := &db.follow
	f.loaded, f.lost = nil, false
	if f.cursor != 0 {
		f.cursor = max(f.cursor, u.Upto.Time)
	}
}

// Waiting reports whether changes of a commit up to t wait to be taken.
func (db *DB) Waiting(t value.Micros) bool {
	db.mu.Lock()
	defer db.mu.Unlock()
	return db.follow.cursor != 0 && db.follow.cursor < t
}

// committing makes the changes of a commit wait, if anybody wants to know.
func (f *follow) committing(t value.Micros) {
	if f.cursor == 0 && f.wanted != nil && f.wanted() {
		f.cursor = t - 1
	}
}

// committed tells the follower.
func (f *follow) committed() {
	if f.cursor != 0 && f.wake != nil {
		f.wake()
	}
}

// reset forgets what waits.
func (f *follow) reset(t value.Micros) {
	f.loaded = nil
	if f.cursor != 0 {
		f.cursor = t
	}
}
