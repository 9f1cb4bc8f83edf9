package main

import (
	"context"
	"errors"
	"flag"
	"fmt"

	"heek.kr/heektime/internal/migration/documentwriter"
	"heek.kr/heektime/internal/migration/passwords"
	"heek.kr/heektime/internal/migration/replication"
	"heek.kr/heektime/internal/migration/reverse"
)

// migrateFollow applies the changes of the old database until it is interrupted. docs/migrate.md
// explains it.
func migrateFollow(ctx context.Context, args []string) error {
	var m migration
	flags := flag.NewFlagSet("migrate follow", flag.ContinueOnError)
	m.register(flags)
	if _, err := parse(flags, args); err != nil {
		return err
	}
	mapping, url, err := m.oldDatabase()
	if err != nil {
		return err
	}
	client, err := m.firestore(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	cfg := replication.Config{URL: url, Mapping: mapping, Firestore: client, Log: migrationLog()}
	if m.dryRun {
		report, err := replication.DryRun(ctx, cfg)
		if err == nil {
			fmt.Println(report)
		}
		return err
	}
	db, err := m.open(ctx, true)
	if err != nil {
		return err
	}
	defer db.Close()
	if cfg.Accounts, err = passwords.OpenFirebase(ctx, m.project); err != nil {
		return err
	}
	cfg.Adjust = func(ctx context.Context, writes []documentwriter.Write) ([]documentwriter.Write, error) {
		return reverse.Adjust(ctx, db.Pool, client, writes)
	}
	cfg.Reverse = func(ctx context.Context) error { return m.runReverse(ctx, client) }
	err = replication.Run(ctx, cfg)
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return nil // interrupted: everything that was applied is noted
	}
	return err
}
