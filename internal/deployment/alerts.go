package deployment

import (
	"time"

	"heek.kr/heektime/internal/deployment/spec"
	"heek.kr/heektime/internal/logline"
)

// ReadsPerDay is the budget of a day's reads of Firestore: four times what is free. It costs some six US
// cents; a defect that reads in a loop exceeds it within hours, and a normal day stays far below.
const ReadsPerDay = 200_000

// alerts are what the operator is told about. Each costs money and attention, so there are few, and none
// fires for what repairs itself: a school that is down for an hour is no alert.
//
// Two of the operator's concerns have no policy here. Budgets notify by themselves (deploy/money.tf), and
// heektime doctor checks what changes slowly, such as certificates that expire in weeks.
func alerts() []spec.Alert {
	return []spec.Alert{
		listFailing(), scheduleMissing(), purgeMissing(), sweepMissing(), purgeLate(),
		serverErrors(), signInAbuse(), firestoreReads(), certificateOrQuota(),
	}
}

// listFailing has two conditions because failures are repeated differently. Cloud Tasks retries a school
// that is down: at 30 s, 1, 2, 4 and 8 minutes, then every 10 minutes. Twelve failures in two hours are
// more than an hour of trying. A list that is damaged or suspicious is not retried before its next slot,
// which for the rarest schedules is the next day.
func listFailing() spec.Alert {
	list := []string{logline.FieldSchool, logline.FieldSemester}
	return spec.Alert{
		ID: "list-failing", Title: "A course list is not refreshed", Severity: spec.Error,
		Means: "A school's course list failed, or was suspicious, several times. The last good list stays published; it is getting old.",
		Do: "`heektime status --google --project P` shows the reason. If the school is down, wait. If its format changed, correct the " +
			"adapter or the school file. If a suspicious list is right, `heektime refresh --google --project P --accept SCHOOL SEMESTER`.",
		Conditions: []spec.Condition{{
			ID: "list-retried", Kind: spec.LinesCounted, AtLeast: 12, Window: 2 * time.Hour, By: list,
			Lines: []spec.Lines{{Services: []string{"refresh"}, Messages: []string{logline.RefreshPrefix + "failed"},
				Where: []spec.Comparison{spec.Where(logline.FieldRetry, spec.Equals, "true")}}},
		}, {
			ID: "list-rejected", Kind: spec.LinesCounted, AtLeast: 2, Window: 25 * time.Hour, By: list,
			Lines: []spec.Lines{{Services: []string{"refresh"},
				Messages: []string{logline.RefreshPrefix + "failed", logline.RefreshPrefix + "suspicious"},
				Where:    []spec.Comparison{spec.Where(logline.FieldRetry, spec.Equals, "false")}}},
		}},
	}
}

// scheduleMissing: the job runs every five minutes, and a run that fails does not write the line.
func scheduleMissing() spec.Alert {
	return spec.Alert{
		ID: "schedule-missing", Title: "No refreshes are scheduled", Severity: spec.Error,
		Means: "The job `schedule` has not run, or has failed each time, for half an hour. No course list is refreshed.",
		Do:    "Look at the job's last result in Cloud Scheduler, then at the log of `refresh`. Run the job by hand: `gcloud scheduler jobs run schedule --location=asia-northeast3`.",
		Conditions: []spec.Condition{{
			ID: "schedule-absent", Kind: spec.LinesAbsent, Window: 30 * time.Minute,
			Lines: []spec.Lines{{Services: []string{"refresh"}, Messages: []string{logline.RefreshesEnqueued}}},
		}},
		Renotify: 24 * time.Hour,
	}
}

// purgeMissing: the job runs every hour. A purge that leaves an account behind does not write the line.
func purgeMissing() spec.Alert {
	return spec.Alert{
		ID: "purge-missing", Title: "Deleted accounts are not purged", Severity: spec.Error,
		Means: "The job `purge` has not succeeded for three hours. Accounts whose time is up still exist, and nobody watches the weekly sweep.",
		Do:    "Look at the job's last result in Cloud Scheduler, then at the log of `cleanup`. Run it by hand: `gcloud scheduler jobs run purge --location=asia-northeast3`.",
		Conditions: []spec.Condition{{
			ID: "purge-absent", Kind: spec.LinesAbsent, Window: 3 * time.Hour,
			Lines: []spec.Lines{{Services: []string{"cleanup"}, Messages: []string{logline.CleanedUp},
				Where: []spec.Comparison{spec.Where(logline.FieldWork, spec.Equals, logline.WorkPurge)}}},
		}},
		Renotify: 24 * time.Hour,
	}
}

// sweepMissing: Cloud Monitoring notices an absence of 23.5 hours at most, so the hourly purge watches
// the weekly sweep. Cloud Scheduler retries a sweep that fails three times.
func sweepMissing() spec.Alert {
	return spec.Alert{
		ID: "sweep-missing", Title: "The weekly sweep did not succeed", Severity: spec.Warning,
		Means: "The sweeper has not run for more than eight days, or failed with all its retries. Orphaned data stays.",
		Do:    "`heektime cleanup --google --project P sweep` runs it and prints its report. If it fails, the log of `cleanup` says at what.",
		Conditions: []spec.Condition{{
			ID: "sweep-late", Kind: spec.LinesCounted, AtLeast: 1, Window: 3 * time.Hour,
			Lines: []spec.Lines{{Services: []string{"cleanup"}, Messages: []string{logline.SweepLate}}},
		}, {
			ID: "sweep-failed", Kind: spec.LinesCounted, AtLeast: 3, Window: 4 * time.Hour,
			Lines: []spec.Lines{{Services: []string{"cleanup"}, Messages: []string{logline.CleanupIncomplete},
				Where: []spec.Comparison{spec.Where(logline.FieldWork, spec.Equals, logline.WorkSweep)}}},
		}},
	}
}

// purgeLate: the line comes with each hourly purge for as long as an account is late.
func purgeLate() spec.Alert {
	return spec.Alert{
		ID: "purge-late", Title: "An account exists longer than promised", Severity: spec.Error,
		Means: "A deleted account should have been purged a day ago, and part of its data still exists. Users were promised otherwise.",
		Do:    "The line in the log of `cleanup` has the uid, and a line before it the error. `heektime cleanup --google --project P purge` tries again now.",
		Conditions: []spec.Condition{{
			ID: "purge-overdue", Kind: spec.LinesCounted, AtLeast: 1, Window: 3 * time.Hour,
			Lines: []spec.Lines{{Services: []string{"cleanup"}, Messages: []string{logline.PurgeLate}}},
		}},
		Renotify: 24 * time.Hour,
	}
}

// serverErrors counts what Cloud Run writes for each request, which includes instances that crash. refresh
// and cleanup ask for a retry with 503, so their 503 are no errors: the alerts above watch their work.
func serverErrors() spec.Alert {
	return spec.Alert{
		ID: "server-errors", Title: "A service responds with errors", Severity: spec.Critical,
		Means: "A service responded with 5xx several times within ten minutes. Users see errors, or events and tasks pile up.",
		Do:    "If a release was just made, `heektime rollback --google --project P`. Otherwise the log of the service, filtered for severity ERROR, says why.",
		Conditions: []spec.Condition{{
			ID: "server-errors", Kind: spec.LinesCounted, AtLeast: 5, Window: 10 * time.Minute, By: []string{spec.FieldService},
			Lines: []spec.Lines{{Requests: true, Where: []spec.Comparison{
				spec.Where(spec.FieldStatus, spec.AtLeast, "500"), spec.Where(spec.FieldStatus, spec.NotEquals, "503"),
			}}, {Requests: true, Services: []string{"auth", "courses", "functions", "compat-server"}, Where: []spec.Comparison{
				spec.Where(spec.FieldStatus, spec.Equals, "503"),
			}}},
		}},
	}
}

// signInAbuse: the limits hold by themselves (internal/loginthrottle). In registration week some dozens
// of users mistype their passwords in ten minutes, not hundreds.
func signInAbuse() spec.Alert {
	return spec.Alert{
		ID: "sign-in-abuse", Title: "Somebody tries many passwords", Severity: spec.Warning,
		Means: "Hundreds of sign-ins were rejected within ten minutes: wrong passwords, or more attempts than the limits allow.",
		Do: "The limits protect accounts; nothing has to be done at once. If it continues, find the network addresses in Cloud Run's request " +
			"log (`httpRequest.remoteIp`). If owners are locked out or it costs money, lower `max_instances` of `auth`.",
		Conditions: []spec.Condition{{
			ID: "sign-in-rejected", Kind: spec.LinesCounted, AtLeast: 300, Window: 10 * time.Minute,
			Lines: []spec.Lines{{Services: []string{"auth"}, Messages: []string{logline.SignIn}, Where: []spec.Comparison{
				spec.Where(logline.FieldOutcome, spec.Equals, logline.OutcomeWrong, logline.OutcomeTooMany),
			}}, {Services: []string{"compat-server"}, Messages: []string{logline.Call}, Where: []spec.Comparison{
				spec.Where(logline.FieldCall, spec.Equals, logline.CallSignIn),
				spec.Where(logline.FieldCode, spec.Equals, logline.CodeWrong, logline.CodeTooMany),
			}}},
		}},
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
		Conditions: []spec.Condition{{
			ID: "firestore-reads", Kind: spec.SumOfMetric, AtLeast: ReadsPerDay, Window: 24 * time.Hour,
			Metric: "firestore.googleapis.com/document/read_count", Resource: "firestore_instance",
		}},
	}
}

// certificateOrQuota matches the texts of Go's TLS client and of Google's APIs. A single error may be a
// retry's; three within an hour are not.
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
		Conditions: []spec.Condition{{
			ID: "certificate-or-quota", Kind: spec.LinesCounted, AtLeast: 3, Window: time.Hour, By: []string{spec.FieldService},
			Lines: []spec.Lines{
				{Services: services, Where: []spec.Comparison{spec.Where(logline.FieldError, spec.Matches, pattern)}},
				{Services: services, Where: []spec.Comparison{spec.Where(logline.FieldReason, spec.Matches, pattern)}},
			},
		}},
	}
}
