package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"time"

	"google.golang.org/api/option"

	"heek.kr/heektime/cmd/heektime/internal/bill"
	"heek.kr/heektime/emulator/billing"
)

// billTimeout bounds how long reading a month takes.
const billTimeout = 2 * time.Minute

// showBill prints what a month costs: of the local cloud, from what its meter has counted; with --google, of a
// project, from Cloud Monitoring.
func showBill(ctx context.Context, args []string) error {
	var t target
	flags := flag.NewFlagSet("bill", flag.ContinueOnError)
	t.register(flags)
	monthFlag := flags.String("month", "", "`MONTH` such as 2026-11 (default: the current one, in Pacific time)")
	pricesFlag := flags.String("prices", "", "prices.yaml `FILE` (default: that of the local cloud, or with --google the built-in one)")
	asJSON := flags.Bool("json", false, "print the bill as JSON")
	if _, err := parse(flags, args); err != nil {
		return err
	}
	var month billing.Month
	if *monthFlag != "" {
		var err error
		if month, err = billing.ParseMonth(*monthFlag); err != nil {
			return fmt.Errorf("--month: %w", err)
		}
	}
	prices, err := billing.ReadPrices(*pricesFlag)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, billTimeout)
	defer cancel()
	if err := t.connect(ctx); err != nil {
		return err
	}
	var unmeasured []billing.Item
	if t.google {
		unmeasured = bill.Unmeasured()
		if month == "" {
			month = billing.MonthOf(time.Now())
		}
	}
	usage, current, err := t.usage(ctx, month)
	if err != nil {
		return err
	}
	if *pricesFlag == "" {
		prices = current
	}
	if month == "" {
		month = billing.MonthOf(usage.Until)
	}
	b := prices.Bill(usage, month)
	if *asJSON {
		out := json.NewEncoder(os.Stdout)
		out.SetEscapeHTML(false)
		if err := out.Encode(b); err != nil {
			return fmt.Errorf("print JSON: %w", err)
		}
		return nil
	}
	bill.Print(os.Stdout, b, unmeasured)
	return nil
}

// usage reads what was used, and the prices that apply: of a project in a month, from Cloud Monitoring, with the
// built-in prices for where its bucket is; of the local cloud in all months, with its own.
func (t *target) usage(ctx context.Context, month billing.Month) (billing.Usage, *billing.Prices, error) {
	if !t.google {
		return bill.Local(ctx, &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}, t.hub)
	}
	usage, region, err := bill.Google(ctx, t.project, month, time.Now(), option.WithQuotaProject(t.project))
	prices := billing.DefaultPrices()
	if region != "" {
		prices = prices.WithBucketIn(region)
	}
	return usage, prices, err
}
