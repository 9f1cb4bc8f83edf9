package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"time"

	"cloud.google.com/go/firestore"
	"cloud.google.com/go/firestore/apiv1/firestorepb"
	"golang.org/x/sync/errgroup"

	"heek.kr/heektime/internal/gcp"
	"heek.kr/heektime/internal/migration/comparison"
	"heek.kr/heektime/internal/migration/cutover"
	"heek.kr/heektime/internal/migration/documentwriter"
	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/migration/replication"
	"heek.kr/heektime/internal/migration/reverse"
	"heek.kr/heektime/internal/migration/state"
	"heek.kr/heektime/internal/migration/walstream"
)

// migrateSwitch makes Firestore the side that serves a kind of data. docs/migrate.md explains it.
func migrateSwitch(ctx context.Context, args []string) error {
	return migrateKind(ctx, "switch", args, state.New, cutover.Switch)
}

// migrateKind moves a kind of data to a side.
func migrateKind(ctx context.Context, name string, args []string, to state.Side, move func(context.Context, cutover.Config, state.Kind) error) error {
	var m migration
	flags := flag.NewFlagSet("migrate "+name, flag.ContinueOnError)
	m.register(flags)
	words, err := parse(flags, args, "schools|accounts|timetables")
	if err != nil {
		return err
	}
	client, err := m.firestore(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	db, err := m.open(ctx, false)
	if err != nil {
		return err
	}
	defer db.Close()
	cfg, err := m.cutover(ctx, client, db)
	if err != nil {
		return err
	}
	kind := state.Kind(words[0])
	if m.dryRun {
		steps, err := cutover.Check(ctx, cfg, kind, to)
		for i, text := range steps {
			fmt.Printf("%2d. %s\n", i+1, text)
		}
		if err == nil && len(steps) == 0 {
			fmt.Printf("%s is on the %s side already\n", kind, to)
		}
		return err
	}
	var held time.Duration
	cfg.Progress = func(s cutover.Step) {
		fmt.Printf("%2d/%d  %-50s %6.0f ms\n", s.Number, s.Of, s.Text, float64(s.Took.Microseconds())/1000)
		held = s.Held
	}
	if err := move(ctx, cfg, kind); err != nil {
		return err
	}
	fmt.Printf("%s is on the %s side; writes were held for %.1f s\n", kind, to, held.Seconds())
	return nil
}

// cutover returns the configuration of a switch.
func (m *migration) cutover(ctx context.Context, client *firestore.Client, db *legacydb.DB) (cutover.Config, error) {
	accounts, err := gcp.Authentication(ctx, m.project, "")
	if err != nil {
		return cutover.Config{}, err
	}
	return cutover.Config{
		DB: db, Firestore: client, Log: migrationLog(),
		Drain: func(ctx context.Context, lsn walstream.LSN) error { return replication.Drain(ctx, client, lsn) },
		Verify: func(ctx context.Context, kind state.Kind, since time.Time) error {
			report, err := comparison.Run(ctx, comparison.Config{
				Old: db, Firestore: client, Kinds: []state.Kind{kind}, Since: since, Sample: switchSample, Accounts: hasAccount(accounts),
				// New apps write to Firestore all the time, whatever is held.
				Arrive: (&comparison.Stream{Old: db, Firestore: client}).Arrive,
			})
			if err == nil && report.Differences > 0 {
				err = fmt.Errorf("%w: %s; heektime migrate verify lists the differences", comparison.ErrDifferent, report.Summary())
			}
			return err
		},
	}, nil
}

// switchSample is how many users a switch compares in addition to those that changed.
const switchSample = 20

// passwordInterval is how often the accounts are listed, to find passwords that were set in Authentication
// directly. Listing is free; Google allows many more requests.
const passwordInterval = 5 * time.Minute

// reverse returns the configuration of the direction from Firestore to the old database.
func (m *migration) reverse(ctx context.Context, client *firestore.Client, db *legacydb.DB) (reverse.Config, error) {
	accounts, err := gcp.Authentication(ctx, m.project, "")
	if err != nil {
		return reverse.Config{}, err
	}
	converter, err := documentwriter.LoadConverter(ctx, client, db)
	if err != nil {
		return reverse.Config{}, err
	}
	return reverse.Config{
		DB: db, Client: client, Converter: converter, Accounts: reverse.FirebaseAccounts{Client: accounts},
		Database: fmt.Sprintf("projects/%s/databases/%s", m.project, m.database), Log: migrationLog(), PasswordInterval: passwordInterval,
		Drain: func(ctx context.Context) error { return replication.DrainCurrent(ctx, client, db) },
	}, nil
}

// repairInterval is how often follow looks for what a killed switch left. It bills 3 reads each time.
const repairInterval = time.Minute

// runReverse brings changes of Firestore to the old database until the context ends, and mends what a
// killed switch left.
func (m *migration) runReverse(ctx context.Context, client *firestore.Client) error {
	db, err := m.open(ctx, false)
	if err != nil {
		return err
	}
	defer db.Close()
	cfg, err := m.reverse(ctx, client, db)
	if err != nil {
		return err
	}
	streams, err := gcp.FirestoreStreams(ctx)
	if err != nil {
		return err
	}
	defer streams.Close()
	cfg.Listener = func(ctx context.Context) (firestorepb.Firestore_ListenClient, error) { return streams.Listen(ctx) }
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return reverse.Run(ctx, cfg) })
	group.Go(func() error {
		for {
			done, err := cutover.Repair(ctx, cutover.Config{DB: db, Firestore: client})
			for _, text := range done {
				cfg.Log.Warn(text)
			}
			if err != nil && !errors.Is(err, cutover.ErrBusy) && ctx.Err() == nil {
				cfg.Log.Warn("look for what a killed switch left", "error", err)
			}
			select {
			case <-ctx.Done():
				return context.Cause(ctx)
			case <-time.After(repairInterval):
			}
		}
	})
	return group.Wait()
}
