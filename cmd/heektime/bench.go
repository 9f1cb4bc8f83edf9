package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"

	"heek.kr/heektime/cmd/heektime/internal/measure"
	"heek.kr/heektime/cmd/heektime/internal/table"
)

// bench measures the services; docs/performance.md explains the results.
func bench(ctx context.Context, args []string) error {
	if len(args) > 0 && args[0] == "registration" {
		return benchRegistration(ctx, args[1:])
	}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	tries := flags.Int("tries", 15, "repeat each measurement `N` times and report the median (default: 15)")
	shared := flags.String("shared", "../shared", "`DIR` with real course lists; without it, a generated list is used\n(default: ../shared)")
	if _, err := parse(flags, args); err != nil {
		return err
	}
	if *tries < 1 {
		return fmt.Errorf("--tries %d: must be at least 1", *tries)
	}
	step := 0
	results, err := measure.Run(ctx, *shared, *tries, func(stage string) {
		step++
		fmt.Fprintf(os.Stderr, "\r%-12s %d/%d ", stage, step, 1+2**tries)
	})
	fmt.Fprint(os.Stderr, "\r                        \r")
	if err != nil {
		return err
	}
	printBench(results)
	return nil
}

func printBench(results measure.Results) {
	columns := []table.Column{
		{Title: "what"}, {Title: "measured", Right: true}, {Title: "alternative", Right: true}, {Title: "ratio", Right: true}, {Title: "goal"},
	}
	var rows [][]string
	for _, s := range results.Starts[1:] {
		rows = append(rows, []string{
			"start of " + s.Service + " to its first 200", milliseconds(s.Median), milliseconds(results.Starts[0].Median),
			ratio(s.Median, results.Starts[0].Median), "60 ms",
		})
	}
	r := results.Refresh
	rows = append(rows,
		[]string{"refresh of a changed list", milliseconds(r.Took), milliseconds(r.Parse), ratio(r.Took, r.Parse), "within 2×"},
		[]string{"… compared with only scanning the rows", milliseconds(r.Took), milliseconds(r.Scan), ratio(r.Took, r.Scan), ""},
		[]string{"peak memory of refresh", table.Bytes(r.RefreshPeak), "", "", ""},
		[]string{"peak memory of courses", table.Bytes(r.CoursesPeak), "", "", "100 MB / 10,000 rows"},
	)
	table.Write(os.Stdout, columns, rows)
	fmt.Printf("\nalternatives: a Go server that does nothing; only parsing the file and compressing the list\nlist: %s\n", r.List)
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000)
}

func ratio(a, b time.Duration) string { return fmt.Sprintf("%.2f×", float64(a)/float64(b)) }
