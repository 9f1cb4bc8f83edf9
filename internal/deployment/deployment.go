// Package deployment is the table of everything HeekTime deploys to Google's cloud, one concern a
// file:
//
//	auth.go, courses.go, refresh.go, cleanup.go, functions.go, push.go, compat_server.go
//	             the Cloud Run services: environment, limits, who may call
//	queues.go    the queues of Cloud Tasks, with their retries
//	jobs.go      the jobs of Cloud Scheduler, with their cron expressions
//	triggers.go  the functions: which events call which path
//	backups.go   the schedules of backups
//	accounts.go  the service accounts and their roles
//	storage.go   the bucket and the secrets
//	images.go    the repository of the images
//	probe.go     how Cloud Run knows that a service has started
//	alerts.go    what the operator is told about
//
// heektime dev runs from this table, docs/deployment.md is generated from it, and each service's
// Open is tested against it. Package spec has the types and Google's rules for their values.
package deployment

//go:generate go run heek.kr/heektime/cmd/heektime deployment --write

import "heek.kr/heektime/internal/deployment/spec"

// region is where everything runs, and the database is: Seoul.
const region = "asia-northeast3"

// Table returns the deployment.
func Table() *spec.Deployment {
	return &spec.Deployment{
		Region:   region,
		Labels:   map[string]string{"app": "heektime"},
		Accounts: accounts(),
		Services: []spec.Service{authService(), coursesService(), refreshService(), cleanupService(), functionsService(), pushService(), subscriptionsService(), pagesService(), compatServer()},
		Queues:   queues(),
		Jobs:     jobs(),
		Triggers: triggers(),
		Backups:  backups(),
		Buckets:  buckets(),
		Secrets:  secrets(),
		Alerts:   alerts(),
		Images:   images(),

		StartupProbe: startupProbe(),
	}
}
