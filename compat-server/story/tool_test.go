package story

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/internal/gcp"
	"heek.kr/heektime/internal/migration/comparison"
	"heek.kr/heektime/internal/migration/cutover"
	"heek.kr/heektime/internal/migration/documentwriter"
	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/migration/passwords"
	"heek.kr/heektime/internal/migration/replication"
	"heek.kr/heektime/internal/migration/reverse"
	"heek.kr/heektime/internal/migration/snapshotcopy"
	"heek.kr/heektime/internal/migration/state"
	"heek.kr/heektime/internal/migration/walstream"
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
	project, url := os.Getenv("GOOGLE_CLOUD_PROJECT"), os.Getenv("OLD_DATABASE_URL")
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	client, err := gcp.Firestore(ctx, project, "")
	if err != nil {
		return err
	}
	defer client.Close()
	mapping := legacydb.Default()
	switch args[0] {
	case "copy":
		return snapshotcopy.Run(ctx, snapshotcopy.Config{URL: url, Mapping: mapping, Firestore: client, Prepare: true, Log: log})
	}
	db, err := legacydb.Open(ctx, legacydb.Config{URL: url, Mapping: mapping})
	if err != nil {
		return err
	}
	defer db.Close()
	switch args[0] {
	case "follow":
		accounts, err := passwords.OpenFirebase(ctx, project)
		if err != nil {
			return err
		}
		return replication.Run(ctx, replication.Config{
			Accounts: accounts, URL: url, Mapping: mapping, Firestore: client, Log: log, Reverse: reverseRun(url, mapping, client, log),
			Adjust: func(ctx context.Context, writes []documentwriter.Write) ([]documentwriter.Write, error) {
				return reverse.Adjust(ctx, db.Pool, client, writes)
			},
		})
	case "verify":
		return verify(ctx, db, client)
	case "switch":
		return cutover.Switch(ctx, cutoverConfig(db, client, log), state.Kind(args[1]))
	case "finish":
		if err := cutover.CheckFinish(ctx, client); err != nil {
			return err
		}
		return cutover.Finish(ctx, cutoverConfig(db, client, log), replication.DefaultSlot, replication.DefaultPublication)
	case "back":
		return cutover.Back(ctx, cutoverConfig(db, client, log), state.Kind(args[1]))
	}
	return fmt.Errorf("unknown command %s", args[0])
}

// limit is how long a switch may hold writes here. It is longer than in production, so that a busy machine
// does not take every switch back, and shorter than compat-server's patience.
const limit = 12 * time.Second

func cutoverConfig(db *legacydb.DB, client *firestore.Client, log *slog.Logger) cutover.Config {
	return cutover.Config{
		DB: db, Firestore: client, Log: log, Limit: limit,
		Drain: func(ctx context.Context, lsn walstream.LSN) error { return replication.Drain(ctx, client, lsn) },
		Verify: func(ctx context.Context, kind state.Kind, since time.Time) error {
			report, err := comparison.Run(ctx, comparison.Config{
				Old: db, Firestore: client, Kinds: []state.Kind{kind}, Since: since, Sample: 20, Accounts: everybody,
				Arrive: (&comparison.Stream{Old: db, Firestore: client}).Arrive,
			})
			if err == nil && report.Differences > 0 {
				printReport(report)
				err = comparison.ErrDifferent
			}
			return err
		},
		Progress: func(s cutover.Step) {
			fmt.Printf("%d of %d: %s (%v, held for %v)\n", s.Number, s.Of, s.Text, s.Took.Round(time.Millisecond), s.Held.Round(time.Millisecond))
		},
	}
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
func verify(ctx context.Context, db *legacydb.DB, client *firestore.Client) error {
	stream := &comparison.Stream{Old: db, Firestore: client}
	report, err := comparison.Run(ctx, comparison.Config{
		Old: db, Firestore: client, Arrive: stream.Arrive, Accounts: everybody,
		Kinds: []schema.MigrationKind{state.Accounts, state.Timetables},
	})
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
