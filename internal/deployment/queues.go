package deployment

import (
	"time"

	"heek.kr/heektime/internal/deployment/spec"
)

// RefreshQueue is the queue of refreshes.
const RefreshQueue = "refresh"

// refreshesAtATime bounds how many schools are read at the same time.
const refreshesAtATime = 4

func queues() []spec.Queue {
	return []spec.Queue{{
		ID: RefreshQueue, Purpose: "one task for each list that is due",
		Target:           spec.Target{Service: "refresh", Path: "/refresh", Account: TasksAccount},
		DispatchDeadline: refreshTimeout,

		MaxDispatchesPerSecond: 5, MaxConcurrentDispatches: refreshesAtATime,
		// Retried for an hour and three quarters, so that a list is published on its day although the
		// school was down for an hour: after 30 s, 1, 2, 4 and 8 minutes, then every 10 minutes.
		Retry: spec.TaskRetry{MaxAttempts: 15, MinBackoff: 30 * time.Second, MaxBackoff: 10 * time.Minute, MaxDoublings: 5},
	}}
}
