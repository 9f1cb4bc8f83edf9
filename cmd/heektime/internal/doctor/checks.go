package doctor

import "fmt"

// check compares a part of the state with what it should be.
type check struct {
	id, group string
	// verifies says what holds if the check finds nothing.
	verifies string
	needs    []sourceID
	// local checks also work on a local cloud.
	local bool
	run   func(e *examination)
}

// The groups, in the order of the report.
const (
	groupProject  = "project"
	groupServices = "services"
	groupAccess   = "roles"
	groupDatabase = "Firestore"
	groupRules    = "security rules"
	groupStorage  = "storage"
	groupTasks    = "queues and jobs"
	groupEvents   = "triggers"
	groupSecrets  = "secrets and keys"
	groupSignIn   = "Authentication"
	groupReach    = "reachability"
	groupRuntime  = "runtime"
	groupAlarm    = "alerts and money"
)

// checks are all checks. docs/doctor.md has them as a table.
//
//nolint:lll
var checks = []check{
	{id: "project-active", group: groupProject, verifies: "the project is active", needs: []sourceID{"project"}, run: checkProject},
	{id: "apis-enabled", group: groupProject, verifies: "every API that the deployment uses is enabled", needs: []sourceID{"apis"}, run: checkAPIs},

	{id: "service-deployed", group: groupServices, verifies: "every service of the table exists and is ready; no other service exists", needs: []sourceID{"services"}, run: checkServicesDeployed},
	{id: "service-image", group: groupServices, verifies: "every service runs an image of this project, named by its digest", needs: []sourceID{"services"}, run: checkServiceImages},
	{id: "service-traffic", group: groupServices, verifies: "all traffic goes to one revision, the newest", needs: []sourceID{"services"}, run: checkServiceTraffic},
	{id: "service-environment", group: groupServices, verifies: "every service has exactly the environment of the table", needs: []sourceID{"services", "project", "api keys", "secrets"}, run: checkServiceEnvironment},
	{id: "service-audience", group: groupServices, verifies: "every service accepts tokens for its URL with the project's number, and has that URL", needs: []sourceID{"services", "project"}, run: checkServiceAudience},
	{id: "service-account", group: groupServices, verifies: "every service runs as its own service account", needs: []sourceID{"services"}, run: checkServiceAccount},
	{id: "service-limits", group: groupServices, verifies: "request timeout, memory, CPU, concurrency and instances are those of the table", needs: []sourceID{"services"}, run: checkServiceLimits},
	{id: "service-ingress", group: groupServices, verifies: "requests come from where the table says", needs: []sourceID{"services"}, run: checkServiceIngress},
	{id: "service-protocol", group: groupServices, verifies: "the gRPC service gets HTTP/2 (`h2c`), the others HTTP/1", needs: []sourceID{"services"}, run: checkServiceProtocol},
	{id: "service-probes", group: groupServices, verifies: "the startup probe of every service is the table's, and nothing probes it later", needs: []sourceID{"services"}, run: checkServiceProbes},

	{id: "accounts-exist", group: groupAccess, verifies: "every service account exists and is enabled", needs: []sourceID{"accounts"}, run: checkAccounts},
	{id: "account-keys", group: groupAccess, verifies: "no service account has a key file", needs: []sourceID{"accounts"}, run: checkAccountKeys},
	{id: "roles-granted", group: groupAccess, verifies: "every service account has every role of the table, on the resource that the table names", needs: policySources, run: checkRolesGranted},
	{id: "act-as", group: groupAccess, verifies: "services may act as the accounts whose tokens their tasks carry", needs: []sourceID{"account policies"}, run: checkActAs},
	{id: "sign-blob", group: groupAccess, verifies: "auth's account may sign custom tokens: it has the role on itself, is enabled, and the API is", needs: []sourceID{"accounts", "account policies", "apis"}, run: checkSignBlob},
	{id: "invokers", group: groupAccess, verifies: "public services let everybody call, the others exactly their invokers", needs: []sourceID{"invokers", "services"}, run: checkInvokers},
	{id: "roles-excess", group: groupAccess, verifies: "our service accounts have no other roles, and no service account has a basic role", needs: policySources, run: checkRolesExcess},
	{id: "no-public-access", group: groupAccess, verifies: "`allUsers` and `allAuthenticatedUsers` have no role but that of calling public services", needs: policySources, run: checkNoPublicAccess},

	{id: "database", group: groupDatabase, verifies: "the database exists, in Native mode and in the table's region", needs: []sourceID{"database"}, run: checkDatabase},
	{id: "delete-protection", group: groupDatabase, verifies: "the database is protected from deletion", needs: []sourceID{"database"}, run: checkDeleteProtection},
	{id: "point-in-time-recovery", group: groupDatabase, verifies: "every version of the last seven days can be read", needs: []sourceID{"database"}, run: checkPointInTimeRecovery},
	{id: "backups", group: groupDatabase, verifies: "a daily backup is kept for 7 days, a weekly one for 14 weeks", needs: []sourceID{"backups"}, run: checkBackups},
	{id: "indexes", group: groupDatabase, verifies: "the composite indexes are those of `firestore.indexes.json`, and built", needs: []sourceID{"indexes"}, run: checkIndexes},
	{id: "fields", group: groupDatabase, verifies: "the exemptions from indexing are those of `firestore.indexes.json`", needs: []sourceID{"indexes"}, run: checkFields},
	{id: "ttl", group: groupDatabase, verifies: "the time-to-live policies of `firestore.indexes.json` are active, and no others exist", needs: []sourceID{"indexes"}, run: checkTTL},

	{id: "firestore-rules", group: groupRules, verifies: "the released rules are `firestore.rules`", needs: []sourceID{"rules"}, run: checkFirestoreRules},
	{id: "storage-rules", group: groupRules, verifies: "the released rules are `storage.rules`", needs: []sourceID{"rules"}, run: checkStorageRules},

	{id: "bucket", group: groupStorage, verifies: "the bucket exists", needs: []sourceID{"buckets"}, local: true, run: checkBucket},
	{id: "bucket-location", group: groupStorage, verifies: "the bucket is in the table's region for it, or in that of the services", needs: []sourceID{"buckets"}, run: checkBucketLocation},
	{id: "bucket-cors", group: groupStorage, verifies: "the web apps' origins may read objects and the table's headers, no others may, and browsers remember that for as long as the table says", needs: []sourceID{"buckets"}, run: checkBucketCORS},
	{id: "bucket-access", group: groupStorage, verifies: "access is uniform: objects have no access lists of their own", needs: []sourceID{"buckets"}, run: checkBucketAccess},
	{id: "bucket-soft-delete", group: groupStorage, verifies: "deleted objects are kept for as long as the table says", needs: []sourceID{"buckets"}, run: checkBucketSoftDelete},
	{id: "bucket-lifecycle", group: groupStorage, verifies: "no rule deletes objects by age", needs: []sourceID{"buckets"}, run: checkBucketLifecycle},
	{id: "image-clean-up", group: groupStorage, verifies: "the newest images stay, to roll back to, and old ones are deleted", needs: []sourceID{"image repository"}, run: checkImageCleanUp},

	{id: "queue-settings", group: groupTasks, verifies: "rates and retries of every queue are those of the table", needs: []sourceID{"queues"}, local: true, run: checkQueueSettings},
	{id: "queue-running", group: groupTasks, verifies: "no queue is paused or disabled", needs: []sourceID{"queues"}, local: true, run: checkQueueRunning},
	{id: "job-settings", group: groupTasks, verifies: "schedule, target, audience, deadline and retries of every job are those of the table", needs: []sourceID{"jobs", "project"}, local: true, run: checkJobSettings},
	{id: "job-enabled", group: groupTasks, verifies: "no job is paused or disabled", needs: []sourceID{"jobs"}, local: true, run: checkJobEnabled},
	{id: "job-success", group: groupTasks, verifies: "the last run of every job succeeded", needs: []sourceID{"jobs"}, local: true, run: checkJobSuccess},

	{id: "trigger-settings", group: groupEvents, verifies: "every trigger sends the table's events, as protobuf, to its function, as its account", needs: []sourceID{"triggers"}, run: checkTriggerSettings},
	{id: "trigger-health", group: groupEvents, verifies: "no trigger reports a problem", needs: []sourceID{"triggers"}, run: checkTriggerHealth},

	{id: "secret-present", group: groupSecrets, verifies: "every secret that a service requires has an enabled version", needs: []sourceID{"secrets"}, run: checkSecretPresent},
	{id: "secret-age", group: groupSecrets, verifies: "no secret in use is older than a year", needs: []sourceID{"secrets"}, run: checkSecretAge},
	{id: "api-keys", group: groupSecrets, verifies: "the services have an API key for the Identity Toolkit API alone, and no key is unrestricted", needs: []sourceID{"api keys"}, run: checkAPIKeys},

	{id: "sign-in-email", group: groupSignIn, verifies: "sign-in with address and password is enabled; by link alone it is not", needs: []sourceID{"authentication"}, run: checkSignInEmail},
	{id: "sign-in-unused", group: groupSignIn, verifies: "phone and anonymous sign-in, which nobody uses, are disabled", needs: []sourceID{"authentication"}, run: checkSignInUnused},
	{id: "sign-in-accounts", group: groupSignIn, verifies: "an address has one account", needs: []sourceID{"authentication"}, local: true, run: checkOneAccountPerAddress},
	{id: "sign-in-enumeration", group: groupSignIn, verifies: "Authentication does not reveal which addresses have accounts", needs: []sourceID{"authentication"}, run: checkEnumeration},
	{id: "sign-in-domains", group: groupSignIn, verifies: "exactly the site's domains are authorized", needs: []sourceID{"authentication"}, run: checkDomains},
	{id: "sign-in-plan", group: groupSignIn, verifies: "the project is not upgraded to Identity Platform, which nothing needs", needs: []sourceID{"authentication"}, run: checkPlan},

	{id: "public-reachable", group: groupReach, verifies: "every public service responds", needs: []sourceID{"visits", "project"}, local: true, run: checkPublicReachable},
	{id: "private-closed", group: groupReach, verifies: "every other service responds 401 or 403 without a token and to a forged one", needs: []sourceID{"visits", "project"}, run: checkPrivateClosed},
	{id: "site", group: groupReach, verifies: "the site responds, with the headers of `firebase.json`", needs: []sourceID{"visits"}, run: checkSite},
	{id: "site-rewrites", group: groupReach, verifies: "the rewrites of `firebase.json` lead to services", needs: []sourceID{"visits"}, run: checkRewrites},
	{id: "certificates", group: groupReach, verifies: "no certificate expires within two weeks", needs: []sourceID{"visits"}, run: checkCertificates},

	{id: "go-version", group: groupRuntime, verifies: "every image's binary was built with a supported version of Go", needs: []sourceID{"go releases", "services", "images"}, run: checkGoVersion},
	{id: "signature", group: groupRuntime, verifies: "every account that signs custom tokens can: it signs something", needs: []sourceID{"signatures"}, run: checkSignatures},

	{id: "alert-policies", group: groupAlarm, verifies: "every free alert of the table has a policy, and every policy is enabled and notifies somebody", needs: []sourceID{"alerts"}, run: checkAlertPolicies},
	{id: "alert-conditions", group: groupAlarm, verifies: "every policy has the table's condition, labels and limit of notifications", needs: []sourceID{"alerts"}, run: checkAlertConditions},
	{id: "log-metrics", group: groupAlarm, verifies: "the metric of `nothing-runs`, if that has a policy, counts the table's lines", needs: []sourceID{"log metrics"}, run: checkLogMetrics},
	{id: "notification-channels", group: groupAlarm, verifies: "an enabled and verified notification channel exists", needs: []sourceID{"alerts"}, run: checkChannels},
	{id: "billing", group: groupAlarm, verifies: "a billing account pays", needs: []sourceID{"billing"}, run: checkBilling},
	{id: "budget", group: groupAlarm, verifies: "a budget for the project notifies at 50, 90 and 100 %", needs: []sourceID{"billing", "budgets", "project"}, run: checkBudget},
}

// policySources are the sources of all policies.
var policySources = []sourceID{"project policy", "invokers", "account policies", "bucket policies", "queue policies", "secret policies"}

// examination is what a check works with.
type examination struct {
	*Options
	*State
	check    string
	findings []Finding
}

// errorf and warnf report a difference of a subject; why and remedy follow with [examination.because].
func (e *examination) errorf(subject, format string, args ...any) *Finding {
	return e.add(Error, subject, fmt.Sprintf(format, args...))
}

func (e *examination) warnf(subject, format string, args ...any) *Finding {
	return e.add(Warning, subject, fmt.Sprintf(format, args...))
}

func (e *examination) add(severity Severity, subject, what string) *Finding {
	e.findings = append(e.findings, Finding{Check: e.check, Severity: severity, Subject: subject, What: what})
	return &e.findings[len(e.findings)-1]
}

// because says why a finding matters and which command repairs it.
func (f *Finding) because(why, remedy string, args ...any) {
	f.Why, f.Remedy = why, remedy
	if len(args) > 0 {
		f.Remedy = fmt.Sprintf(remedy, args...)
	}
}

// apply is the command that brings everything in deploy/ up to date.
func (e *examination) apply() string {
	if e.Local {
		return "heektime dev"
	}
	return "tofu -chdir=deploy apply -var project=" + e.Options.Project
}

// operate is the command that changes a resource of Cloud Tasks or Cloud Scheduler, which a local cloud
// serves, too: on Google's cloud that of gcloud.
func (e *examination) operate(gcloud, api, version, name, verb string) string {
	if e.Local {
		return "curl -X POST " + e.Endpoints[api] + "/" + version + "/" + name + ":" + verb
	}
	return gcloud + " --location=" + e.Table.Region + " --project=" + e.Options.Project
}

// console is a page of Firebase's console, for settings that no command changes.
func (e *examination) console(page string) string {
	return "open https://console.firebase.google.com/project/" + e.Options.Project + "/" + page
}
