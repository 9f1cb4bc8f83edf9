package main

import (
	"context"
	"flag"
	"fmt"

	"cloud.google.com/go/scheduler/apiv1/schedulerpb"

	"heek.kr/heektime/cmd/heektime/internal/local"
	"heek.kr/heektime/internal/deployment"
)

// cleanupNow makes Cloud Scheduler run one of the cleanup service's jobs now.
func cleanupNow(ctx context.Context, args []string) error {
	var t target
	flags := flag.NewFlagSet("cleanup", flag.ContinueOnError)
	t.register(flags)
	job := flags.String("job", "", "full `NAME` of the Cloud Scheduler job (default: that of docs/deployment.md)")
	words, err := parse(flags, args, "purge|sweep")
	if err != nil {
		return err
	}
	action := words[0]
	if action != "purge" && action != "sweep" {
		return fmt.Errorf("unknown action %q: use purge or sweep", action)
	}
	ctx, cancel := context.WithTimeout(ctx, statusTimeout)
	defer cancel()
	if err := t.connect(ctx); err != nil {
		return err
	}
	if *job == "" {
		*job = deployment.Table().JobName(t.project, action)
	}
	client, err := local.Scheduler(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	if _, err := client.RunJob(ctx, &schedulerpb.RunJobRequest{Name: *job}); err != nil {
		return fmt.Errorf("run the job %s: %w", *job, err)
	}
	fmt.Printf("started %s; the cleanup service logs the result\n", action)
	return nil
}
