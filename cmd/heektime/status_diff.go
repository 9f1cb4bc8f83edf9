package main

import (
	"context"
	"errors"
	"fmt"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/cmd/heektime/internal/operator"
	"heek.kr/heektime/cmd/heektime/internal/table"
	"heek.kr/heektime/internal/gcp"
)

// semesterDifferences is a semester with what its lists differ in.
type semesterDifferences struct {
	School   string `json:"school"`
	Semester string `json:"semester"`
	*operator.Differences
}

// printDifferences prints what the last two lists of a semester differ in, or of all semesters if names is
// empty, and what accepting a list that was held back would publish.
func printDifferences(ctx context.Context, client *firestore.Client, rows []row, names []string, asJSON bool) error {
	objects, err := gcp.Storage(ctx)
	if err != nil {
		return err
	}
	defer objects.Close()
	var all []semesterDifferences
	for _, r := range rows {
		if len(names) > 0 && (r.School != names[0] || r.Semester != names[1]) {
			continue
		}
		d, err := operator.Compare(ctx, client, objects, r.School, r.Semester)
		if errors.Is(err, operator.ErrNoOlderList) {
			d, err = &operator.Differences{}, nil
		}
		if err != nil {
			return err
		}
		all = append(all, semesterDifferences{r.School, r.Semester, d})
	}
	if len(all) == 0 && len(names) > 0 {
		return fmt.Errorf("semester %s of %s was never refreshed", names[1], names[0])
	}
	if asJSON {
		return printJSON(all)
	}
	now, err := operator.Now(ctx, client)
	if err != nil {
		return err
	}
	for i, d := range all {
		if i > 0 {
			fmt.Println()
		}
		if d.Published == nil && d.HeldBack == nil {
			fmt.Printf("%s %s: no older list to compare with\n", d.School, d.Semester)
		}
		if d.Published != nil {
			fmt.Printf("%s %s: published %s\n", d.School, d.Semester, ago(now.Sub(d.Published.Newer.At)))
			printDifference(d.Published)
		}
		if d.HeldBack != nil {
			fmt.Printf("%s %s: held back %s; heektime refresh --accept '%s' %s would publish\n", d.School, d.Semester,
				ago(now.Sub(d.HeldBack.Newer.At)), d.School, d.Semester)
			printDifference(d.HeldBack)
		}
	}
	return nil
}

func printDifference(d *operator.Difference) {
	fmt.Printf("  %s → %s lectures\n", table.Count(d.Older.Lectures), table.Count(d.Newer.Lectures))
	for _, part := range []struct {
		name     string
		lectures operator.Lectures
	}{{"added", d.Added}, {"removed", d.Removed}, {"moved", d.Moved}, {"changed", d.Changed}} {
		if part.lectures.Count == 0 {
			continue
		}
		fmt.Printf("  %s: %s\n", part.name, table.Count(part.lectures.Count))
		for _, l := range part.lectures.List {
			fmt.Printf("    %s %s\n", l.Identifier, l.Title)
			for _, change := range l.Changes {
				fmt.Printf("      %s\n", change)
			}
		}
		if more := part.lectures.Count - len(part.lectures.List); more > 0 {
			fmt.Printf("    … and %s more\n", table.Count(more))
		}
	}
	if d.Newer.Lectures > 0 && d.Added.Count+d.Removed.Count+d.Changed.Count+d.Moved.Count == 0 {
		fmt.Println("  only the wording or the order changed")
	}
}
