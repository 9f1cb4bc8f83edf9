package replication

import (
	"context"
	"fmt"

	"cloud.google.com/go/firestore"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/migration/walstream"
	"heek.kr/heektime/internal/schema"
)

// Drain waits until heektime migrate follow, in whatever process, has applied everything up to a
// position of the old database's log. Every transaction that others saw before the caller read the
// position with [walstream.CurrentLSN] is then in Firestore. It returns a [Problem] if following has
// stopped. The context should have a deadline. Billed: 1 write, and a read for each position that is
// written meanwhile.
func Drain(ctx context.Context, client *firestore.Client, lsn walstream.LSN) error {
	if _, err := schema.MigrationDrainRef(client).Set(ctx, schema.MigrationDrain{LSN: lsn.String()}.Fields()); err != nil {
		return fmt.Errorf("ask to drain up to %v: %w", lsn, err)
	}
	snapshots := schema.MigrationPositionRef(client).Snapshots(ctx)
	defer snapshots.Stop()
	for {
		snap, err := snapshots.Next()
		if err != nil && status.Code(err) != codes.NotFound {
			if ctx.Err() != nil {
				err = context.Cause(ctx)
			}
			return fmt.Errorf("wait until changes up to %v are applied: %w", lsn, err)
		}
		var position schema.MigrationPosition
		if _, err := schema.Decode(schema.MigrationPositionRef(client), snap, err, &position); err != nil {
			return err
		}
		if position.Problem != "" {
			return problem("start heektime migrate follow again after that", "following has stopped: %s", position.Problem)
		}
		if position.LSN == "" {
			continue
		}
		applied, err := walstream.ParseLSN(position.LSN)
		if err != nil {
			return fmt.Errorf("wait until changes up to %v are applied: %w", lsn, err)
		}
		if applied >= lsn {
			return nil
		}
	}
}

// DrainCurrent is [Drain] up to where the log of the old database is now.
func DrainCurrent(ctx context.Context, client *firestore.Client, db *legacydb.DB) error {
	lsn, err := walstream.CurrentLSN(ctx, db.Pool)
	if err != nil {
		return err
	}
	return Drain(ctx, client, lsn)
}
