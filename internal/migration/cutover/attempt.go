package cutover

import (
	"context"
	"errors"
	"fmt"
	"time"

	"heek.kr/heektime/internal/migration/state"
)

// errKilled stands for the end of the process in tests: nothing is taken back.
var errKilled = errors.New("killed")

// margin is how long before the end of the limit the state may flip at the latest. When it has flipped, the
// guard still holds.
const margin = time.Second

// undoTimeout is how long taking a switch back may take.
const undoTimeout = 15 * time.Second

// attempt is one run of a switch.
type attempt struct {
	*tool
	kind  state.Kind
	guard *guard
	now   state.State
	began time.Time     // when writes were held
	held  time.Duration // for how long, once they go on
	since time.Time     // since when changes are compared
	// By Firestore's clock: heldAt is when writes were held, so that nothing that was written before was held, and
	// drained is when everything had arrived on both sides.
	heldAt, drained time.Time
	first           bool // the kind has never been on the new side
}

// step is a step of an attempt.
type step struct {
	text string
	do   func(context.Context) error
}

// run takes the steps. Those from held on must end within the limit.
func (a *attempt) run(ctx context.Context, steps []step, held int) error {
	heldCtx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	for i, s := range steps {
		if i == held {
			a.began = time.Now()
			ctx = heldCtx
			limit := time.AfterFunc(a.cfg.Limit-margin, func() {
				cancel(fmt.Errorf("writes were held for %v: the limit is %v", a.cfg.Limit-margin, a.cfg.Limit))
			})
			defer limit.Stop()
		}
		if a.cfg.fault != nil {
			if err := a.cfg.fault(s.text); err != nil {
				return fmt.Errorf("%s: %w", s.text, err)
			}
		}
		began := time.Now()
		if err := s.do(ctx); err != nil {
			if cause := context.Cause(ctx); cause != nil && !errors.Is(err, errKilled) {
				err = errors.Join(cause, err)
			}
			return fmt.Errorf("%s: %w", s.text, err)
		}
		if !a.began.IsZero() && a.held == 0 && a.now.Resting() {
			a.held = time.Since(a.began)
		}
		done := Step{Number: i + 1, Of: len(steps), Text: s.text, Took: time.Since(began), Held: a.held, Epoch: a.now.Epoch}
		if !a.began.IsZero() && a.held == 0 {
			done.Held = time.Since(a.began)
		}
		a.cfg.Progress(done)
	}
	return nil
}

// prepare shortens the lease, so that servers notice the next changes soon.
func (a *attempt) prepare(ctx context.Context) error {
	now, err := a.store.Prepare(ctx, a.now, state.SwitchLease, a.cfg.Limit)
	if err == nil {
		a.now = now
	}
	return err
}

// await waits until no server decides by the state before this one.
func (a *attempt) await(ctx context.Context) error { return a.store.Await(ctx, a.now) }

// hold makes servers hold writes.
func (a *attempt) hold(ctx context.Context) (err error) {
	if a.now, err = a.store.Hold(ctx, a.now); err != nil {
		return err
	}
	if a.heldAt, err = a.firestoreTime(ctx); err != nil {
		return err
	}
	return a.await(ctx)
}

// settle lets servers read from the other side.
func (a *attempt) settle(ctx context.Context) (err error) {
	if a.now, err = a.store.Settle(ctx, a.now); err != nil {
		return err
	}
	return a.await(ctx)
}

// flip makes the other side the one that is written. If the response is lost, it finds out whether the state
// has flipped: nothing may be taken back then.
func (a *attempt) flip(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	from := a.now
	now, err := a.store.Flip(ctx, from)
	if err == nil {
		a.now = now
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTimeout)
	defer cancel()
	for {
		view, readErr := a.store.Read(ctx)
		if readErr == nil {
			a.now = view.Of(a.kind)
			if a.now.Resting() && a.now.Reads() == from.Toward {
				return nil
			}
			return err
		}
		select {
		case <-ctx.Done():
			return errors.Join(err, errUnknown)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// errUnknown means that it is not known whether the state has flipped.
var errUnknown = errors.New("unknown whether the switch took place, because Firestore does not respond: run the same command again")

// verifyEarly compares both sides while they are in use, which may take long, and leaves only what changes from then
// on to the comparison while writes are held.
func (a *attempt) verifyEarly(ctx context.Context) error {
	if a.cfg.VerifyEarly == nil {
		return nil
	}
	began := time.Now()
	if err := a.cfg.VerifyEarly(ctx, a.kind, a.since); err != nil {
		return err
	}
	a.since = began.Add(-clockDifference)
	return nil
}

// clockDifference is how much the clock by which the old server dates rows may be behind this one.
const clockDifference = 10 * time.Second

// verify compares both sides. New clients write to Firestore while others are held, so a difference may only
// be late: it is compared again while there is time.
func (a *attempt) verify(ctx context.Context) error {
	if a.cfg.Verify == nil {
		return nil
	}
	for {
		err := a.cfg.Verify(ctx, a.kind, a.since, a.drained)
		if err == nil || ctx.Err() != nil || time.Since(a.began) > (a.cfg.Limit-margin)/2 {
			return err
		}
		if drainErr := a.lastly(a.drainAll)(ctx); drainErr != nil {
			return errors.Join(err, drainErr)
		}
	}
}

// takeBack takes a failed switch back: guard first, so that writes that continue find the tables as they were.
// If that fails, it leaves the state to the servers, which take it back once the guard has ended by itself:
// a write that they let pass before would be rejected.
func (a *attempt) takeBack(ctx context.Context, guard func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTimeout)
	defer cancel()
	if a.began.IsZero() { // the tables are as they were, and the old database may be unreachable
		return a.abort(ctx)
	}
	err := a.undoGuard(ctx, guard)
	if err == nil {
		err = a.abort(ctx)
	}
	if err != nil {
		return fmt.Errorf("the switch could not be taken back: the guard ends by itself, and servers take the state back after %v (%w)", a.cfg.Limit+time.Second, err)
	}
	return nil
}

// abort takes the state back. If it rests, only its lease becomes quiet again.
func (a *attempt) abort(ctx context.Context) error {
	view, err := a.store.Read(ctx)
	if err != nil {
		return err
	}
	take := a.store.Abort
	if view.Of(a.kind).Resting() {
		take = a.store.Relax
	}
	_, err = take(ctx, view.Of(a.kind))
	if errors.Is(err, state.ErrChanged) {
		return nil // a server has taken it back
	}
	return err
}

// undoGuard calls guard, with a new connection if the old database has closed the attempt's, until it
// succeeds or writes are no longer held.
func (a *attempt) undoGuard(ctx context.Context, guard func(context.Context) error) error {
	for {
		err := guard(ctx)
		if err == nil || !a.conn.IsClosed() {
			return err
		}
		for a.conn.IsClosed() {
			select {
			case <-ctx.Done():
				return err
			case <-time.After(100 * time.Millisecond):
			}
			if time.Since(a.began) > a.cfg.Limit+time.Second {
				return err
			}
			a.reconnect(ctx)
		}
	}
}

// reconnect replaces a closed connection. If it cannot, the connection stays closed.
func (a *attempt) reconnect(ctx context.Context) {
	conn, err := openConn(ctx, a.cfg, 0)
	if err == nil {
		a.conn, a.guard.conn = conn, conn
	}
}
