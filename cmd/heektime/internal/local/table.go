package local

import (
	"strings"
	"time"

	"heek.kr/heektime/internal/deployment"
	"heek.kr/heektime/internal/deployment/spec"
)

// devRetry replaces the table's retry policy, because a developer is waiting for the result.
var devRetry = spec.TaskRetry{MaxAttempts: 3, MinBackoff: time.Second, MaxBackoff: 10 * time.Second, MaxDoublings: 3}

// Table returns the deployment as dev runs it: with faster retries and schedules, because a developer is
// waiting.
func Table() *spec.Deployment {
	d := deployment.Table()
	for i := range d.Queues {
		d.Queues[i].Retry = devRetry
	}
	for i := range d.Jobs {
		d.Jobs[i].Schedule = devSchedule(d.Jobs[i].Schedule)
	}
	return d
}

// devSchedule makes a job that runs at least once an hour run every minute, so that a developer sees
// it work.
func devSchedule(cron string) string {
	if fields := strings.Fields(cron); len(fields) == 5 && fields[1] == "*" {
		return "* * * * *"
	}
	return cron
}
