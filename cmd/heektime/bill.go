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
	var usage billing.Usage
	var unmeasured []billing.Item
	if t.google {
		now := time.Now()
		if month == "" {
			month = billing.MonthOf(now)
		}
		usage, err = bill.Google(ctx, t.project, month, now, option.WithQuotaProject(t.project))
		unmeasured = bill.Unmeasured()
	} else {
		var running *billing.Prices
		usage, running, err = bill.Local(ctx, &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}, t.hub)
		if *pricesFlag == "" {
			prices = running
		}
		if month == "" {
			month = billing.MonthOf(usage.Until)
		}
	}
	if err != nil {
		return err
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
