package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"

	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/migration/replication"
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
	cfg.Reverse = func(ctx context.Context) error { return m.runReverse(ctx, client) }
	err = replication.Run(ctx, cfg)
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return nil // interrupted: everything that was applied is noted
	}
	return err
}

// oldDatabase returns the mapping and the connection string.
func (m *migration) oldDatabase() (*legacydb.Mapping, string, error) {
	if m.databaseURL == "" {
		m.databaseURL = os.Getenv(oldDatabaseVariable)
	}
	if m.databaseURL == "" {
		return nil, "", errors.New("which old database? set " + oldDatabaseVariable + " to its connection string, postgres://USER:PASSWORD@HOST/DATABASE")
	}
	mapping, err := legacydb.ReadMapping(m.mappingPath)
	return mapping, m.databaseURL, err
}

// migrationLog writes lines of the migration to standard error.
func migrationLog() *slog.Logger { return slog.New(slog.NewTextHandler(os.Stderr, nil)) }
