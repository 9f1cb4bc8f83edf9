// Command cmd runs the benchmark of the embedded Firestore by itself.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"

	"heek.kr/heektime/cmd/heektime/internal/firestorebench"
)

func main() {
	var o firestorebench.Options
	flag.IntVar(&o.Rounds, "rounds", 0, "`N` rounds of all operations, of which the median counts; 9 when 0")
	flag.DurationVar(&o.Window, "window", 0, "how long each operation is repeated in a round; 250 ms when 0")
	flag.BoolVar(&o.WithoutNPM, "without-npm", false, "measure the embedded server alone")
	flag.StringVar(&o.ProfileDir, "profile", "", "write CPU profiles of the embedded server into `DIR` instead")
	flag.Parse()
	began := time.Now()
	o.Progress = func(what string) {
		fmt.Fprintf(os.Stderr, "\r\033[K%3.0f s: %s ", time.Since(began).Seconds(), what)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	r, err := firestorebench.Run(ctx, o)
	fmt.Fprint(os.Stderr, "\r\033[K")
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	if o.ProfileDir == "" {
		r.Print(os.Stdout)
	}
}
