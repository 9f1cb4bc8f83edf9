package main

import (
	"context"
	"flag"
	"fmt"

	"heek.kr/heektime/cmd/heektime/internal/stage"
)

// stageFunctions lays out the functions' source for gcloud.
func stageFunctions(_ context.Context, args []string) error {
	words, err := parse(flag.NewFlagSet("functions", flag.ContinueOnError), args, "stage", "DIR")
	if err != nil {
		return err
	}
	if words[0] != "stage" {
		return fmt.Errorf("heektime functions knows stage, not %q", words[0])
	}
	root, err := source()
	if err != nil {
		return err
	}
	if err := stage.Source(root, words[1]); err != nil {
		return err
	}
	fmt.Printf("%s is what gcloud functions deploy --source takes; docs/deleting.md says how\n", words[1])
	return nil
}
