package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"time"

	"heek.kr/heektime/cmd/heektime/internal/measure"
	"heek.kr/heektime/emulator/billing"
	"heek.kr/heektime/emulator/firebasejson"
)

// serveCloud is the argument with which benchRegistration starts this program as its local cloud.
const serveCloud = "serve-cloud"

// benchRegistration plays the minute in which registration begins; docs/scale.md explains the results.
func benchRegistration(ctx context.Context, args []string) error {
	if len(args) == 1 && args[0] == serveCloud {
		return measure.ServeCloud(firebasejson.Name, os.Stdin, os.Stdout)
	}
	var o measure.RegistrationOptions
	flags := flag.NewFlagSet("bench registration", flag.ContinueOnError)
	flags.IntVar(&o.Students, "students", 10_000, "`N` students open the app within the minute (default: 10000)")
	flags.IntVar(&o.Writers, "writers", 2_000, "`N` of them add a lecture (default: 2000)")
	flags.Uint64Var(&o.Seed, "seed", 1, "`N` decides who comes when and does what (default: 1)")
	flags.DurationVar(&o.Minute, "minute", time.Minute, "play the minute against the local cloud in this `duration` (default: 1m)")
	flags.DurationVar(&o.PlatformStart, "platform-start", time.Second, "`duration` that Cloud Run is assumed to need before a new instance's process runs (default: 1s)")
	flags.DurationVar(&o.BackendCall, "backend-call", 20*time.Millisecond, "`duration` that a service's call to Firestore or Authentication is assumed to take (default: 20ms)")
	pricesFile := flags.String("prices", "", "`FILE` with other prices")
	model := flags.Bool("model", false, "play nothing: print docs/scale.md's table of 1,000 to 1,000,000 students, from what was measured last")
	chart := flags.String("chart", "", "with --model, draw docs/scale.svg's chart into `FILE`.svg")
	if _, err := parse(flags, args); err != nil {
		return err
	}
	if o.Students < 1 || o.Writers < 0 || o.Writers > o.Students || o.Minute <= 0 {
		return fmt.Errorf("%d students, %d writers, %v: there must be a student, no more writers than students, and some time", o.Students, o.Writers, o.Minute)
	}
	if *model {
		return modelRegistration(o, *chart)
	}
	prices, err := billing.ReadPrices(*pricesFile)
	if err != nil {
		return err
	}
	var done func()
	o.Progress, done = progress()
	result, err := measure.RunRegistration(ctx, o, []string{"bench", "registration", serveCloud})
	done()
	if err != nil {
		return err
	}
	result.Print(os.Stdout, prices)
	return nil
}

// modelRegistration prints the table of docs/scale.md and draws its chart.
func modelRegistration(o measure.RegistrationOptions, chart string) error {
	if err := measure.Scale(os.Stdout, o, measure.ScaleStudents()); err != nil || chart == "" {
		return err
	}
	var svg bytes.Buffer
	if err := measure.ScaleChart(&svg, o); err != nil {
		return err
	}
	if err := os.WriteFile(chart, svg.Bytes(), 0o644); err != nil {
		return fmt.Errorf("--chart: %w", err)
	}
	return nil
}
