package main

import (
	"context"
	"fmt"
	"time"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/internal/refresh"
)

// pollTimeout is how long a poll waits for a cloud that does not respond. Google's clients would retry
// until the command's own timeout, ten minutes.
var pollTimeout = 30 * time.Second

// poll is [result] with pollTimeout.
func poll(ctx context.Context, client *firestore.Client, queue *refresh.Queue, task refresh.Task) (run refresh.Run, ok bool, err error) {
	limited, cancel := context.WithTimeout(ctx, pollTimeout)
	defer cancel()
	run, ok, err = result(limited, client, queue, task)
	if err != nil && ctx.Err() == nil && limited.Err() != nil {
		return run, false, fmt.Errorf("the cloud has not responded for %v: check that heektime dev is still running, and start the refresh again (%w)", pollTimeout, err)
	}
	return run, ok, err
}
