package firestore

import (
	"context"
	"fmt"
	"time"

	"heek.kr/heektime/emulator/firestore/internal/store"
	"heek.kr/heektime/emulator/internal/resource"
	"heek.kr/heektime/emulator/internal/value"
)

// Follower receives the changes of every database, in the order of the commits, once they are
// durable.
//
// A follower never delays a commit: what it has not taken yet waits in the history that Firestore
// keeps for reads in the past. When the waiting versions would occupy more than about 256 MiB, the
// oldest are dropped, and [Changes.Lost] is set.
//
// With a data directory, a crash loses no changes either: when the server starts again, it delivers
// the commits after [Follower.Cursor], some perhaps for the second time. For that, the follower
// must store its cursor together with what it makes of the changes.
//
// A database is named projects/p/databases/d. Each database has a goroutine of its own, which calls
// Take.
type Follower interface {
	// Wants reports whether the follower wants the changes that are being committed now. It is
	// called within commits, so it must be quick and must not take a lock that is held while
	// calling Firestore.
	Wants(database string) bool
	// Cursor returns the time of the last commit whose changes the follower has stored; the zero
	// time if there is none.
	Cursor(database string) time.Time
	// Take delivers changes.
	Take(Changes)
	// Flush returns when everything that the follower has taken would survive a crash. Firestore is
	// about to drop the commits; if Flush fails, it keeps them, and the log grows.
	Flush(database string) error
}

// Changes are the effects of one or more commits.
type Changes struct {
	Database string    // projects/p/databases/d
	List     []Change  // in the order of the commits
	UpTo     time.Time // the changes of all commits up to this time have been delivered
	Lost     bool      // changes before these were dropped
}

// Change is the effect of one commit on one document, whatever the number of its writes. The fields
// of Before and After differ, or one of them is nil: a write without effect is not a change.
// Neither is the reset of a database.
type Change struct {
	Path          string    // relative to the root: users/u1
	Time          time.Time // of the commit; no two commits of a database have the same
	Before, After *Document // nil when the document does not exist; Data is not set
}

// Settle returns when the follower has taken the changes of everything committed so far.
func (s *Server) Settle(ctx context.Context) error {
	if err := s.engine.Settle(ctx); err != nil {
		return fmt.Errorf("firestore: waiting for the follower: %w", err)
	}
	return nil
}

// follower adapts a Follower to the service.
type follower struct{ Follower }

func (f follower) Wants(db resource.Database) bool { return f.Follower.Wants(string(db)) }

func (f follower) Flush(db resource.Database) error { return f.Follower.Flush(string(db)) }

func (f follower) Cursor(db resource.Database) value.Micros {
	t := f.Follower.Cursor(string(db))
	if t.IsZero() {
		return 0
	}
	return value.MicrosOf(t)
}

func (f follower) Take(db resource.Database, u store.Unread) {
	out := Changes{Database: string(db), UpTo: u.UpTo.Time.Time(), Lost: u.Lost, List: make([]Change, len(u.Changes))}
	for i, c := range u.Changes {
		out.List[i] = Change{Path: c.New.Key.Path(), Time: c.New.Updated.Time(), Before: version(c.Old), After: version(c.New)}
	}
	f.Follower.Take(out)
}

// version returns a version of a document, nil when it does not exist.
func version(d *store.Document) *Document {
	if !d.Exists() {
		return nil
	}
	return &Document{Path: d.Key.Path(), Fields: d.Fields, Created: d.Created.Time(), Updated: d.Updated.Time()}
}
