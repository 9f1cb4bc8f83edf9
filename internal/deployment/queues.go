package deployment

import (
	"time"

	"heek.kr/heektime/internal/deployment/spec"
)

// The queues.
const (
	RefreshQueue   = "refresh"
	PushQueue      = "push"
	TopicsQueue    = "topics"
	FollowersQueue = "followers"
)

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
	}, {
		ID: PushQueue, Purpose: "one task for each list that changed, and for each announcement that is sent",
		Target:           spec.Target{Service: "push", Path: "/send", Account: TasksAccount},
		DispatchDeadline: pushTimeout,

		MaxDispatchesPerSecond: 5, MaxConcurrentDispatches: 4,
		// Retried for a day, which is how long a change is news.
		Retry: spec.TaskRetry{MaxAttempts: 60, MinBackoff: 10 * time.Second, MaxBackoff: 30 * time.Minute, MaxDoublings: 8},
	}, {
		ID: TopicsQueue, Purpose: "one task for each user with devices whose timetable changes",
		Target:           spec.Target{Service: "push", Path: "/topics", Account: TasksAccount},
		DispatchDeadline: pushTimeout,

		MaxDispatchesPerSecond: 20, MaxConcurrentDispatches: 8,
		Retry: spec.TaskRetry{MaxAttempts: 30, MinBackoff: 10 * time.Second, MaxBackoff: 30 * time.Minute, MaxDoublings: 8},
	}, {
		ID: FollowersQueue, Purpose: "one task for each user whose followers change",
		Target:           spec.Target{Service: "functions", Path: "/count-followers", Account: TasksAccount},
		DispatchDeadline: time.Minute,

		MaxDispatchesPerSecond: 10, MaxConcurrentDispatches: 4,
		Retry: spec.TaskRetry{MaxAttempts: 30, MinBackoff: 10 * time.Second, MaxBackoff: 30 * time.Minute, MaxDoublings: 8},
	}}
}
