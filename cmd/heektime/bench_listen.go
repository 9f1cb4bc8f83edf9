package main

import (
	"context"
	"flag"
	"os"

	"heek.kr/heektime/cmd/heektime/internal/firestorebench"
)

// benchListen measures listeners of the local cloud's Firestore and of the npm emulator.
func benchListen(ctx context.Context, args []string) error {
	var o firestorebench.ListenOptions
	flags := flag.NewFlagSet("bench-listen", flag.ContinueOnError)
	flags.IntVar(&o.Writes, "writes", 0, "measure `N` writes from one client to another (default: 500)")
	flags.IntVar(&o.Listeners, "listeners", 0, "open `N` listeners to one document (default: 1000)")
	flags.DurationVar(&o.Window, "window", 0, "commit to that document for this `duration` (default: 5s)")
	flags.BoolVar(&o.WithoutNPM, "without-npm", false, "measure only our server")
	flags.BoolVar(&o.WithoutSDK, "without-sdk", false, "skip the clients that need Node or Chromium")
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
