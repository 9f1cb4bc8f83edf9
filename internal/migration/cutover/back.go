package cutover

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"heek.kr/heektime/internal/migration/reverse"
	"heek.kr/heektime/internal/migration/state"
	"heek.kr/heektime/internal/schema"
)

// Back makes the old database the side that serves a kind of data again. If a step fails, everything is as it
// was before, and the error says why.
func Back(ctx context.Context, cfg Config, kind state.Kind) error {
	t, err := open(ctx, cfg, patience)
	if err != nil {
		return err
	}
	defer t.close()
	now, err := t.begin(ctx, kind, state.Old)
	if err != nil {
		return err
	}
	a := &attempt{tool: t, kind: kind, guard: t.guard(kind), now: now, since: time.Now().Add(-sinceMargin), first: true}
	if now.Phase == state.PhaseOld {
		return a.guard.open(ctx) // the one step that a killed tool may have left
	}
	steps, held := a.backward()
	err = a.run(ctx, steps, held)
	switch {
	case err == nil, errors.Is(err, errKilled):
		return err
	case a.now.Phase == state.PhaseOld || errors.Is(err, errUnknown):
		return fmt.Errorf("%s is on the old side, but the switch is not complete; run it again: %w", kind, err)
	}
	return errors.Join(fmt.Errorf("%s stays on the new side: %w", kind, err), a.takeBack(ctx, a.guard.finalize))
}

// backward returns the steps to the old side and the number of the one that holds writes.
func (a *attempt) backward() (steps []step, held int) {
	steps = []step{
		{"make servers read the state more often", a.prepare},
		{"bring back what has changed so far", a.drainBack},
	}
	if a.kind == state.Accounts {
		steps = append(steps, step{"make replaced passwords unusable", a.passwords})
	}
	steps = append(steps, step{"compare both sides while they are in use", a.verifyEarly})
	steps = append(steps, step{"wait until all servers do", a.await})
	held = len(steps)
	return append(steps,
		step{"hold writes", a.hold},
		step{"bring back the last changes", a.lastly(a.drainBack)},
		step{"compare both sides", a.verify},
		step{"read from the old database", a.settle},
		step{"open the tables", a.guard.open},
		step{"write to the old database", a.flip},
	), held
}

// passwords makes old hashes unusable that the new side has replaced, as far as the stream cannot report it.
func (a *attempt) passwords(ctx context.Context) error {
	return a.awaitMark(ctx, reverse.PasswordMark(), sweepTimeout)
}

// markPoll is how often the old database is asked for the mark.
const markPoll = 10 * time.Millisecond

// markRepeat is how often the mark is written again.
const markRepeat = time.Second

// drainBack waits until everything that Firestore has committed is in the old database: it writes a mark,
// and the stream in this direction reports it after everything before it.
func (a *attempt) drainBack(ctx context.Context) error {
	if a.kind == state.Schools {
		return nil
	}
	return a.awaitMark(ctx, rand.Text(), drainTimeout)
}

func (a *attempt) awaitMark(ctx context.Context, mark string, timeout time.Duration) error {
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, errNoReverse)
	defer cancel()
	var written time.Time
	for {
		// Another command may replace the mark before the stream has reported it.
		if time.Since(written) > markRepeat {
			written = time.Now()
			if _, err := schema.MigrationMarkRef(a.cfg.Firestore).Set(ctx, schema.MigrationMark{Mark: mark}.Fields()); err != nil {
				return fmt.Errorf("write a mark: %w", err)
			}
		}
		applied, err := reverse.Applied(ctx, a.conn, mark)
		switch {
		case err == nil && applied:
			return nil
		case err != nil && ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil:
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(markPoll):
		}
	}
}

// drainTimeout is how long a mark may take while writes are not held. When they are, the limit counts.
const drainTimeout = time.Minute

// sweepTimeout is how long listing all accounts may take. Writes are not held meanwhile. Authentication lists 1,000
// at a time.
const sweepTimeout = 15 * time.Minute

var errNoReverse = errors.New("changes of Firestore do not arrive in the old database: is heektime migrate follow running?")
