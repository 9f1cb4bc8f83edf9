package local

import (
	"heek.kr/heektime/internal/deployment"
	"heek.kr/heektime/internal/deployment/spec"
)

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
