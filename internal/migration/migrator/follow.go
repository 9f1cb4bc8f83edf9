package migrator

import (
	"context"
	"errors"
	"time"

	"cloud.google.com/go/firestore/apiv1/firestorepb"
	"golang.org/x/sync/errgroup"

	"heek.kr/heektime/internal/gcp"
	"heek.kr/heektime/internal/logline"
	"heek.kr/heektime/internal/migration/cutover"
	"heek.kr/heektime/internal/migration/documentwriter"
	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/migration/passwords"
	"heek.kr/heektime/internal/migration/replication"
	"heek.kr/heektime/internal/migration/reverse"
)

const (
	// passwordInterval is how often the accounts are listed, to find passwords that were set in Authentication
	// directly. Listing is free; Google allows many more requests.
	passwordInterval = 5 * time.Minute
	// repairInterval is how often follow looks for what a killed switch left. It bills 3 reads each time.
	repairInterval = time.Minute
)

// Follow applies changes in both directions until the context ends or somebody has to mend something. It waits
// for a PostgreSQL or a Firestore that cannot be reached. Everything shares one pool of connections to the old
// database.
func (m *Migrator) Follow(ctx context.Context) error {
	db, err := legacydb.Connect(ctx, legacydb.Config{URL: m.URL, Mapping: m.Mapping})
	if err != nil {
		return err
	}
	defer db.Close()
	cfg := m.replication()
	cfg.DB = db
	if cfg.Accounts, err = passwords.OpenFirebase(ctx, m.Project); err != nil {
		return err
	}
	cfg.Adjust = func(ctx context.Context, writes []documentwriter.Write) ([]documentwriter.Write, error) {
		return reverse.Adjust(ctx, db.Pool, m.Firestore, writes)
	}
	cfg.NewSide = reverse.NewSide(db.Pool, m.Firestore)
	cfg.Reverse = func(ctx context.Context) error {
		checked, err := db.Checked(ctx)
		if err != nil {
			return err
		}
		return m.bringBack(ctx, checked)
	}
	return replication.Run(ctx, cfg)
}

// FollowDryRun checks what [Migrator.Follow] checks before it starts, and says from where it would follow.
func (m *Migrator) FollowDryRun(ctx context.Context) (string, error) {
	return replication.DryRun(ctx, m.replication())
}

func (m *Migrator) replication() replication.Config {
	return replication.Config{URL: m.URL, Mapping: m.Mapping, Firestore: m.Firestore, Log: m.Log}
}

// bringBack brings changes of Firestore to the old database until the context ends, and mends what a killed
// switch left.
func (m *Migrator) bringBack(ctx context.Context, db *legacydb.DB) error {
	converter, err := documentwriter.LoadConverter(ctx, m.Firestore, db)
	if err != nil {
		return err
	}
	streams, err := gcp.FirestoreStreams(ctx)
	if err != nil {
		return err
	}
	defer streams.Close()
	cfg := reverse.Config{
		DB: db, Client: m.Firestore, Converter: converter, Accounts: reverse.FirebaseAccounts{Client: m.Accounts},
		Database: m.resource(), Log: m.Log, PasswordInterval: passwordInterval,
		Listener: func(ctx context.Context) (firestorepb.Firestore_ListenClient, error) { return streams.Listen(ctx) },
		Drain:    func(ctx context.Context) error { return replication.DrainCurrent(ctx, m.Firestore, db) },
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return reverse.Run(ctx, cfg) })
	group.Go(func() error { return m.repair(ctx, db) })
	return group.Wait()
}

// repair mends what killed switches leave, until the context ends.
func (m *Migrator) repair(ctx context.Context, db *legacydb.DB) error {
	for {
		done, err := cutover.Repair(ctx, cutover.Config{DB: db, Firestore: m.Firestore})
		for _, text := range done {
			m.Log.Warn(text)
		}
		if err != nil && !errors.Is(err, cutover.ErrBusy) && ctx.Err() == nil {
			m.Log.Warn("look for what a killed switch left", logline.FieldError, err.Error())
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(repairInterval):
		}
	}
}
