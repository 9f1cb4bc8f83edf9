// Package state keeps, in migrations/{kind}, on which side each kind of data is while it moves from the
// old database to Firestore, and lets servers decide each request by it.
//
// # Phases
//
// A kind rests on the old or the new side. A switch takes it through two more phases, here forward:
//
//	            old      holding     settling    new
//	reads from  old      old         new         new
//	writes to   old      held        held        new
//
// Backward the sides are swapped: new, holding, settling, old. While writes are held, the operator's tool
// lets the stream of changes drain and compares both sides, so settling, in which some servers still read
// from the one side and others already from the other, shows everyone the same data.
//
// # Leases
//
// A server decides by a [View]: one read of all three documents, valid for a lease that starts before the
// read is sent. Then it reads again, see [Viewer]. After a change, [Store.Await] waits for as long as the
// lease of the document before it, so that no server still decides by the previous state. Only durations
// are compared, never clocks. A quiet lease is long, so that views cost next to nothing; a switch first
// shortens it, see [Store.Prepare].
//
// # Acknowledgements
//
// Writes should not be held for a lease if it can be avoided. So servers that see a prepared switch first join it, by
// writing migrations/{kind}/servers/{server}, and read the state again before they decide anything by it. From then on
// they read it every 50 ms while they have calls, and write there by which state they decide, when the writes that they
// decided before have ended ([Viewer.Enter]). Once all of them have acknowledged a change, Await waits no longer. A lease passes only if one is silent: it was killed, its network is
// slow, or it has no calls and therefore no processor.
//
// # Going back
//
// Every change requires that the document has not changed since it was read; the loser of a race gets
// [ErrChanged]. A tool that fails calls [Store.Abort]. If it has died, a server that sees the same switch
// for longer than its limit takes it back.
package state

import (
	"fmt"
	"time"

	"heek.kr/heektime/internal/schema"
)

// Short names of the types that package schema stores.
type (
	Kind  = schema.MigrationKind
	Side  = schema.MigrationSide
	Phase = schema.MigrationPhase
)

// The kinds, sides and phases.
const (
	Schools    = schema.MigrateSchools
	Accounts   = schema.MigrateAccounts
	Timetables = schema.MigrateTimetables

	Old = schema.OldSide
	New = schema.NewSide

	PhaseOld = schema.PhaseOld
	Holding  = schema.PhaseHolding
	Settling = schema.PhaseSettling
	PhaseNew = schema.PhaseNew
)

// Kinds returns the kinds in the order in which they move to the new side. They move back in reverse.
func Kinds() []Kind { return []Kind{Schools, Accounts, Timetables} }

// QuietLease is the lease while nothing is being switched, and the longest that a server accepts. It is a
// variable for tests that switch often, which shorten it in all their processes.
var QuietLease = 5 * time.Second

// SwitchLease is the lease during a switch.
// It is a variable for tests on slow machines.
var SwitchLease = 250 * time.Millisecond

const (
	// MinLease is the shortest lease that a server accepts.
	MinLease = 50 * time.Millisecond
	// SwitchLimit is how long a switch may hold writes before it is taken back.
	SwitchLimit = 5 * time.Second
	// minLimit and maxLimit bound the limits that a server accepts, so that a damaged document neither
	// prevents switches nor holds writes forever.
	minLimit = time.Second
	maxLimit = time.Minute
)

// State is the state of one kind, as read from or written to its document. The zero State of a kind that
// has no document is at rest on the old side.
type State struct {
	Kind Kind
	schema.Migration
	// updateTime is the document's, zero if it does not exist.
	updateTime time.Time
	// since is when this process changed the document, zero if it only read it; until then servers may
	// have relied on a view for as long as lease.
	since time.Time
	lease time.Duration
	// prepared is the epoch of the change by which this process prepared the switch, 0 if it did not.
	prepared int64
}

// Lease returns how long a server may rely on this state.
func (s State) Lease() time.Duration {
	return clamped(s.LeaseMillis, MinLease, QuietLease)
}

// Limit returns how long a switch may hold writes.
func (s State) Limit() time.Duration {
	return clamped(s.LimitMillis, minLimit, maxLimit)
}

// clamped returns a number of milliseconds as a duration within bounds.
func clamped(millis int64, least, most time.Duration) time.Duration {
	return time.Duration(min(max(millis, least.Milliseconds()), most.Milliseconds())) * time.Millisecond
}

// Resting reports whether no switch is in progress.
func (s State) Resting() bool { return s.Phase == PhaseOld || s.Phase == PhaseNew }

// Reads returns the side that reads go to.
func (s State) Reads() Side {
	switch s.Phase {
	case PhaseNew:
		return New
	case Holding:
		return s.Origin()
	case Settling:
		return s.Toward
	}
	return Old
}

// Writes returns the side that writes go to, or held if they must wait for the end of a switch.
func (s State) Writes() (side Side, held bool) {
	if !s.Resting() {
		return "", true
	}
	return s.Reads(), false
}

// Origin returns the side that a switch in progress started from, or the side that a resting kind is on.
func (s State) Origin() Side {
	switch {
	case s.Resting():
		return s.Reads()
	case s.Toward == New:
		return Old
	}
	return New
}

// String describes the state in a line of a log or an error.
func (s State) String() string {
	text := fmt.Sprintf("%s: %s", s.Kind, s.Phase)
	if !s.Resting() {
		text += " toward " + string(s.Toward)
	}
	if s.Aborting {
		text += ", aborting"
	}
	return fmt.Sprintf("%s (epoch %d)", text, s.Epoch)
}

// check returns an error if the document is not one of this package's.
func (s State) check() error {
	switch {
	case s.Phase != PhaseOld && s.Phase != Holding && s.Phase != Settling && s.Phase != PhaseNew,
		s.Toward != Old && s.Toward != New, s.Epoch < 0,
		s.Phase == PhaseOld && s.Toward != Old, s.Phase == PhaseNew && s.Toward != New:
		return fmt.Errorf("migrations document of %s is damaged: phase %q toward %q, epoch %d", s.Kind, s.Phase, s.Toward, s.Epoch)
	}
	return nil
}

// rest returns the phase of a kind that rests on a side.
func rest(side Side) Phase {
	if side == New {
		return PhaseNew
	}
	return PhaseOld
}
