package story

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"cloud.google.com/go/firestore"
	"cloud.google.com/go/firestore/apiv1/firestorepb"

	"heek.kr/heektime/internal/gcp"
	"heek.kr/heektime/internal/migration/cutover"
	"heek.kr/heektime/internal/migration/documentwriter"
	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/migration/replication"
	"heek.kr/heektime/internal/migration/reverse"
)

// reverseRun returns what follow runs in the other direction.
func reverseRun(url string, mapping *legacydb.Mapping, client *firestore.Client, log *slog.Logger) func(context.Context) error {
	return func(ctx context.Context) error {
		db, err := legacydb.Open(ctx, legacydb.Config{URL: url, Mapping: mapping})
		if err != nil {
			return err
		}
		defer db.Close()
		if _, err := cutover.Repair(ctx, cutover.Config{DB: db, Firestore: client}); err != nil && !errors.Is(err, cutover.ErrBusy) {
			return err
		}
		converter, err := documentwriter.LoadConverter(ctx, client, db)
		if err != nil {
			return err
		}
		project := os.Getenv("GOOGLE_CLOUD_PROJECT")
		accounts, err := gcp.Authentication(ctx, project, "")
		if err != nil {
			return err
		}
		streams, err := gcp.FirestoreStreams(ctx)
		if err != nil {
			return err
		}
		defer streams.Close()
		return reverse.Run(ctx, reverse.Config{
			DB: db, Client: client, Converter: converter, Accounts: reverse.FirebaseAccounts{Client: accounts},
			Database: fmt.Sprintf("projects/%s/databases/(default)", project), Log: log, PasswordInterval: time.Minute,
			Listener: func(ctx context.Context) (firestorepb.Firestore_ListenClient, error) {
				return streams.Listen(ctx)
			},
			Drain: func(ctx context.Context) error { return replication.DrainCurrent(ctx, client, db) },
		})
	}
}
