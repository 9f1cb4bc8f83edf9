package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"

	"heek.kr/heektime/cmd/heektime/internal/firestorebench"
)

// benchFirestore measures the embedded Firestore against the one from npm.
func benchFirestore(ctx context.Context, args []string) error {
	var o firestorebench.Options
	flags := flag.NewFlagSet("bench-firestore", flag.ContinueOnError)
	flags.IntVar(&o.Rounds, "rounds", 0, "`N` rounds of all operations, of which the median counts; 9 when 0")
	flags.DurationVar(&o.Window, "window", 0, "how long each operation is repeated in a round; 250 ms when 0")
	flags.BoolVar(&o.WithoutNPM, "without-npm", false, "measure the embedded server alone")
	flags.StringVar(&o.ProfileDir, "profile", "", "write CPU profiles of the embedded server into `DIR` instead")
	if _, err := parse(flags, args); err != nil {
		return err
	}
	var done func()
	o.Progress, done = progress()
	results, err := firestorebench.Run(ctx, o)
	done()
	if err != nil {
		return err
	}
	if o.ProfileDir == "" {
		results.Print(os.Stdout)
	}
	return nil
}

// progress tells what a benchmark does, in one line of the screen that done takes away.
func progress() (tell func(what string), done func()) {
	began := time.Now()
	return func(what string) { fmt.Fprintf(os.Stderr, "\r\033[K%3.0f s: %s ", time.Since(began).Seconds(), what) },
		func() { fmt.Fprint(os.Stderr, "\r\033[K") }
}
