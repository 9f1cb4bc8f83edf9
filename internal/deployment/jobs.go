package deployment

import (
	"time"

	"heek.kr/heektime/internal/deployment/spec"
)

const seoul = "Asia/Seoul"

// The jobs. Three are free: https://cloud.google.com/scheduler/pricing
const (
	ScheduleJob = "schedule"
	PurgeJob    = "purge"
	SweepJob    = "sweep"
)

func jobs() []spec.Job {
	return []spec.Job{{
		ID: ScheduleJob, Purpose: "enqueues the lists that are due",
		Schedule: "*/5 * * * *", TimeZone: seoul,
		Target:          spec.Target{Service: "refresh", Path: "/schedule", Account: SchedulerAccount},
		AttemptDeadline: 3 * time.Minute, // ends two minutes before the next run
	}, {
		ID: PurgeJob, Purpose: "purges the accounts whose time is up",
		Schedule: "0 * * * *", TimeZone: seoul,
		Target:          spec.Target{Service: "cleanup", Path: "/purge", Account: SchedulerAccount},
		AttemptDeadline: cleanupTimeout,
	}, {
		ID: SweepJob, Purpose: "runs the sweeper, which looks for orphaned data",
		Schedule: "0 5 * * 1", TimeZone: seoul,
		Target:          spec.Target{Service: "cleanup", Path: "/sweep", Account: SchedulerAccount},
		AttemptDeadline: cleanupTimeout,
		// A week is long to wait after a failure.
		Retry: spec.JobRetry{Count: 3, MinBackoff: 5 * time.Minute, MaxBackoff: time.Hour, MaxDoublings: 3},
	}}
}
