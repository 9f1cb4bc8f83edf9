package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"heek.kr/heektime/cmd/heektime/internal/operator"
	"heek.kr/heektime/cmd/heektime/internal/table"
	"heek.kr/heektime/internal/refresh"
)

// statusTimeout bounds how long short commands wait for the cloud.
const statusTimeout = 20 * time.Second

// row is a semester and its last refresh.
type row = operator.Refresh

// status shows the last refresh of each semester, and whether writes are stopped.
func status(ctx context.Context, args []string) error {
	var t target
	flags := flag.NewFlagSet("status", flag.ContinueOnError)
	t.register(flags)
	t.registerDatabase(flags)
	asJSON := flags.Bool("json", false, "print JSON lines instead of a table")
	diff := flags.Bool("diff", false, "show what the last two lists of SCHOOL SEMESTER, or of every semester, differ in, and what accepting a suspicious list would publish")
	names, err := parseFlags(flags, args, "usage: heektime status [flags] [--diff [SCHOOL SEMESTER]]")
	if err == nil && len(names) != 0 && (len(names) != 2 || !*diff) {
		err = errors.New("status takes no arguments; status --diff takes SCHOOL SEMESTER or none")
	}
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, statusTimeout)
	defer cancel()
	client, err := t.firestore(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	t.showStop(ctx, client)
	rows, err := operator.Refreshes(ctx, client)
	if err != nil {
		return err
	}
	if *diff {
		return printDifferences(ctx, client, rows, names, *asJSON)
	}
	if *asJSON {
		return printJSON(rows)
	}
	if len(rows) == 0 {
		fmt.Println("no semester has been refreshed yet")
		return nil
	}
	now, err := operator.Now(ctx, client)
	if err != nil {
		return err
	}
	printStatus(os.Stdout, rows, now)
	return nil
}

func printStatus(w io.Writer, rows []row, now time.Time) {
	columns := []table.Column{
		{Title: "school"}, {Title: "semester"}, {Title: "last run"}, {Title: "outcome"}, {Title: "lectures", Right: true},
		{Title: "skipped", Right: true}, {Title: "took", Right: true}, {Title: "failing"},
	}
	cells := make([][]string, len(rows))
	for i, r := range rows {
		cells[i] = []string{
			r.School, r.Semester, ago(now.Sub(r.Ended)), string(r.Outcome), table.Count(r.Lectures),
			table.Count(r.Report.Skipped), took(r.Run), failing(r.Failing, now),
		}
	}
	table.Write(w, columns, cells)
	printReasons(w, rows)
	for _, r := range rows {
		printSkippedRows(w, r)
	}
}

// failing describes the runs since the last good list, "" if that was the last run.
func failing(f *operator.Failing, now time.Time) string {
	if f == nil {
		return ""
	}
	text := fmt.Sprintf("%s, since %s", table.Counted(f.Runs, "run"), ago(now.Sub(f.Since)))
	if f.Reported != nil {
		text += ", reported"
	}
	return text
}

// printSkippedRows prints the first rows that could not be imported.
func printSkippedRows(w io.Writer, r row) {
	const limit = 5
	for i, example := range r.Report.Examples {
		if i == 0 {
			fmt.Fprintf(w, "\n%s %s: skipped rows\n", r.School, r.Semester)
		}
		if i == limit {
			fmt.Fprintf(w, "  … and %d more\n", r.Report.Skipped-limit)
			break
		}
		fmt.Fprintf(w, "  row %s: %s: %s\n", example.Row, example.Reason, example.Text)
	}
}

func printJSON[T any](rows []T) error {
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	for _, r := range rows {
		if err := out.Encode(r); err != nil {
			return fmt.Errorf("print JSON: %w", err)
		}
	}
	return nil
}

// took is the duration of a refresh.
func took(r refresh.Run) string {
	return fmt.Sprintf("%.2f s", r.Ended.Sub(r.Started).Seconds())
}

func ago(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%.0f s ago", max(d, 0).Seconds())
	case d < time.Hour:
		return fmt.Sprintf("%.0f min ago", d.Minutes())
	case d < 48*time.Hour:
		return fmt.Sprintf("%.0f h ago", d.Hours())
	}
	return fmt.Sprintf("%.0f days ago", d.Hours()/24)
}

// shorten truncates a reason to about a line of a terminal; --json prints all of it.
func shorten(s string) string {
	const limit = 120
	if runes := []rune(s); len(runes) > limit {
		return string(runes[:limit]) + "…"
	}
	return s
}
