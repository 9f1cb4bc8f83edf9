package main

import (
	"context"
	"flag"
	"os"

	"heek.kr/heektime/cmd/heektime/internal/firestorebench"
)

// benchListen measures listeners of the embedded Firestore, and of the one from npm.
func benchListen(ctx context.Context, args []string) error {
	var o firestorebench.ListenOptions
	flags := flag.NewFlagSet("bench-listen", flag.ContinueOnError)
	flags.IntVar(&o.Writes, "writes", 0, "`N` writes from one client to another; 500 when 0")
	flags.IntVar(&o.Listeners, "listeners", 0, "`N` listeners to one document; 1,000 when 0")
	flags.DurationVar(&o.Window, "window", 0, "how long commits to all of them are repeated; 5 s when 0")
	flags.BoolVar(&o.WithoutNPM, "without-npm", false, "measure the embedded server alone")
	flags.BoolVar(&o.WithoutSDK, "without-sdk", false, "measure without Firebase's JavaScript SDK, Node and Chromium")
	if _, err := parse(flags, args); err != nil {
		return err
	}
	var done func()
	o.Progress, done = progress()
	results, err := firestorebench.RunListen(ctx, o)
	done()
	if err != nil {
		return err
	}
	results.Print(os.Stdout)
	return nil
}
