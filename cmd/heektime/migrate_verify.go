package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/cmd/heektime/internal/price"
	"heek.kr/heektime/cmd/heektime/internal/table"
	"heek.kr/heektime/internal/gcp"
	"heek.kr/heektime/internal/migration/comparison"
	"heek.kr/heektime/internal/migration/cutover"
	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/migration/state"
	"heek.kr/heektime/internal/schema"
)

// verifyOptions are the flags of heektime migrate verify.
type verifyOptions struct {
	migration
	kinds    string
	sample   int
	since    string
	examples int
	output   string
	json     bool
	patience time.Duration
	oldAPI   string
	newAPI   string
	// variables are those of a compat-server in this process, nil if there is none.
	variables map[string]string
}

// migrateVerify compares the old database with Firestore, or the APIs of both sides. It exits with code 1 if
// they differ.
func migrateVerify(ctx context.Context, args []string) error {
	var o verifyOptions
	flags := flag.NewFlagSet("migrate verify", flag.ContinueOnError)
	o.register(flags)
	flags.StringVar(&o.kinds, "kind", "", "compare only these `KINDS`: schools, accounts, timetables, separated by commas")
	flags.IntVar(&o.sample, "sample", 0, "compare only `N` users, at random (default: all; with --api: 100)")
	flags.StringVar(&o.since, "since", "", "compare users whose rows were updated since this `TIME`, like 2026-11-28T12:00:00Z")
	flags.IntVar(&o.examples, "examples", 5, "show up to `N` examples of each kind of difference")
	flags.StringVar(&o.output, "output", "", "also write all differences to this `FILE`, as JSON lines")
	flags.BoolVar(&o.json, "json", false, "print the report as JSON")
	flags.DurationVar(&o.patience, "patience", 30*time.Second, "how long to wait for follow if it makes no progress")
	flags.StringVar(&o.oldAPI, "api", "", "compare what old apps see instead: the old server's `URL`")
	flags.StringVar(&o.newAPI, "compat", "", "with --api: the `URL` of a compat-server without OLD_SERVER_URL (default: one in this process)")
	if _, err := parse(flags, args); err != nil {
		return err
	}
	if o.oldAPI == "" && o.newAPI != "" {
		return errors.New("--compat needs --api, the URL of the old server")
	}
	client, err := o.firestore(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	db, err := o.open(ctx, true)
	if err != nil {
		return err
	}
	defer db.Close()
	if err := requireCopy(ctx, client); err != nil {
		return err
	}
	if o.oldAPI != "" {
		return o.compareAPIs(ctx, client, db)
	}
	return o.compare(ctx, client, db)
}

// requireCopy returns an error if there is nothing to compare.
func requireCopy(ctx context.Context, client *firestore.Client) error {
	finished, err := cutover.IsFinished(ctx, client)
	if err != nil {
		return err
	}
	if finished {
		return errors.New("the move is finished: nothing keeps both sides equal any more")
	}
	var progress schema.MigrationCopy
	if _, err := schema.Read(ctx, schema.MigrationCopyRef(client), &progress); err != nil {
		return err
	}
	if progress.FinishedAt.IsZero() {
		return errors.New("there is no complete copy to compare yet: heektime migrate copy")
	}
	return nil
}

// compare compares the old database with Firestore and stores the result.
func (o *verifyOptions) compare(ctx context.Context, client *firestore.Client, db *legacydb.DB) error {
	cfg, err := o.config(ctx, client, db)
	if err != nil {
		return err
	}
	reads, err := comparison.Estimate(ctx, cfg)
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "this bills about %s, and more for users who differ\n", price.Firestore(reads, 1))
	if o.dryRun {
		return nil
	}
	if o.output != "" {
		file, err := os.OpenFile(o.output, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600) // it has what users wrote
		if err != nil {
			return fmt.Errorf("write the differences: %w", err)
		}
		defer file.Close()
		cfg.Found = writeDifferences(file)
	}
	cfg.Progress = verifyProgress(time.Now())
	report, err := comparison.Run(ctx, cfg)
	fmt.Fprintln(os.Stderr)
	if report == nil {
		return err
	}
	if stored := o.store(client, report); err == nil {
		err = stored
	}
	if o.json {
		err = errors.Join(err, printIndented(os.Stdout, report))
	} else {
		printComparison(os.Stdout, report)
	}
	if err == nil && !report.OK() {
		return errReported
	}
	return err
}

// config returns what to compare.
func (o *verifyOptions) config(ctx context.Context, client *firestore.Client, db *legacydb.DB) (cfg comparison.Config, err error) {
	cfg = comparison.Config{Old: db, Firestore: client, Sample: o.sample, Examples: o.examples}
	if cfg.Since, err = parseTime("since", o.since); err != nil {
		return cfg, err
	}
	for kind := range strings.SplitSeq(o.kinds, ",") {
		switch k := schema.MigrationKind(strings.TrimSpace(kind)); {
		case k == "":
		case !slices.Contains(state.Kinds(), k):
			return cfg, fmt.Errorf("--kind %q: want schools, accounts or timetables", k)
		default:
			cfg.Kinds = append(cfg.Kinds, k)
		}
	}
	accounts, err := gcp.Authentication(ctx, o.project, "")
	if err != nil {
		return cfg, err
	}
	cfg.Accounts = hasAccount(accounts)
	cfg.Arrive = (&comparison.Stream{Old: db, Firestore: client, Patience: o.patience}).Arrive
	return cfg, nil
}

// storeTimeout bounds storing the result, also after an interruption.
const storeTimeout = 10 * time.Second

// store stores the result for heektime migrate status. It bills one write.
func (o *verifyOptions) store(client *firestore.Client, report *comparison.Report) error {
	ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
	defer cancel()
	if _, err := schema.MigrationVerificationRef(client).Set(ctx, report.Verification()); err != nil {
		return fmt.Errorf("store the result: %w", err)
	}
	return nil
}

// writeDifferences returns a function that writes each difference as a line of JSON. A failed write shows in
// the file.
func writeDifferences(w io.Writer) func(comparison.Difference) {
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	return func(d comparison.Difference) { out.Encode(d) }
}

// verifyProgress returns a function that shows how far a comparison is, and how long the rest will take.
func verifyProgress(began time.Time) func(comparison.Progress) {
	return func(p comparison.Progress) {
		line := fmt.Sprintf("%s of %s users", table.Count(p.Users), table.Count(max(p.Users, p.Total)))
		if p.Users > 0 && p.Users < p.Total {
			left := time.Since(began) * time.Duration(p.Total-p.Users) / time.Duration(p.Users)
			line += fmt.Sprintf(", %v left", left.Round(time.Second))
		}
		if p.Waiting > 0 {
			line += fmt.Sprintf(", %s to look at again", table.Count(p.Waiting))
		}
		if p.Differences > 0 {
			line += ", " + table.Counted(p.Differences, "difference")
		}
		fmt.Fprintf(os.Stderr, "\r%-78s", line)
	}
}

// printComparison prints a report.
func printComparison(w io.Writer, r *comparison.Report) {
	for _, g := range r.Groups {
		mark := ""
		switch {
		case g.Expected:
			mark = " (expected)"
		case g.Unconfirmed:
			mark = " (may only be late)"
		}
		fmt.Fprintf(w, "%d × %s%s\n", g.Count, g.Text, mark)
		if g.Expected {
			continue
		}
		for _, d := range g.Examples {
			fmt.Fprintf(w, "    %s\n", describeDifference(d))
		}
		if more := g.Count - len(g.Examples); more > 0 {
			fmt.Fprintf(w, "    and %d more\n", more)
		}
	}
	what := "a sample of "
	if r.Whole {
		what = "all "
	}
	fmt.Fprintf(w, "compared %s%s with %s; billed %s\n", what, table.Counted(r.Users, "user"), table.Counted(r.Documents, "document"), price.Firestore(r.Reads, 1))
	if r.Settled > 0 {
		fmt.Fprintf(w, "%s differed at first, and no longer after follow had caught up\n", table.Counted(r.Settled, "user"))
	}
	if r.NewUsers > 0 {
		fmt.Fprintf(w, "made on the new side, and without rows: %s\n", table.Counted(r.NewUsers, "user"))
	}
	switch {
	case r.Stuck != "":
		fmt.Fprintf(w, "%s: is heektime migrate follow running?\n", r.Stuck)
	case r.Differences > 0:
		fmt.Fprintln(w, "the two sides differ: heektime migrate copy writes documents that are missing or wrong")
	case r.Unconfirmed > 0:
		fmt.Fprintln(w, "some users changed all the time: compare again")
	case r.Whole:
		fmt.Fprintln(w, "both sides are equal")
	}
}

// describeDifference describes a difference in a line.
func describeDifference(d comparison.Difference) string {
	text := d.Path
	switch {
	case d.Field != "" && d.Row+d.Document != "":
		text += fmt.Sprintf(": %s is %s in the old database, %s in Firestore", d.Field, orNothing(d.Row), orNothing(d.Document))
	case d.Document != "":
		text += ": " + d.Document
	}
	return text + ": " + d.Reason
}

func orNothing(value string) string {
	if value == "" {
		return "nothing"
	}
	return value
}
