package store

import (
	"sync"
	"sync/atomic"

	"github.com/tidwall/btree"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/emulator/clock"
	"heek.kr/heektime/emulator/internal/resource"
	"heek.kr/heektime/emulator/internal/value"
)

// Commit is one commit: what it changed, and the snapshot after it.
type Commit struct {
	Time     value.Micros
	Changes  []Change
	Touched  []resource.Key // written without any difference
	Snapshot *Snapshot
	Reset    bool // everything was deleted at once

	after []func() // what hooks have left to do without the lock
}

// DB is one database. It is safe for concurrent use.
type DB struct {
	Name  resource.Database
	clock *clock.Clock

	snap     atomic.Pointer[Snapshot]
	uses     atomic.Int64 // of indexes
	building sync.Mutex   // held while an index is made

	mu      sync.Mutex // guards what follows: the making of the next snapshot
	groups  *btree.Map[string, *Group]
	heads   map[string]*Group // the trees that commits change; those in groups are copies
	last    value.Micros      // the last commit time given out
	history history
	follow  follow
	hooks   []func(*Commit) (after func())
}

// New makes an empty database.
func New(name resource.Database, c *clock.Clock) *DB {
	db := &DB{Name: name, clock: c, last: value.MicrosOf(c.Now())}
	db.snap.Store(db.clear())
	return db
}

// clear drops everything and returns the empty snapshot.
func (db *DB) clear() *Snapshot {
	db.groups = btree.NewMap[string, *Group](degree)
	db.heads = map[string]*Group{}
	return &Snapshot{Time: db.last, groups: db.groups.Copy(), uses: &db.uses}
}

// OnCommit has f called for every commit, in their order, before anybody sees it and while the lock is held: f must be
// quick. What takes longer it returns: after is called when the lock is free again, before the one who commits is told; nil
// is nothing. OnCommit is to be called before the database is used.
func (db *DB) OnCommit(f func(*Commit) (after func())) { db.hooks = append(db.hooks, f) }

// Snapshot is the database as it is now.
func (db *DB) Snapshot() *Snapshot { return db.snap.Load() }

// Now is a time for reads: not before the last commit.
func (db *DB) Now() value.Micros {
	return max(value.MicrosOf(db.clock.Now()), db.snap.Load().Time)
}

// Read is the view of the newest snapshot, with a read time that is as new as can be: no later commit has that time.
func (db *DB) Read() View {
	before := value.MicrosOf(db.clock.Now()) - 1
	s := db.snap.Load()
	return s.Latest().Pinned(max(before, s.Time))
}

// ViewAt returns the database at time t. t must be neither in the future (INVALID_ARGUMENT) nor more than [Retention]
// ago or forgotten (FAILED_PRECONDITION).
func (db *DB) ViewAt(t value.Micros) (View, error) {
	snap := db.Snapshot()
	now := db.Now()
	if t > now {
		return View{}, status.Error(codes.InvalidArgument, "read_time must not be in the future.")
	}
	if t < now-value.Micros(Retention.Microseconds()) {
		return View{}, status.Error(codes.FailedPrecondition, "The requested read_time is too old: it must be within the past hour.")
	}
	return snap.At(t).Pinned(t), db.Remembers(t)
}

// Remembers returns FAILED_PRECONDITION when versions of time t have been dropped. A reader of the past asks again
// after it has read.
func (db *DB) Remembers(t value.Micros) error {
	if t >= db.snap.Load().Time {
		return nil
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	if t < db.history.floor {
		return status.Error(codes.FailedPrecondition, "The requested read_time is too old: the versions of that time are no longer retained.")
	}
	return nil
}

// Since returns the changes after t, oldest first; ok is false when some of them are forgotten.
func (db *DB) Since(t value.Micros) (changes []Change, ok bool) {
	db.mu.Lock()
	defer db.mu.Unlock()
	return db.history.since(t)
}

// SinceLocked is [DB.Since] for callers inside of [DB.Locked] or [DB.Update].
func (db *DB) SinceLocked(t value.Micros) (changes []Change, ok bool) { return db.history.since(t) }

// Locked runs f while no commit can happen. f must be quick and must not commit.
func (db *DB) Locked(f func(*Snapshot)) {
	db.mu.Lock()
	defer db.mu.Unlock()
	f(db.snap.Load())
}

// Update runs f, which reads and writes through its [Tx], and commits what it wrote unless it fails. Updates run one
// after the other. f must be quick and may run before or after any other; it must not keep the Tx.
func (db *DB) Update(f func(*Tx) error) (*Commit, error) {
	c, err := db.update(f)
	if err != nil {
		return nil, err
	}
	c.finish()
	return c, nil
}

// finish does what hooks have left to do.
func (c *Commit) finish() {
	for _, f := range c.after {
		f()
	}
	c.after = nil
}

func (db *DB) update(f func(*Tx) error) (*Commit, error) {
	db.mu.Lock()
	defer db.mu.Unlock()
	tx := &Tx{db: db, snap: db.snap.Load(), Time: max(value.MicrosOf(db.clock.Now()), db.last+1)}
	if err := f(tx); err != nil {
		return nil, err
	}
	return db.apply(tx), nil
}

// Reset deletes everything, history included.
func (db *DB) Reset() *Commit {
	c := db.reset()
	c.finish()
	return c
}

func (db *DB) reset() *Commit {
	db.mu.Lock()
	defer db.mu.Unlock()
	db.last = max(value.MicrosOf(db.clock.Now()), db.last+1)
	db.history = history{floor: db.last, began: db.last}
	db.follow.reset(db.last)
	c := &Commit{Time: db.last, Snapshot: db.clear(), Reset: true}
	db.announce(c)
	return c
}

func (db *DB) apply(tx *Tx) *Commit {
	db.last = tx.Time
	db.follow.committing(tx.Time)
	c := &Commit{Time: tx.Time}
	touched := map[string]bool{}
	for _, w := range tx.writes {
		if w.idle() {
			c.Touched = append(c.Touched, w.doc.Key)
			continue
		}
		touched[db.put(w.base, w.doc)] = true
		c.Changes = append(c.Changes, Change{w.base, w.doc})
	}
	if len(c.Changes) > 0 {
		db.history.trim(tx.Time, db.follow.cursor, func(d *Document) {
			g := db.head(d.Key.Group())
			if now, _ := g.dead.Get(d.Key); now == d {
				g.dead.Delete(d.Key)
				touched[g.ID] = true
			}
		})
	}
	for id := range touched {
		db.publish(db.heads[id])
	}
	c.Snapshot = &Snapshot{Time: tx.Time, groups: db.groups.Copy(), uses: &db.uses}
	db.announce(c)
	return c
}

// announce makes a commit's snapshot the current one.
func (db *DB) announce(c *Commit) {
	for _, hook := range db.hooks {
		if after := hook(c); after != nil {
			c.after = append(c.after, after)
		}
	}
	db.snap.Store(c.Snapshot)
	db.follow.committed()
}

// publish makes a group's changes part of the next snapshot.
func (db *DB) publish(g *Group) { db.groups.Set(g.ID, g.publish()) }

// put makes d the newest version of its document and returns its group.
func (db *DB) put(old, d *Document) string {
	g := db.head(d.Key.Group())
	before := old
	if old == nil {
		before, _ = g.dead.Delete(d.Key)
	}
	if before != nil {
		d.prev.Store(before)
	}
	if d.Deleted {
		g.docs.Delete(d.Key)
		g.dead.Set(d.Key, d)
	} else {
		g.docs.Set(d.Key, d)
	}
	for _, x := range g.indexes {
		x.replace(old, d)
	}
	db.history.add(Change{old, d})
	return g.ID
}

func (db *DB) head(id string) *Group {
	g := db.heads[id]
	if g == nil {
		g = &Group{ID: id, docs: newDocTree(), dead: newDocTree()}
		db.heads[id] = g
	}
	return g
}
