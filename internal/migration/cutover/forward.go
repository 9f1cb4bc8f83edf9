package cutover

import (
	"context"
	"errors"
	"fmt"
	"time"

	"heek.kr/heektime/internal/migration/reverse"
	"heek.kr/heektime/internal/migration/state"
	"heek.kr/heektime/internal/migration/walstream"
	"heek.kr/heektime/internal/schema"
)

// Switch makes Firestore the side that serves a kind of data. If a step fails, everything is as it was before,
// and the error says why. Running it again after it was killed completes it or starts over.
func Switch(ctx context.Context, cfg Config, kind state.Kind) error {
	t, err := open(ctx, cfg, patience)
	if err != nil {
		return err
	}
	defer t.close()
	now, err := t.begin(ctx, kind, state.New)
	if err != nil {
		return err
	}
	a := &attempt{tool: t, kind: kind, guard: t.guard(kind), now: now, first: !now.WasNew, since: time.Now().Add(-sinceMargin)}
	if now.Phase == state.PhaseNew {
		return a.guard.finalize(ctx) // the one step that a killed tool may have left
	}
	steps, held := a.forward()
	err = a.run(ctx, steps, held)
	switch {
	case err == nil, errors.Is(err, errKilled):
		return err
	case a.now.Phase == state.PhaseNew || errors.Is(err, errUnknown):
		return fmt.Errorf("%s is on the new side, but the switch is not complete; run it again: %w", kind, err)
	}
	return errors.Join(fmt.Errorf("%s stays on the old side: %w", kind, err), a.takeBack(ctx, func(ctx context.Context) error {
		return errors.Join(a.guard.open(ctx), a.endWayBack(ctx))
	}))
}

// sinceMargin is how long before the switch changes are compared first.
const sinceMargin = 10 * time.Minute

// forward returns the steps to the new side and the number of the one that holds writes.
func (a *attempt) forward() (steps []step, held int) {
	steps = []step{
		{"make servers read the state more often", a.prepare},
		{"apply what has changed so far", a.drain},
		{"compare both sides while they are in use", a.verifyEarly},
		{"wait until all servers do", a.await},
	}
	held = len(steps)
	steps = append(steps,
		step{"hold writes", a.hold},
		step{"lock the tables and reject late writers", func(ctx context.Context) error {
			// It ends when servers take the state back, at the latest: then writes must pass again.
			return a.guard.shut(ctx, a.now.Epoch, a.cfg.Limit-time.Since(a.began))
		}},
		step{"apply the last changes", a.lastly(a.drain)},
		step{"compare both sides", a.verify},
		step{"prepare the way back", a.beginWayBack},
		step{"read from Firestore", a.settle},
		step{"write to Firestore", a.flip},
		step{"keep the tables closed", a.finalize},
	)
	if !a.first {
		steps = append(steps, step{"return what had no place in the old database", a.returnAside})
	}
	return steps, held
}

// drain waits until all changes of the old database are in Firestore and, if the kind has been on the new side
// before, those of Firestore in the old database: so the way back has seen what is deleted on the new side later.
func (a *attempt) drain(ctx context.Context) error {
	lsn, err := walstream.CurrentLSN(ctx, a.conn)
	if err != nil {
		return err
	}
	if a.cfg.Drain != nil {
		if err := a.cfg.Drain(ctx, lsn); err != nil {
			return err
		}
	}
	if a.first || a.kind == state.Schools {
		return nil
	}
	return a.drainBack(ctx)
}

// drainAll waits until all changes of either side have arrived on the other.
func (a *attempt) drainAll(ctx context.Context) error {
	if err := a.drain(ctx); err != nil || a.now.Toward == state.New {
		return err
	}
	return a.drainBack(ctx)
}

// lastly drains while writes are held, and notes when everything had arrived.
func (a *attempt) lastly(drain func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) (err error) {
		if err := drain(ctx); err != nil {
			return err
		}
		a.drained, err = a.firestoreTime(ctx)
		return err
	}
}

// beginWayBack makes changes of Firestore flow to the old database from the time on when the last changes of the old
// database had arrived. From an earlier time, a document that arrived later and was deleted before the stream reported it
// would be in no report, and its row would stay.
func (a *attempt) beginWayBack(ctx context.Context) error {
	if a.kind == state.Schools {
		return nil // nobody changes them there
	}
	return reverse.Begin(ctx, a.conn, a.kind, a.drained)
}

// endWayBack undoes beginWayBack.
func (a *attempt) endWayBack(ctx context.Context) error {
	if !a.first {
		return nil
	}
	return reverse.End(ctx, a.conn, a.kind)
}

// finalize keeps the tables closed. The state has flipped, so the limit does not matter any more.
func (a *attempt) finalize(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTimeout)
	defer cancel()
	return a.guard.finalize(ctx)
}

// firestoreTime returns the time by Firestore's clock.
func (t *tool) firestoreTime(ctx context.Context) (time.Time, error) {
	doc, err := schema.MigrationPositionRef(t.cfg.Firestore).Get(ctx)
	if doc == nil {
		return time.Time{}, fmt.Errorf("read Firestore's time: %w", err)
	}
	return doc.ReadTime, nil
}
