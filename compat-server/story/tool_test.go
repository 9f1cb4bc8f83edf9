package story

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"heek.kr/heektime/internal/gcp"
	"heek.kr/heektime/internal/migration/comparison"
	"heek.kr/heektime/internal/migration/cutover"
	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/migration/migrator"
	"heek.kr/heektime/internal/migration/passwords"
	"heek.kr/heektime/internal/migration/snapshotcopy"
	"heek.kr/heektime/internal/migration/state"
	"heek.kr/heektime/internal/schema"
)

// tool is heektime migrate, without its flags and its printing.
func tool() {
	if err := runTool(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func runTool(ctx context.Context, args []string) error {
	m, err := newMigrator(ctx)
	if err != nil {
		return err
	}
	defer m.Firestore.Close()
	switch args[0] {
	case "plan":
		return planMove(ctx, m)
	case "copy":
		accounts, err := passwords.OpenFirebase(ctx, m.Project)
		if err != nil {
			return err
		}
		return snapshotcopy.Run(ctx, snapshotcopy.Config{
			URL: m.URL, Mapping: m.Mapping, Firestore: m.Firestore, Accounts: accounts, Prepare: true, Log: m.Log,
		})
	case "follow":
		return m.Follow(ctx)
	}
	db, err := m.Open(ctx, false)
	if err != nil {
		return err
	}
	defer db.Close()
	cfg := m.Cutover(db)
	cfg.Limit = limit
	var held time.Duration
	cfg.Progress = func(s cutover.Step) {
		held = s.Held
		fmt.Printf("%d of %d: %s (%v, held for %v)\n", s.Number, s.Of, s.Text, s.Took.Round(time.Millisecond), s.Held.Round(time.Millisecond))
	}
	switch args[0] {
	case "verify":
		return verify(ctx, m.Comparison(db))
	case "shadow-reads":
		return shadowReads(ctx, m, db)
	case "switch":
		err = cutover.Switch(ctx, cfg, state.Kind(args[1]))
		printHeld(held)
		return err
	case "back":
		err = cutover.Back(ctx, cfg, state.Kind(args[1]))
		printHeld(held)
		return err
	case "finish":
		return m.Finish(ctx, cfg)
	}
	return fmt.Errorf("unknown command %s", args[0])
}

// limit is how long a switch may hold writes here. It is longer than in production, so that a busy machine
// does not take every switch back, and shorter than compat-server's patience.
const limit = 12 * time.Second

// newMigrator returns the move that the environment describes.
func newMigrator(ctx context.Context) (*migrator.Migrator, error) {
	project := os.Getenv("GOOGLE_CLOUD_PROJECT")
	client, err := gcp.Firestore(ctx, project, "")
	if err != nil {
		return nil, err
	}
	accounts, err := gcp.Authentication(ctx, project, "")
	if err != nil {
		return nil, err
	}
	return &migrator.Migrator{
		URL: os.Getenv("OLD_DATABASE_URL"), Mapping: legacydb.Default(), Firestore: client, Project: project, FirestoreID: gcp.DefaultDatabase,
		Accounts: accounts, HasAccount: everybody, Log: slog.New(slog.NewTextHandler(os.Stderr, nil)),
	}, nil
}

// everybody says that all have an account in Authentication.
func everybody(_ context.Context, uids []string) (map[string]bool, error) {
	has := map[string]bool{}
	for _, uid := range uids {
		has[uid] = true
	}
	return has, nil
}

// verify compares all users.
func verify(ctx context.Context, cfg comparison.Config) error {
	cfg.Kinds = []schema.MigrationKind{state.Accounts, state.Timetables}
	report, err := comparison.Run(ctx, cfg)
	if err != nil {
		return err
	}
	if !report.OK() {
		printReport(report)
		return errors.New("the two sides differ")
	}
	return nil
}

func printReport(r *comparison.Report) {
	for _, g := range r.Groups {
		if g.Expected {
			continue
		}
		fmt.Printf("%d × %s\n", g.Count, g.Text)
		for _, d := range g.Examples {
			fmt.Printf("    %s: %s: %q, %q: %s\n", d.Path, d.Field, d.Row, d.Document, d.Reason)
		}
	}
}
