package cutover

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"heek.kr/heektime/internal/migration/state"
	"heek.kr/heektime/internal/schema"
)

// Check says what prevents a switch of a kind to a side, and which steps it would take. It changes nothing.
func Check(ctx context.Context, cfg Config, kind state.Kind, to state.Side) (steps []string, err error) {
	t := &tool{cfg: cfg.withDefaults(), store: state.NewStore(cfg.Firestore, cfg.now)}
	if t.conn, err = pgx.ConnectConfig(ctx, cfg.DB.Pool.Config().ConnConfig.Copy()); err != nil {
		return nil, fmt.Errorf("connect to the old database: %w", err)
	}
	defer t.close()
	view, err := t.store.Read(ctx)
	if err != nil {
		return nil, err
	}
	a := &attempt{tool: t, kind: kind, guard: t.guard(kind), now: view.Of(kind), first: !view.Of(kind).WasNew}
	list, _ := a.forward()
	if to == state.Old {
		list, _ = a.backward()
	}
	for _, s := range list {
		steps = append(steps, s.text)
	}
	if view.Of(kind).Resting() && view.Of(kind).Reads() == to {
		return nil, nil // it is there
	}
	return steps, t.check(ctx, view, kind, to)
}

// begin takes back what a killed tool left, checks that a switch can begin, and returns the state of the kind.
func (t *tool) begin(ctx context.Context, kind state.Kind, to state.Side) (state.State, error) {
	if !slices.Contains(state.Kinds(), kind) {
		return state.State{}, fmt.Errorf("unknown kind %q: the kinds are %v", kind, state.Kinds())
	}
	if err := t.recover(ctx); err != nil {
		return state.State{}, err
	}
	view, err := t.store.Read(ctx)
	if err != nil {
		return state.State{}, err
	}
	now := view.Of(kind)
	if now.Reads() == to {
		return now, nil
	}
	return now, t.check(ctx, view, kind, to)
}

// check returns everything that prevents a switch, with what to do about it.
func (t *tool) check(ctx context.Context, view state.View, kind state.Kind, to state.Side) error {
	errs := []error{checkOrder(view, kind, to), t.checkCopy(ctx)}
	if errs[1] == nil { // otherwise there is no stream to check
		errs = append(errs, t.checkStream(ctx))
	}
	errs = append(errs, t.checkRights(ctx, kind))
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("%s cannot be switched:\n%w", kind, err)
	}
	return nil
}

// checkOrder checks that kinds move in order, and one at a time.
func checkOrder(view state.View, kind state.Kind, to state.Side) error {
	kinds := state.Kinds()
	for i, other := range kinds {
		s := view.Of(other)
		switch {
		case !s.Resting():
			return fmt.Errorf("%v: a switch is in progress or was killed; servers take it back after %v, then run this again", s, s.Limit()+time.Second)
		case to == state.New && i < slices.Index(kinds, kind) && s.Reads() != state.New:
			return fmt.Errorf("%s come first: heektime migrate switch %s", other, other)
		case to == state.Old && i > slices.Index(kinds, kind) && s.Reads() != state.Old:
			return fmt.Errorf("%s go back first: heektime migrate back %s", other, other)
		}
	}
	return nil
}

func (t *tool) checkCopy(ctx context.Context) error {
	var c schema.MigrationCopy
	_, err := schema.Read(ctx, schema.MigrationCopyRef(t.cfg.Firestore), &c)
	if err == nil && c.FinishedAt.IsZero() {
		err = errors.New("the copy is not complete: heektime migrate copy")
	}
	return err
}

// checkStream checks that changes of the old database are applied, and soon.
func (t *tool) checkStream(ctx context.Context) error {
	var p schema.MigrationPosition
	if _, err := schema.Read(ctx, schema.MigrationPositionRef(t.cfg.Firestore), &p); err != nil {
		return err
	}
	var active bool
	var behind int64
	err := poll(ctx, patience, func() (bool, error) {
		err := t.conn.QueryRow(ctx, `SELECT active, coalesce(pg_wal_lsn_diff(pg_current_wal_lsn(), confirmed_flush_lsn), 0)::bigint
			FROM pg_replication_slots WHERE slot_name = $1 AND database = current_database()`, p.Slot).Scan(&active, &behind)
		return active, err
	})
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return fmt.Errorf("the old database has no replication slot %q: heektime migrate copy", p.Slot)
	case err != nil:
		return fmt.Errorf("read the replication slot: %w", err)
	case !active:
		return errors.New("nobody applies the changes of the old database: start heektime migrate follow in another terminal")
	case behind > maxLagBytes:
		return fmt.Errorf("changes of the old database are %d MiB behind: wait until heektime migrate status shows less", behind>>20)
	}
	return nil
}

// maxLagBytes is how much of the old database's log may be left when a switch begins. The first step
// waits for it, with writes going on.
const maxLagBytes = 64 << 20

// checkRights checks that the role can guard the tables.
func (t *tool) checkRights(ctx context.Context, kind state.Kind) error {
	var errs []error
	for _, table := range tables(t.cfg.DB.Mapping, kind) {
		var owns bool
		err := t.conn.QueryRow(ctx, "SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = $1::text::regclass", table).Scan(&owns)
		if err == nil && !owns {
			err = errors.New("connect as the owner of the table or as a superuser: others cannot create and disable its trigger")
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("table %s: %w", table, err))
		}
	}
	return errors.Join(errs...)
}
