package main

import (
	"context"
	"flag"
	"fmt"
	"os"

	"heek.kr/heektime/internal/migration/passwords"
	"heek.kr/heektime/internal/migration/snapshotcopy"
)

// migrateCopy copies a consistent snapshot of the old database to Firestore. docs/migrate.md explains it.
func migrateCopy(ctx context.Context, args []string) error {
	var m migration
	flags := flag.NewFlagSet("migrate copy", flag.ContinueOnError)
	m.register(flags)
	prepare := flags.Bool("prepare", false, "first create the publication and set replica identities in the old database")
	if _, err := parse(flags, args); err != nil {
		return err
	}
	mover, err := m.migrator(ctx)
	if err != nil {
		return err
	}
	defer mover.Firestore.Close()
	cfg := snapshotcopy.Config{
		URL: mover.URL, Mapping: mover.Mapping, Firestore: mover.Firestore, Prepare: *prepare, Ramp: m.google, Log: mover.Log,
		Progress: func(p snapshotcopy.Progress) {
			if p.Kind != "" {
				fmt.Fprintln(os.Stderr, p)
			}
		},
	}
	if m.dryRun {
		report, err := snapshotcopy.DryRun(ctx, cfg)
		if err == nil {
			fmt.Print(report)
		}
		return err
	}
	if cfg.Accounts, err = passwords.OpenFirebase(ctx, m.project); err != nil {
		return err
	}
	if err := snapshotcopy.Run(ctx, cfg); err != nil {
		return err
	}
	fmt.Println("copied; start heektime migrate follow now: until then the old database keeps its log for it")
	return nil
}
