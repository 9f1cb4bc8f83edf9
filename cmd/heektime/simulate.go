package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"

	"heek.kr/heektime/cmd/heektime/internal/firebase"
	"heek.kr/heektime/cmd/heektime/internal/simulation"
	"heek.kr/heektime/emulator/billing"
)

// simulate plays a month of students against a local cloud of its own, and prints what it costs. It is
// long because of its flags.
func simulate(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("simulate", flag.ContinueOnError)
	students := flags.String("students", "1000,10000,100000", "for how many students the month is counted, `N,N,…`\n(default: 1000,10000,100000)")
	played := flags.Int("played", 1000, "play at most `N` students one by one; the usage of more is multiplied (default: 1000)")
	monthFlag := flags.String("month", "2026-08", "`MONTH` such as 2026-08 (default: 2026-08)")
	days := flags.Int("days", 0, "only the first `N` days of the month (default: all)")
	behaviourFlag := flags.String("behaviour", "", "behaviour `FILE`, or looking for a month without registration (default: a month of registration)")
	printBehaviour := flags.Bool("print-behaviour", false, "print the default behaviour file, to begin one with")
	pricesFlag := flags.String("prices", "", "prices.yaml `FILE` (default: the built-in one)")
	config := flags.String("config", "", "firebase.json `FILE` of the project (default: in this folder or a parent)")
	seed := flags.Uint64("seed", 1, "`N` that decides what students do (default: 1)")
	chart := flags.String("chart", "", "draw a chart into `FILE`.svg or .png")
	asJSON := flags.Bool("json", false, "print JSON")
	asMarkdown := flags.Bool("markdown", false, "print the table of docs/cost.md")
	if _, err := parse(flags, args); err != nil {
		return err
	}
	if *printBehaviour {
		_, err := os.Stdout.Write(simulation.DefaultBehaviour())
		return err
	}
	populations, err := parsePopulations(*students)
	if err != nil {
		return err
	}
	month, err := billing.ParseMonth(*monthFlag)
	if err != nil {
		return fmt.Errorf("--month: %w", err)
	}
	behaviour, err := simulation.ReadBehaviour(*behaviourFlag)
	if err != nil {
		return err
	}
	prices, err := billing.ReadPrices(*pricesFlag)
	if err != nil {
		return err
	}
	if err := simulation.CheckChart(*chart); err != nil {
		return fmt.Errorf("--chart: %w", err)
	}
	project, err := firebase.Find(*config)
	if err != nil {
		return err
	}
	progress := simulation.NewProgress(os.Stderr)
	result, err := simulation.Run(ctx, simulation.Config{
		Behaviour: behaviour, Month: month, Days: *days, Students: min(*played, populations[0]), Seed: *seed,
		Firebase: project, Services: services, Progress: progress.Show,
	})
	progress.End()
	if err != nil {
		return err
	}
	outcomes := make([]*simulation.Outcome, len(populations))
	for i, n := range populations {
		outcomes[i] = result.Of(n, prices)
	}
	if *chart != "" {
		if err := simulation.Draw(*chart, result, outcomes); err != nil {
			return err
		}
	}
	if *asMarkdown {
		return simulation.Markdown(os.Stdout, result, outcomes)
	}
	if *asJSON {
		out := json.NewEncoder(os.Stdout)
		out.SetEscapeHTML(false)
		return out.Encode(map[string]any{"played": result, "outcomes": outcomes})
	}
	return simulation.Print(os.Stdout, result, outcomes)
}

// maxPopulation bounds --students: the model of Cloud Run's instances holds all requests.
const maxPopulation = 1_000_000

// parsePopulations parses numbers of students, which must rise.
func parsePopulations(text string) (all []int, err error) {
	for part := range strings.SplitSeq(text, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(part))
		if err != nil || n < 1 || n > maxPopulation || len(all) > 0 && n <= all[len(all)-1] {
			return nil, fmt.Errorf("--students %s: write rising numbers from 1 to %d, such as 1000,10000", text, maxPopulation)
		}
		all = append(all, n)
	}
	return all, nil
}
