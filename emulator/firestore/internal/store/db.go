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

// Commit is one commit: its changes and the snapshot after it.
type Commit struct {
	Time     value.Micros
	Changes  []Change
	Touched  []resource.Key // documents that were written but did not change
	Snapshot *Snapshot
	Reset    bool // the whole database was deleted
}

// DB is one database. It is safe for concurrent use.
type DB struct {
	Name  resource.Database
	clock *clock.Clock

	snap     atomic.Pointer[Snapshot]
	uses     atomic.Int64 // counts uses of indexes
	building sync.Mutex   // held while an index is built

	mu      sync.Mutex // serializes commits; guards the fields below
	groups  *btree.Map[string, *Group]
	working map[string]*Group // the trees that commits change; groups holds copies of them
	last    value.Micros      // the last commit time assigned
	history history
	feed    feed
	hooks   []func(*Commit) (after func())
	visible []func(*Commit)
}

// New returns an empty database.
func New(name resource.Database, c *clock.Clock) *DB {
	db := &DB{Name: name, clock: c, last: value.MicrosOf(c.Now())}
	db.snap.Store(db.clear())
	return db
}

// clear deletes everything and returns the empty snapshot.
func (db *DB) clear() *Snapshot {
	db.groups = btree.NewMap[string, *Group](degree)
	db.working = map[string]*Group{}
	return &Snapshot{Time: db.last, groups: db.groups.Copy(), uses: &db.uses}
}

// OnCommit registers a hook that is called for every commit, in order, before the commit becomes
// visible. f runs under the database's lock and must be quick. Work that can wait goes into the
// function it returns, which may be nil: it is called after the lock is released and before
// [DB.Update] or [DB.Reset] returns. OnCommit must be called before the database is used.
func (db *DB) OnCommit(f func(*Commit) (after func())) { db.hooks = append(db.hooks, f) }

// OnVisible registers a hook that is called for every commit, in order, when readers see the commit: what f tells others
// of it, they can read. f runs under the database's lock and must be quick. OnVisible must be called before the database is
// used.
func (db *DB) OnVisible(f func(*Commit)) { db.visible = append(db.visible, f) }

// Snapshot returns the current state of the database.
func (db *DB) Snapshot() *Snapshot { return db.snap.Load() }

// Now returns the time for a read, which is not before the last commit.
func (db *DB) Now() value.Micros {
	return max(value.MicrosOf(db.clock.Now()), db.snap.Load().Time)
}

// Read returns a view of the newest snapshot with the latest possible read time: no later commit
// can have a time at or before it.
func (db *DB) Read() View {
	before := value.MicrosOf(db.clock.Now()) - 1
	s := db.snap.Load()
	return s.Latest().WithReadTime(max(before, s.Time))
}

// ViewAt returns a view of the database at time t. It fails with INVALID_ARGUMENT if t is in the
// future, and with FAILED_PRECONDITION if t is more than [Retention] ago or its versions have been
// dropped.
func (db *DB) ViewAt(t value.Micros) (View, error) {
	snap := db.Snapshot()
	now := db.Now()
	if t > now {
		return View{}, status.Error(codes.InvalidArgument, "read_time must not be in the future.")
	}
	if t < now-value.Micros(Retention.Microseconds()) {
		return View{}, status.Error(codes.FailedPrecondition, "The requested read_time is too old: it must be within the past hour.")
	}
	return snap.At(t).WithReadTime(t), db.CheckRetained(t)
}

// CheckRetained returns FAILED_PRECONDITION if versions of time t have been dropped. A reader of the
// past must check again after reading.
func (db *DB) CheckRetained(t value.Micros) error {
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

// ChangesSince returns the changes after t, oldest first; ok is false if some of them have been
// dropped.
func (db *DB) ChangesSince(t value.Micros) (changes []Change, ok bool) {
	db.mu.Lock()
	defer db.mu.Unlock()
	return db.history.since(t)
}

// ChangesSinceLocked is [DB.ChangesSince] for callers within [DB.Locked] or [DB.Update].
func (db *DB) ChangesSinceLocked(t value.Micros) (changes []Change, ok bool) {
	return db.history.since(t)
}

// Locked runs f under the lock, so that no commit can happen. f must be quick and must not commit.
func (db *DB) Locked(f func(*Snapshot)) {
	db.mu.Lock()
	defer db.mu.Unlock()
	f(db.snap.Load())
}

// Update runs f, which reads and writes through its [Tx], and commits its writes unless f fails.
// Updates run one at a time, so f must be quick. It must not keep the Tx.
func (db *DB) Update(f func(*Tx) error) (*Commit, error) {
	c, after, err := db.update(f)
	run(after)
	return c, err
}

func (db *DB) update(f func(*Tx) error) (c *Commit, after []func(), err error) {
	db.mu.Lock()
	defer db.mu.Unlock()
	tx := &Tx{db: db, snap: db.snap.Load(), Time: max(value.MicrosOf(db.clock.Now()), db.last+1)}
	if err := f(tx); err != nil {
		return nil, nil, err
	}
	c, after = db.apply(tx)
	return c, after, nil
}

// Reset deletes everything, including the history.
func (db *DB) Reset() *Commit {
	c, after := db.reset()
	run(after)
	return c
}

func (db *DB) reset() (c *Commit, after []func()) {
	db.mu.Lock()
	defer db.mu.Unlock()
	db.last = max(value.MicrosOf(db.clock.Now()), db.last+1)
	db.history = history{floor: db.last, origin: db.last}
	db.feed.reset(db.last)
	c = &Commit{Time: db.last, Snapshot: db.clear(), Reset: true}
	return c, db.install(c)
}

func run(after []func()) {
	for _, f := range after {
		f()
	}
}

func (db *DB) apply(tx *Tx) (c *Commit, after []func()) {
	db.last = tx.Time
	db.feed.committing(tx.Time)
	c = &Commit{Time: tx.Time}
	touched := map[string]bool{}
	for _, w := range tx.writes {
		if w.noop() {
			c.Touched = append(c.Touched, w.doc.Key)
			continue
		}
		touched[db.put(w.base, w.doc)] = true
		c.Changes = append(c.Changes, Change{w.base, w.doc})
	}
	if len(c.Changes) > 0 {
		db.history.trim(tx.Time, db.feed.cursor, func(d *Document) {
			g := db.group(d.Key.Group())
			if now, _ := g.tombstones.Get(d.Key); now == d {
				g.tombstones.Delete(d.Key)
				touched[g.ID] = true
			}
		})
	}
	for id := range touched {
		db.publish(db.working[id])
	}
	c.Snapshot = &Snapshot{Time: tx.Time, groups: db.groups.Copy(), uses: &db.uses}
	return c, db.install(c)
}

// install makes a commit's snapshot the current one and returns what to run after unlocking.
func (db *DB) install(c *Commit) (after []func()) {
	for _, hook := range db.hooks {
		if f := hook(c); f != nil {
			after = append(after, f)
		}
	}
	db.snap.Store(c.Snapshot)
	for _, hook := range db.visible {
		hook(c)
	}
	db.feed.committed()
	return after
}

// publish makes a group's changes part of the next snapshot.
func (db *DB) publish(g *Group) { db.groups.Set(g.ID, g.publish()) }

// put makes d the newest version of its document and returns the ID of its group.
func (db *DB) put(old, d *Document) string {
	g := db.group(d.Key.Group())
	before := old
	if old == nil {
		before, _ = g.tombstones.Delete(d.Key)
	}
	if before != nil {
		d.prev.Store(before)
	}
	if d.Deleted {
		g.docs.Delete(d.Key)
		g.tombstones.Set(d.Key, d)
	} else {
		g.docs.Set(d.Key, d)
	}
	for _, x := range g.indexes {
		x.update(old, d)
	}
	db.history.add(Change{old, d})
	return g.ID
}

func (db *DB) group(id string) *Group {
	g := db.working[id]
	if g == nil {
		g = &Group{ID: id, docs: newDocTree(), tombstones: newDocTree()}
		db.working[id] = g
	}
	return g
}
