package sweeper

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"cloud.google.com/go/firestore"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Document is where the sweeper remembers where it stopped. No client can read it.
const Document = "sweeps/state"

// position is where a run is, for the next to go on.
type position struct {
	// Stage by its name; the first when empty.
	Stage string `firestore:"stage"`
	// Token is where in the stage.
	Token string `firestore:"token"`
	// Done is how many of the page at Token have been looked at, and Inner where in the next one.
	Done  int    `firestore:"done"`
	Inner string `firestore:"inner"`
}

func (p position) stage() int {
	return max(0, slices.IndexFunc(stages, func(s stage) bool { return s.name == p.Stage }))
}

// state is the document.
type state struct {
	Position position `firestore:"position"`
	// Lease is until when a run is under way, zero when none is.
	Lease time.Time `firestore:"lease"`
	// Last is what the last run came to, Ended when.
	Last  Report    `firestore:"last"`
	Ended time.Time `firestore:"ended"`
}

// reserve is what beginning and ending a run bills: its document is read once and written twice.
const reserve = 3

// errBusy says that another run is under way.
var errBusy = errors.New("another sweep is under way")

// begin takes the lease.
func (r *run) begin(ctx context.Context) error {
	var committed firestore.CommitResponse
	ref := r.firestore.Doc(Document)
	err := r.firestore.RunTransaction(ctx, func(_ context.Context, tx *firestore.Transaction) error {
		snap, err := tx.Get(ref)
		var s state
		switch {
		case status.Code(err) == codes.NotFound:
		case err != nil:
			return err
		default:
			if err := snap.DataTo(&s); err != nil {
				return err
			}
		}
		if s.Lease.After(r.now()) {
			return errBusy
		}
		r.at = s.Position
		s.Lease = r.now().Add(lease)
		return tx.Set(ref, s)
	}, firestore.WithCommitResponseTo(&committed))
	if err != nil {
		return fmt.Errorf("begin a sweep: %w", err)
	}
	r.written = committed.CommitTime()
	r.billed(reserve)
	return nil
}

// save remembers the position, which another run has if this one is killed. A run that has stood still past its lease must not
// turn back the one after it.
func (r *run) save(ctx context.Context) error {
	if r.need(1) != nil {
		return nil // then the run ends with the next step, and that remembers the position
	}
	r.billed(1)
	return r.write(ctx, []firestore.Update{{Path: "position", Value: r.at}, {Path: "lease", Value: r.now().Add(lease)}})
}

// end remembers the position and what the run came to.
func (r *run) end(ctx context.Context) error {
	return r.write(ctx, []firestore.Update{
		{Path: "position", Value: r.at}, {Path: "lease", Value: time.Time{}}, {Path: "last", Value: r.report}, {Path: "ended", Value: r.now()},
	})
}

// write changes the document if it is as this run has left it.
func (r *run) write(ctx context.Context, updates []firestore.Update) error {
	result, err := r.firestore.Doc(Document).Update(ctx, updates, firestore.LastUpdateTime(r.written))
	if err != nil {
		return fmt.Errorf("remember where the sweep is (another may have begun): %w", err)
	}
	r.written = result.UpdateTime
	return nil
}
