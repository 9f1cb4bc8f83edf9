package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"slices"
	"time"

	"heek.kr/heektime/internal/migration/cutover"
	"heek.kr/heektime/internal/migration/holdtimes"
	"heek.kr/heektime/internal/migration/state"
)

// migrateSwitch makes Firestore the side that serves a kind of data. docs/migrate.md explains it.
func migrateSwitch(ctx context.Context, args []string) error {
	return migrateKind(ctx, "switch", args, state.New, cutover.Switch)
}

// reportTimeout is how long to wait for what servers report of a switch. If nobody has written, they report nothing.
const reportTimeout = 3 * time.Second

// migrateKind moves a kind of data to a side.
func migrateKind(ctx context.Context, name string, args []string, to state.Side, move func(context.Context, cutover.Config, state.Kind) error) error {
	var m migration
	flags := flag.NewFlagSet("migrate "+name, flag.ContinueOnError)
	m.register(flags)
	words, err := parse(flags, args, "schools|accounts|timetables")
	if err != nil {
		return err
	}
	kind := state.Kind(words[0])
	if !slices.Contains(state.Kinds(), kind) {
		return fmt.Errorf("%q is not a kind of data: want schools, accounts or timetables", kind)
	}
	mover, err := m.migrator(ctx)
	if err != nil {
		return err
	}
	defer mover.Firestore.Close()
	switch finished, err := cutover.IsFinished(ctx, mover.Firestore); {
	case err != nil:
		return err
	case finished:
		return errors.New("the move is finished: there is nothing to switch any more, and no way back")
	}
	db, err := mover.Open(ctx, false)
	if err != nil {
		return err
	}
	defer db.Close()
	cfg := mover.Cutover(db)
	if m.dryRun {
		return checkMove(ctx, cfg, kind, to)
	}
	var last cutover.Step
	cfg.Progress = func(s cutover.Step) {
		fmt.Printf("%2d/%d  %-50s %6.0f ms\n", s.Number, s.Of, s.Text, float64(s.Took.Microseconds())/1000)
		last = s
	}
	if err := move(ctx, cfg, kind); err != nil {
		return err
	}
	if last.Of == 0 {
		fmt.Printf("%s: nothing to do, the %s side already has them\n", kind, to)
		return nil
	}
	fmt.Printf("%s are on the %s side; writes were held for %.1f s\n", kind, to, last.Held.Seconds())
	times, err := holdtimes.Await(ctx, mover.Firestore, kind, last.Epoch, reportTimeout)
	if err == nil && times.Count() > 0 {
		fmt.Printf("compat-server: %v\n", times)
	}
	return err
}

// checkMove prints the steps of a move, and returns what prevents it.
func checkMove(ctx context.Context, cfg cutover.Config, kind state.Kind, to state.Side) error {
	steps, err := cutover.Check(ctx, cfg, kind, to)
	for i, text := range steps {
		fmt.Printf("%2d. %s\n", i+1, text)
	}
	if err == nil && len(steps) == 0 {
		fmt.Printf("%s: nothing to do, the %s side already has them\n", kind, to)
	}
	return err
}
