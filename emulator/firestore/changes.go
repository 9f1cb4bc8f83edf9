package firestore

import (
	"context"
	"fmt"
	"time"

	"heek.kr/heektime/emulator/firestore/internal/store"
	"heek.kr/heektime/emulator/internal/resource"
	"heek.kr/heektime/emulator/internal/value"
)

// Follower is told of every change of every database, in the order of the commits, once it is durable.
//
// It never holds a commit up: what it has not yet taken waits in the history that Firestore keeps for reads in the past.
// When the versions that wait there would occupy more than 256 MiB, roughly, the oldest are forgotten, and
// [Changes.Lost] tells.
//
// With a data directory nothing is lost when the process dies, either: commits that came after [Follower.Cursor] are
// handed over, perhaps again, when the server is made. For that the follower must keep its own cursor with what it makes
// of the changes.
//
// Methods get the name of a database, projects/p/databases/d. Each database has a goroutine of its own that calls Take.
type Follower interface {
	// Wants reports whether changes that are committed now are to be handed over. It is asked within commits, so it
	// must be quick and take no lock that a call of Firestore is made with.
	Wants(database string) bool
	// Cursor is the time of the last commit that the follower has kept; zero when it has kept none.
	Cursor(database string) time.Time
	// Take hands over changes.
	Take(Changes)
	// Keep returns when everything that was taken would survive the death of the process: Firestore is about to forget
	// the commits. On an error they stay, and the log grows.
	Flush(database string) error
}

// Changes are what one or several commits did.
type Changes struct {
	Database string    // projects/p/databases/d
	List     []Change  // in the order of the commits
	UpTo     time.Time // all commits up to this time are in it, or were in one before
	Lost     bool      // some changes before these are forgotten
}

// Change is what one commit did to one document, however many of its writes did it. Fields of Before and After differ, or
// one of them is nil; writes without any effect are no change. Resetting a database is none, either.
type Change struct {
	Path          string    // below the root: users/u1
	Time          time.Time // of the commit; no two commits of a database have the same
	Before, After *Document // without Data, which Fields.Go makes; nil for none
}

// Settle returns when the follower was told of everything that is committed by now.
func (s *Server) Settle(ctx context.Context) error {
	if err := s.engine.Settle(ctx); err != nil {
		return fmt.Errorf("firestore: waiting for the follower: %w", err)
	}
	return nil
}

// follower makes a Follower the service's.
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

func version(d *store.Document) *Document {
	if !d.Exists() {
		return nil
	}
	return &Document{Path: d.Key.Path(), Fields: d.Fields, Created: d.Created.Time(), Updated: d.Updated.Time()}
}
