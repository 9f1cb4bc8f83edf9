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

func bench(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	tries := flags.Int("tries", 15, "`N` times each, of which the median counts")
	shared := flags.String("shared", "../shared", "`DIR` of the real course lists; a made-up list is used when it is not there")
	if _, err := parse(flags, args); err != nil {
		return err
	}
	if *tries < 1 {
		return fmt.Errorf("--tries %d: once at least", *tries)
	}
	step := 0
	results, err := measure.Run(ctx, *shared, *tries, func(what string) {
		step++
		fmt.Fprintf(os.Stderr, "\r%-12s %d/%d ", what, step, 1+2**tries)
	})
	fmt.Fprint(os.Stderr, "\r                        \r")
	if err != nil {
		return err
	}
	printBench(results)
	return nil
}

func printBench(results measure.Results) {
	columns := []table.Column{{Title: "what"}, {Title: "measured", Right: true}, {Title: "instead", Right: true}, {Title: "ratio", Right: true}, {Title: "goal"}}
	var rows [][]string
	for _, s := range results.Starts[1:] {
		rows = append(rows, []string{
			"start of " + s.Service + " to its first 200", milliseconds(s.Median), milliseconds(results.Starts[0].Median), times(s.Median, results.Starts[0].Median), "60 ms",
		})
	}
	r := results.Refresh
	rows = append(rows,
		[]string{"refresh of a changed list", milliseconds(r.Took), milliseconds(r.Parse), times(r.Took, r.Parse), "within 2×"},
		[]string{"  against no more than scanning the rows", milliseconds(r.Took), milliseconds(r.Scan), times(r.Took, r.Scan), ""},
		[]string{"peak memory of refresh", table.Bytes(r.RefreshPeak), "", "", ""},
		[]string{"peak memory of courses", table.Bytes(r.CoursesPeak), "", "", "100 MB for 10,000 rows"},
	)
	table.Write(os.Stdout, columns, rows)
	fmt.Printf("\ninstead: a Go server that does nothing; reading the file into lectures and compressing the finished list, and no more\nlist: %s\n", r.List)
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000)
}

func times(a, b time.Duration) string { return fmt.Sprintf("%.2f×", float64(a)/float64(b)) }
