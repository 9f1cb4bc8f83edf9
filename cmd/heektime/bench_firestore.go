package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"

	"heek.kr/heektime/cmd/heektime/internal/firestorebench"
)

// benchFirestore compares the local cloud's Firestore with @firestore-emulator/server from npm.
func benchFirestore(ctx context.Context, args []string) error {
	var o firestorebench.Options
	flags := flag.NewFlagSet("bench-firestore", flag.ContinueOnError)
	flags.IntVar(&o.Rounds, "rounds", 0, "measure all operations `N` times and report the median (default: 9)")
	flags.DurationVar(&o.Window, "window", 0, "repeat each operation for this `duration` in each round (default: 250ms)")
	flags.BoolVar(&o.WithoutNPM, "without-npm", false, "measure only our server")
	flags.Func("against", "also measure another build of our server, a `FILE`; may be repeated", func(file string) error {
		o.Against = append(o.Against, file)
		return nil
	})
	flags.StringVar(&o.ProfileDir, "profile", "", "write CPU profiles of our server to `DIR` instead of measuring")
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

// benchAlone measures Firestore's own command.
func benchAlone(ctx context.Context, args []string) error {
	var o firestorebench.AloneOptions
	flags := flag.NewFlagSet("bench-alone", flag.ContinueOnError)
	flags.IntVar(&o.Documents, "documents", 0, "write `N` documents (default: 100,000)")
	flags.IntVar(&o.Starts, "starts", 0, "start the server `N` times (default: 21)")
	if _, err := parse(flags, args); err != nil {
		return err
	}
	var done func()
	o.Progress, done = progress()
	results, err := firestorebench.RunAlone(ctx, o)
	done()
	if err != nil {
		return err
	}
	results.Print(os.Stdout)
	return nil
}

// progress returns a function that shows what a benchmark is doing, in one line of the terminal,
// and another that clears the line.
func progress() (show func(stage string), done func()) {
	start := time.Now()
	show = func(stage string) {
		fmt.Fprintf(os.Stderr, "\r\033[K%3.0f s: %s ", time.Since(start).Seconds(), stage)
	}
	return show, func() { fmt.Fprint(os.Stderr, "\r\033[K") }
}
