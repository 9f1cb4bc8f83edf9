package cutover

import (
	"context"
	"errors"
	"fmt"

	"heek.kr/heektime/internal/migration/reverse"
	"heek.kr/heektime/internal/migration/state"
)

// Repair mends what a killed tool left, once servers have taken its switch back: a guard that does not
// agree with the state. It returns what it did. While another tool is at work it does nothing.
// heektime migrate follow calls it at its start and every minute.
func Repair(ctx context.Context, cfg Config) (done []string, err error) {
	t, err := open(ctx, cfg, 0)
	if err != nil {
		return nil, err
	}
	defer t.close()
	view, err := t.store.Read(ctx)
	if err != nil {
		return nil, err
	}
	if done, err = t.repair(ctx, view); err != nil {
		return done, err
	}
	// A killed tool may have prepared a switch. Servers can read the state less often again.
	for _, kind := range state.Kinds() {
		if _, err := t.store.Relax(ctx, view.Of(kind)); err != nil && !errors.Is(err, state.ErrChanged) {
			return done, err
		}
	}
	return done, nil
}

func (t *tool) repair(ctx context.Context, view state.View) (done []string, err error) {
	for _, kind := range state.Kinds() {
		s, g := view.Of(kind), t.guard(kind)
		if !s.Resting() || len(g.tables) == 0 {
			continue
		}
		guard, err := g.state(ctx)
		if err != nil {
			return done, err
		}
		switch {
		case s.Phase == state.PhaseNew && guard != guardFinal:
			if err := g.finalize(ctx); err != nil {
				return done, err
			}
			done = append(done, fmt.Sprintf("closed the tables of %s, which is on the new side", kind))
		case s.Phase == state.PhaseOld && guard != guardOpen:
			if err := g.open(ctx); err != nil {
				return done, err
			}
			done = append(done, fmt.Sprintf("opened the tables of %s, which is on the old side", kind))
		}
		if s.Phase == state.PhaseOld && !s.WasNew && kind != state.Schools {
			if err := reverse.End(ctx, t.conn, kind); err != nil {
				return done, err
			}
		}
	}
	return done, nil
}

// recover takes back the switches of tools that are dead: this tool has their lock. Then it repairs the
// rest.
func (t *tool) recover(ctx context.Context) error {
	view, err := t.store.Read(ctx)
	if err != nil {
		return err
	}
	for _, kind := range state.Kinds() {
		s := view.Of(kind)
		if s.Resting() {
			continue
		}
		g := t.guard(kind)
		guard := g.open
		if s.Origin() == state.New {
			guard = g.finalize
		}
		if err := guard(ctx); err != nil {
			return err
		}
		if _, err := t.store.Abort(ctx, s); err != nil && !errors.Is(err, state.ErrChanged) {
			return err
		}
	}
	if view, err = t.store.Read(ctx); err == nil {
		_, err = t.repair(ctx, view)
	}
	return err
}
