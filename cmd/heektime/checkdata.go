package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/cmd/heektime/internal/datacheck"
	"heek.kr/heektime/cmd/heektime/internal/price"
	"heek.kr/heektime/cmd/heektime/internal/table"
	"heek.kr/heektime/internal/deployment"
	"heek.kr/heektime/internal/deployment/spec"
	"heek.kr/heektime/internal/gcp"
)

// checkData reports whatever is inconsistent in a database. It exits with code 1 if anything is.
func checkData(ctx context.Context, args []string) (err error) {
	var t target
	var cfg datacheck.Config
	flags := flag.NewFlagSet("check-data", flag.ContinueOnError)
	t.register(flags)
	t.registerDatabase(flags)
	flags.IntVar(&cfg.Sample, "sample", 0, "check only `N` users, usernames, credentials and deletions each, at random (default: all)")
	flags.IntVar(&cfg.Examples, "examples", 5, "show up to `N` examples of each kind")
	bucket := flags.String("bucket", "", "`NAME` of the bucket of the course lists (default: that of docs/deployment.md; locally the project ID)")
	at := flags.String("at", "", "check the data of this `TIME`, like 2026-11-28T12:00:00Z: within the last hour,\nor a whole minute of the last seven days if point-in-time recovery is on")
	if _, err := parse(flags, args); err != nil {
		return err
	}
	client, err := t.firestoreAt(ctx, t.database, *at)
	if err != nil {
		return err
	}
	defer client.Close()
	storage, err := gcp.Storage(ctx)
	if err != nil {
		return err
	}
	defer storage.Close()
	cfg.Firestore, cfg.Bucket = client, storage.Bucket(t.bucket(*bucket))
	cfg.Progress = checkProgress(time.Now())
	report, err := datacheck.Run(ctx, cfg)
	fmt.Fprintln(os.Stderr)
	if report == nil {
		return err
	}
	printFindings(report)
	switch {
	case err == nil && report.Documents == 0:
		return fmt.Errorf("the database %s has no documents: is that its ID?", t.database)
	case err == nil && len(report.Findings) > 0:
		return errReported
	}
	return err
}

// firestoreAt opens a database, as it was at a time unless that is empty.
func (t *target) firestoreAt(ctx context.Context, database, at string) (*firestore.Client, error) {
	when, err := parseTime("at", at)
	if err != nil {
		return nil, err
	}
	if err := gcp.CheckDatabase(database); err != nil {
		return nil, err
	}
	if err := t.connect(ctx); err != nil {
		return nil, err
	}
	client, err := gcp.Firestore(ctx, t.project, database)
	if err == nil && !when.IsZero() {
		client.WithReadOptions(firestore.ReadTime(when))
	}
	return client, err
}

// parseTime parses the value of a flag, zero if it is empty.
func parseTime(name, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return at, fmt.Errorf("--%s is %q, want a time like 2026-11-28T12:00:00Z or 2026-11-28T21:00:00+09:00", name, text)
	}
	if at.After(time.Now()) {
		return at, errors.New("--" + name + " is in the future")
	}
	return at, nil
}

// bucket returns the name of the bucket of the course lists.
func (t *target) bucket(name string) string {
	switch {
	case name != "":
		return name
	case t.google:
		return deployment.Table().BucketName(deployment.ListsBucket, spec.Place{Project: t.project})
	}
	return t.project // as heektime dev names it
}

// checkProgress returns a function that shows how far a check is, and how long the rest will take.
func checkProgress(began time.Time) func(datacheck.Progress) {
	return func(p datacheck.Progress) {
		line := table.Counted(p.Done, "document")
		if p.Total > 0 && p.Done > 0 {
			left := time.Since(began) * time.Duration(max(0, p.Total-p.Done)) / time.Duration(p.Done)
			line = fmt.Sprintf("%d of %d documents, %v left", p.Done, max(p.Done, p.Total), left.Round(time.Second))
		}
		fmt.Fprintf(os.Stderr, "\r%-60s", line)
	}
}

func printFindings(r *datacheck.Report) {
	for _, f := range r.Findings {
		fmt.Printf("%d × %s\n", f.Count, f.Kind.Name)
		for _, example := range f.Examples {
			fmt.Printf("    %s\n", example)
		}
		if more := f.Count - len(f.Examples); more > 0 {
			fmt.Printf("    and %d more\n", more)
		}
		fmt.Printf("  → %s\n", f.Kind.Remedy)
	}
	switch {
	case r.Documents == 0:
	case len(r.Findings) == 0:
		fmt.Println("everything is consistent")
	default:
		fmt.Println("Data that users change during a check may be reported wrongly: run it again, or with --at.")
	}
	fmt.Printf("checked %d documents and %d course lists; billed %s\n", r.Documents, r.Lists, price.Firestore(r.Reads, 0))
}
