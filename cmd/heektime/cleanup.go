package main

import (
	"context"
	"flag"
	"fmt"

	"cloud.google.com/go/scheduler/apiv1/schedulerpb"

	"heek.kr/heektime/cmd/heektime/internal/local"
	"heek.kr/heektime/internal/deployment"
)

// cleanupNow has Cloud Scheduler run one of the clean-up service's jobs now.
func cleanupNow(ctx context.Context, args []string) error {
	var t target
	flags := flag.NewFlagSet("cleanup", flag.ContinueOnError)
	t.register(flags)
	job := flags.String("job", "", "full `NAME` of the job at Cloud Scheduler (default: the one of that name in Seoul)")
	words, err := parse(flags, args, "purge|sweep")
	if err != nil {
		return err
	}
	if words[0] != "purge" && words[0] != "sweep" {
		return fmt.Errorf("heektime cleanup knows purge and sweep, not %q", words[0])
	}
	ctx, cancel := context.WithTimeout(ctx, statusTimeout)
	defer cancel()
	if err := t.open(); err != nil {
		return err
	}
	if *job == "" {
		*job = deployment.Table().JobName(t.project, words[0])
	}
	client, err := local.Scheduler(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	if _, err := client.RunJob(ctx, &schedulerpb.RunJobRequest{Name: *job}); err != nil {
		return fmt.Errorf("run the job %s: %w", *job, err)
	}
	fmt.Printf("%s runs; the log of the service cleanup says what comes of it\n", words[0])
	return nil
}
