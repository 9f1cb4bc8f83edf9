package deployment

import (
	"time"

	"heek.kr/heektime/internal/deployment/spec"
	"heek.kr/heektime/internal/logline"
)

// ReadsPerDay is the budget of a day's reads of Firestore: four times what is free. It costs some six US
// cents; a defect that reads in a loop exceeds it within hours, and a normal day stays far below.
const ReadsPerDay = 200_000

// alerts are what the operator is told about. Each costs attention, so there are few, and none fires for
// what repairs itself: a school that is down for an hour is no alert.
//
// All but two match a single line, which Google does not bill. Where one event is not enough, the service
// counts and logs the line, because Cloud Monitoring bills each condition that counts. The other two are
// about what no process sees; deploy/ makes them only if the operator lists them in paid_alerts.
//
// Two of the operator's concerns have no policy here. Budgets notify by themselves (deploy/money.tf), and
// heektime doctor checks what changes slowly, such as certificates that expire in weeks.
func alerts() []spec.Alert {
	return []spec.Alert{
		listFailing(), scheduleMissing(), purgeMissing(), jobRejected(), nothingRuns(), sweepMissing(), purgeLate(), largeAccount(),
		serverErrors(), noInstance(), signInAbuse(), firestoreReads(), certificateOrQuota(),
	}
}

// The least times between notifications. A line that comes once a day, a little earlier or later, has half
// a day: with a whole day, every second one would be dropped.
const (
	onceADay   = 24 * time.Hour
	halfADay   = 12 * time.Hour
	onceAnHour = time.Hour
)

// line is a condition that one line of a service meets.
func line(service string, messages ...string) spec.Condition {
	return spec.Condition{Kind: spec.LineMatched, Lines: []spec.Lines{{Services: []string{service}, Messages: messages}}}
}

// listFailing: the service counts in the semester's record, in Firestore, and logs the line once a day.
func listFailing() spec.Alert {
	c := line("refresh", logline.RefreshKeepsFailing)
	c.By = []string{logline.FieldSchool, logline.FieldSemester}
	return spec.Alert{
		ID: "list-failing", Title: "A course list is not refreshed", Severity: spec.Error,
		Means: "A school's course list failed, or was suspicious, several times in a row for more than an hour. The last good list stays published; it is getting old.",
		Do: "`heektime status --google --project P` shows the reason. If the school is down, wait. If its format changed, correct the " +
			"adapter or the school file. If a suspicious list is right, `heektime refresh --google --project P --accept SCHOOL SEMESTER`.",
		Condition: c, Renotify: halfADay,
	}
}

// scheduleMissing: the purge logs the line each hour for as long as /schedule does not succeed.
func scheduleMissing() spec.Alert {
	return spec.Alert{
		ID: "schedule-missing", Title: "No refreshes are scheduled", Severity: spec.Error,
		Means:     "The job `schedule` has not run, or has failed each time, for half an hour or longer. No course list is refreshed.",
		Do:        "Look at the job's last result in Cloud Scheduler, then at the log of `refresh`. Run the job by hand: `gcloud scheduler jobs run schedule --location=asia-northeast3`.",
		Condition: line("cleanup", logline.ScheduleMissing), Renotify: onceADay,
	}
}

// purgeMissing: /schedule logs the line every half an hour for as long as the purge does not succeed. A
// purge that leaves an account behind has not succeeded.
func purgeMissing() spec.Alert {
	return spec.Alert{
		ID: "purge-missing", Title: "Deleted accounts are not purged", Severity: spec.Error,
		Means:     "The job `purge` has not succeeded for three hours. Accounts whose time is up still exist, and nobody watches the weekly sweep.",
		Do:        "Look at the job's last result in Cloud Scheduler, then at the log of `cleanup`. Run it by hand: `gcloud scheduler jobs run purge --location=asia-northeast3`.",
		Condition: line("refresh", logline.PurgeMissing), Renotify: onceADay,
	}
}

// jobRejected: Cloud Scheduler logs each attempt that fails. These codes do not go away by themselves, and
// are how both jobs can stop together, so that neither reports the other. Other failures are the
// service's, and may be gone at the next attempt.
//
// Source: https://cloud.google.com/scheduler/docs/logging
func jobRejected() spec.Alert {
	return spec.Alert{
		ID: "job-rejected", Title: "A scheduled job is rejected", Severity: spec.Error,
		Means: "Cloud Scheduler called a service and was rejected: its role or its token's audience is wrong, or there is no such service or path. The job's work is not done.",
		Do:    "`heektime doctor --google --project P` says what differs from the table. After a first apply, roles take a few minutes: run the job again with `gcloud scheduler jobs run`.",
		Condition: spec.Condition{
			Kind: spec.LineMatched, By: []string{spec.FieldJob},
			Lines: []spec.Lines{{Log: spec.JobLog, Where: []spec.Comparison{
				spec.Where(spec.FieldJobStatus, spec.Equals, "UNAUTHENTICATED", "PERMISSION_DENIED", "NOT_FOUND"),
			}}},
		},
		Renotify: onceADay,
	}
}

// nothingRuns: the two jobs above watch each other, and here neither does. Any of their runs that succeeds
// logs one of the lines.
func nothingRuns() spec.Alert {
	return spec.Alert{
		ID: "nothing-runs", Title: "No scheduled job runs", Severity: spec.Error,
		Means: "Neither the job `schedule` nor the job `purge` has succeeded for two hours. Nothing else would report that: each of them watches the other.",
		Do: "`heektime doctor --google --project P` checks the jobs, their roles and their audiences. Then look at the jobs' last results in " +
			"Cloud Scheduler, and whether the project still has a billing account.",
		Condition: spec.Condition{
			Kind: spec.LinesAbsent, Window: 2 * time.Hour,
			Lines: []spec.Lines{
				{Services: []string{"refresh"}, Messages: []string{logline.RefreshesEnqueued}},
				{Services: []string{"cleanup"}, Messages: []string{logline.CleanedUp},
					Where: []spec.Comparison{spec.Where(logline.FieldWork, spec.Equals, logline.WorkPurge)}},
			},
		},
		Renotify: onceADay,
	}
}

// sweepMissing: the hourly purge watches the weekly sweep, whose document says when the last one ended. A
// sweep that fails with its retries says so itself.
func sweepMissing() spec.Alert {
	return spec.Alert{
		ID: "sweep-missing", Title: "The weekly sweep did not succeed", Severity: spec.Warning,
		Means:     "The sweeper has not run for more than eight days, or failed three times in a row. Orphaned data stays.",
		Do:        "`heektime cleanup --google --project P sweep` runs it and prints its report. If it fails, the log of `cleanup` says at what.",
		Condition: line("cleanup", logline.SweepLate, logline.SweepKeepsFailing), Renotify: onceADay,
	}
}

// purgeLate: the line comes with each hourly purge for as long as an account is late.
func purgeLate() spec.Alert {
	return spec.Alert{
		ID: "purge-late", Title: "An account exists longer than promised", Severity: spec.Error,
		Means:     "A deleted account should have been purged a day ago, and part of its data still exists. Users were promised otherwise.",
		Do:        "The line in the log of `cleanup` has the uid, and a line before it the error. `heektime cleanup --google --project P purge` tries again now.",
		Condition: line("cleanup", logline.PurgeLate), Renotify: onceADay,
	}
}

// largeAccount: rules cannot count documents, so the weekly sweep does.
func largeAccount() spec.Alert {
	return spec.Alert{
		ID: "large-account", Title: "An account has too many documents", Severity: spec.Warning,
		Means: "The weekly sweep found an account with more than 10,000 timetables and lectures. Students have some dozens; somebody writes with a program.",
		Do: "The line in the log of `cleanup` has the uid. `heektime user --google --project P show UID` shows the account, and `heektime user --google --project P block UID` " +
			"ends its writes and hides its timetables. Nothing is blocked or removed by itself.",
		Condition: line("cleanup", logline.AccountTooLarge), Renotify: onceADay,
	}
}

// serverErrors: a service counts its own errors (internal/server), which costs nothing and leaves out the
// 503 by which refresh and cleanup ask for a retry. A metric would be exact across instances, but at five
// errors that makes no difference. Only Cloud Run sees a crash, an instance that does not start or has no
// memory, and a request that it ended; these are lines of its own. compat-server responds 504 itself, and
// counts that.
//
// An instance's end is a line of the system log. A request that Cloud Run responded to itself is a line of
// the request log that has a text, too; lines of requests that reached the service have none. Both have the
// severity ERROR, but so have other lines of these logs.
//
// Sources: https://cloud.google.com/run/docs/logging (the logs),
// https://cloud.google.com/run/docs/troubleshooting (the texts, 504)
func serverErrors() spec.Alert {
	const crash = "Memory limit of .* exceeded|Container called exit[(][1-9]|[Uu]ncaught signal|The instance was not started"
	const lost = "instance could not start|failed the readiness check|malformed or connection to the instance|using too much memory"
	c := spec.Condition{
		Kind: spec.LineMatched, By: []string{spec.FieldService},
		Lines: []spec.Lines{
			{Messages: []string{logline.ServerErrors}},
			{Log: spec.SystemLog, Where: []spec.Comparison{spec.Where(spec.FieldText, spec.Matches, crash)}},
			{Log: spec.RequestLog, Where: []spec.Comparison{spec.Where(spec.FieldText, spec.Matches, lost)}},
			{Log: spec.RequestLog, Services: []string{"auth", "courses", "functions", "refresh", "cleanup"},
				Where: []spec.Comparison{spec.Where(spec.FieldStatus, spec.Equals, "504")}},
		},
	}
	return spec.Alert{
		ID: "server-errors", Title: "A service responds with errors", Severity: spec.Critical,
		Means: "A service responded with 5xx five times within ten minutes, or an instance of it did not start, crashed, ran out of memory or did not respond in time. Users see errors, or events and tasks pile up.",
		Do: "If a release was just made, `heektime rollback --google --project P`. Otherwise the log of the service, filtered for severity ERROR, says why. " +
			"If it is out of memory, raise `MemoryMiB` of the service in `internal/deployment`.",
		Condition: c, Renotify: onceAnHour,
	}
}

// noInstance: Cloud Run rejects requests for which it has no instance before the service sees them: with 429 if
// the service has as many as it may have, with 500 or 503 if Cloud Run could not start more in time. 429 of the
// other services is no alert: Cloud Tasks, Cloud Scheduler and refresh try again, and the alerts about their work
// notice if that does not help.
//
// Sources: https://cloud.google.com/run/docs/troubleshooting#abort-request (429, 500),
// https://cloud.google.com/run/docs/known-issues (503, after billing was off)
func noInstance() spec.Alert {
	none := spec.Where(spec.FieldText, spec.Matches, "no available instance")
	return spec.Alert{
		ID: "no-instance", Title: "Cloud Run has no instance for requests", Severity: spec.Error,
		Means: "Cloud Run rejected requests before a service saw them, because all of its instances were busy or none started in time. Users see errors.",
		Do: "If the status is 429, the service has reached `MaxInstances` in `internal/deployment`: find out who calls it before you raise that. " +
			"Otherwise see whether instances start at all (severity ERROR in the service's log), and whether the project has billing.",
		Condition: spec.Condition{
			Kind: spec.LineMatched, By: []string{spec.FieldService},
			Lines: []spec.Lines{
				{Log: spec.RequestLog, Services: []string{"auth", "functions", "compat-server"},
					Where: []spec.Comparison{none, spec.Where(spec.FieldStatus, spec.Equals, "429")}},
				{Log: spec.RequestLog, Where: []spec.Comparison{none, spec.Where(spec.FieldStatus, spec.AtLeast, "500")}},
			},
		},
		Renotify: halfADay,
	}
}

// signInAbuse: the limits hold by themselves (internal/loginthrottle). internal/auth counts, for both
// services.
func signInAbuse() spec.Alert {
	c := line("auth", logline.SignInsRejected)
	c.Lines[0].Services = []string{"auth", "compat-server"}
	return spec.Alert{
		ID: "sign-in-abuse", Title: "Somebody tries many passwords", Severity: spec.Warning,
		Means: "Hundreds of sign-ins were rejected within ten minutes: wrong passwords, or more attempts than the limits allow.",
		Do: "The limits protect accounts; there is no hurry. If it continues, find the network addresses in Cloud Run's request " +
			"log (`httpRequest.remoteIp`). If owners are locked out or it costs money, lower `max_instances` of `auth`.",
		Condition: c, Renotify: halfADay,
	}
}

// firestoreReads: the metric counts all reads, also those of clients and rules.
//
// Source: https://cloud.google.com/monitoring/api/metrics_gcp_d_h#gcp-firestore
func firestoreReads() spec.Alert {
	return spec.Alert{
		ID: "firestore-reads", Title: "Firestore is read more than planned", Severity: spec.Warning,
		Means: "The reads of the last 24 hours exceed the budget. A client or a service may read in a loop, or somebody copies data.",
		Do:    "Firestore's usage page and Key Visualizer show when it began and what is read. If a release was made then, roll it back. If the number of users explains it, raise `ReadsPerDay` in `internal/deployment/alerts.go`.",
		Condition: spec.Condition{
			Kind: spec.SumOfMetric, AtLeast: ReadsPerDay, Window: 24 * time.Hour,
			Metric: "firestore.googleapis.com/document/read_count", Resource: "firestore_instance",
		},
	}
}

// certificateOrQuota matches the texts of Go's TLS client and of Google's APIs. One error is enough: a
// retry does not mend a certificate, and a quota that is used up once will be used up again.
//
// Sources: https://pkg.go.dev/crypto/x509 (errors begin with "x509: "),
// https://cloud.google.com/firestore/quotas, https://cloud.google.com/apis/design/errors (429)
func certificateOrQuota() spec.Alert {
	const pattern = "x509: |tls: .*certificate|[Qq]uota ?[Ee]xceeded|RESOURCE_EXHAUSTED|rateLimitExceeded"
	services := []string{"auth", "refresh", "cleanup", "functions", "compat-server"}
	return spec.Alert{
		ID: "certificate-or-quota", Title: "A certificate or a quota stops a service", Severity: spec.Error,
		Means: "A service cannot make its calls: the other side's certificate is not valid, or a quota of the project is used up.",
		Do: "The field `error` or `reason` of the line says which. A school's certificate: tell the school; never turn off the check. " +
			"A quota: the page Quotas of Google's console shows it; ask for more, or find what uses it. Ours: `heektime doctor --google --project P`.",
		Condition: spec.Condition{
			Kind: spec.LineMatched, By: []string{spec.FieldService},
			Lines: []spec.Lines{
				{Services: services, Where: []spec.Comparison{spec.Where(logline.FieldError, spec.Matches, pattern)}},
				{Services: services, Where: []spec.Comparison{spec.Where(logline.FieldReason, spec.Matches, pattern)}},
			},
		},
		Renotify: onceADay,
	}
}
