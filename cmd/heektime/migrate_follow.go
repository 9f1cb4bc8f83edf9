package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
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
	mover, err := m.migrator(ctx)
	if err != nil {
		return err
	}
	defer mover.Firestore.Close()
	if m.dryRun {
		report, err := mover.FollowDryRun(ctx)
		if err == nil {
			fmt.Println(report)
		}
		return err
	}
	err = mover.Follow(ctx)
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return nil // interrupted: everything that was applied is noted
	}
	return err
}
