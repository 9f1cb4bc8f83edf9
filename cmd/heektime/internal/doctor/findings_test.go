package doctor

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"heek.kr/heektime/internal/deployment/spec"
)

// A fault is a change of the healthy project that one check must find.
type fault struct {
	check string
	// change makes the fault.
	change func(s *standIn)
	// want is part of the finding's subject and text, remedy part of its command.
	want, remedy string
}

// auth is the service that faults of services are made in: it is public.
func auth(keys string, value any) func(*standIn) {
	return func(s *standIn) { set(s.services["auth"], keys, value) }
}

func onService(name string) spec.Resource { return spec.Resource{Kind: spec.OnService, ID: name} }
func onAccount(name string) spec.Resource { return spec.Resource{Kind: spec.OnAccount, ID: name} }

// variable changes the environment of auth; a nil value removes a variable.
func variable(name string, value any) func(*standIn) {
	return func(s *standIn) {
		container := s.services["auth"]["template"].(obj)["containers"].([]obj)[0]
		env := slices.DeleteFunc(container["env"].([]obj), func(v obj) bool { return v["name"] == name })
		if value != nil {
			env = append(env, obj{"name": name, "value": value})
		}
		container["env"] = env
	}
}

// respondsAs changes the response to a stranger.
func respondsAs(key string, r strangerResponse) func(*standIn) {
	return func(s *standIn) {
		if _, known := s.strangers.responses[key]; !known {
			panic("nobody requests " + key)
		}
		s.strangers.responses[key] = r
	}
}

const (
	account  = "heektime-auth@heektime-test.iam.gserviceaccount.com"
	apply    = "tofu -chdir=deploy apply -var project=heektime-test"
	runHost  = "-123456789012.asia-northeast3.run.app/health"
	siteHost = "heektime-test.web.app"
)

var serviceFaults = []fault{
	{"project-active", func(s *standIn) { s.project["state"] = "DELETE_REQUESTED" }, "is DELETE_REQUESTED", "gcloud projects undelete heektime-test"},
	{"apis-enabled", func(s *standIn) { s.apis = slices.DeleteFunc(s.apis, func(a string) bool { return a == tasksAPI }) }, tasksAPI + " is not enabled", "gcloud services enable " + tasksAPI},

	{"service-deployed", func(s *standIn) { delete(s.services, "auth") }, "service auth does not exist", apply},
	{"service-deployed", auth("terminalCondition", obj{"state": "CONDITION_FAILED", "message": "The user-provided container failed to start"}), "failed to start", "gcloud logging read"},
	{"service-deployed", auth("terminalCondition", nil), "is not ready", "gcloud logging read"},
	{"service-deployed", auth("template.containers", []obj{{"image": "a"}, {"image": "b"}}), "has 2 containers", apply},
	{"service-deployed", func(s *standIn) { s.services["miner"] = obj{"name": "projects/p/locations/l/services/miner"} }, "service miner is not in the table", "gcloud run services delete miner"},
	{"service-image", auth("template.containers.0.image", "us-docker.pkg.dev/cloudrun/container/hello"), "cloudrun/container/hello", "heektime release"},
	{"service-image", auth("template.containers.0.image", "asia-northeast3-docker.pkg.dev/heektime-test/heektime/courses@sha256:1"), "heektime/courses@", "heektime release"},
	{"service-image", auth("template.containers.0.image", "asia-northeast3-docker.pkg.dev/heektime-test/heektime/auth:latest"), "by its tag", "heektime release"},
	{"service-traffic", auth("trafficStatuses", []obj{{"revision": "a", "percent": 50}, {"revision": "b", "percent": 50}}), "2 revisions share", "heektime release"},
	{"service-traffic", auth("trafficStatuses", []obj{{"revision": "auth-00001-old", "percent": 100}, {"revision": "auth-00002-abc", "tag": "next"}}), "serves auth-00001-old", "heektime release"},
	{"service-traffic", auth("trafficStatuses", nil), "0 revisions", "heektime release"},
	{"service-environment", variable("SERVICE_ACCOUNT", nil), "SERVICE_ACCOUNT is not set", apply},
	{"service-environment", variable("SERVICE_ACCOUNT", "another"), `SERVICE_ACCOUNT is "another"`, apply},
	{"service-environment", variable("FIREBASE_API_KEY", "another"), `FIREBASE_API_KEY is "another"`, apply},
	{"service-environment", variable("FIRESTORE_EMULATOR_HOST", "localhost:8080"), "FIRESTORE_EMULATOR_HOST is set", apply},
	{"service-environment", variable("ALLOWED_ORIGINS", "*"), `ALLOWED_ORIGINS is "*"`, apply},
	{"service-environment", func(s *standIn) { set(s.services["compat-server"], "template.containers.0.env.0.name", "X") }, "service compat-server", apply},
	{"service-environment", func(s *standIn) {
		s.secrets["token-key-old"] = []obj{{"name": "a/versions/1", "createTime": "2026-11-01T00:00:00Z", "state": "ENABLED"}}
	}, "TOKEN_KEY_OLD is not set", apply},
	{"service-audience", auth("customAudiences", nil), "the custom audiences are []", apply},
	{"service-audience", auth("customAudiences", []string{"https://auth-123456789012.asia-northeast3.run.app", "https://evil.example"}), "evil.example", apply},
	{"service-audience", auth("defaultUriDisabled", true), "is not served at", apply},
	{"service-audience", auth("urls", []string{"https://auth-abc-du.a.run.app"}), "is not served at", apply},
	{"service-account", auth("template.serviceAccount", "123-compute@developer.gserviceaccount.com"), "123-compute@", apply},
	{"service-account", auth("template.serviceAccount", ""), `runs as ""`, apply},
	{"service-limits", auth("template.timeout", "300s"), "the request timeout is 5m0s; the table says 1m0s", apply},
	{"service-limits", auth("template.containers.0.resources.limits.memory", "1Gi"), "the memory is 1024 MiB", apply},
	{"service-limits", auth("template.containers.0.resources.limits.cpu", "2"), "the CPU is 2000m", apply},
	{"service-limits", auth("template.containers.0.resources.cpuIdle", false), "its CPU is always allocated", apply},
	{"service-limits", auth("template.maxInstanceRequestConcurrency", 1), "the concurrency is 1;", apply},
	{"service-limits", auth("template.scaling.minInstanceCount", 1), "the number of instances is 1 to 10", apply},
	{"service-limits", auth("template.scaling", nil), "the number of instances is 0 to 0", apply},
	{"service-limits", auth("template.executionEnvironment", "EXECUTION_ENVIRONMENT_GEN2"), "GEN2", apply},
	{"service-probes", auth("template.containers.0.startupProbe.periodSeconds", 240), "the startup probe connects up to 60 times, every 4m0s", apply},
	{"service-probes", auth("template.containers.0.startupProbe", nil), "has no startup probe", apply},
	{"service-probes", auth("template.containers.0.startupProbe.tcpSocket", nil), "the startup probe does not connect to the port", apply},
	{"service-probes", auth("template.containers.0.livenessProbe", obj{"httpGet": obj{"path": "/health"}}), "has a liveness probe", apply},
	{"service-ingress", auth("ingress", "INGRESS_TRAFFIC_INTERNAL_ONLY"), "the ingress is INGRESS_TRAFFIC_INTERNAL_ONLY", apply},
	{"service-protocol", func(s *standIn) { set(s.services["courses"], "template.containers.0.ports.0.name", "http1") }, "service courses its port is not named h2c", apply},
	{"service-protocol", func(s *standIn) { set(s.services["courses"], "template.containers.0.ports", nil) }, "service courses its port is not named h2c", apply},
	{"service-protocol", auth("template.containers.0.ports.0.name", "h2c"), "service auth its port is named h2c", apply},
}

var accessFaults = []fault{
	{"accounts-exist", func(s *standIn) { delete(s.accounts, "heektime-tasks") }, "service account heektime-tasks does not exist", apply},
	{"accounts-exist", func(s *standIn) { s.accounts["heektime-tasks"]["disabled"] = true }, "is disabled", "gcloud iam service-accounts enable heektime-tasks@"},
	{"account-keys", func(s *standIn) {
		s.keys[account] = []obj{{"name": "projects/p/serviceAccounts/a/keys/0123456789abcdef", "keyType": "USER_MANAGED"}}
	}, "has a key file", "keys delete 0123456789abcdef --iam-account=" + account},
	{"roles-granted", func(s *standIn) { s.unbind(spec.Project, "roles/firebaseauth.admin") }, "lacks roles/firebaseauth.admin on the project", "gcloud projects add-iam-policy-binding heektime-test --member=serviceAccount:" + account},
	{"roles-granted", func(s *standIn) {
		s.unbind(spec.Resource{Kind: spec.OnBucket, ID: "lists"}, "roles/storage.objectUser")
	}, "on the bucket lists", "gcloud storage buckets add-iam-policy-binding gs://heektime-test.firebasestorage.app"},
	{"roles-granted", func(s *standIn) {
		s.unbind(spec.Resource{Kind: spec.OnQueue, ID: "refresh"}, "roles/cloudtasks.enqueuer")
	}, "on the queue refresh", "gcloud tasks queues add-iam-policy-binding refresh --location=asia-northeast3"},
	{"roles-granted", func(s *standIn) {
		s.unbind(spec.Resource{Kind: spec.OnSecret, ID: "token-key"}, "roles/secretmanager.secretAccessor")
	}, "on the secret token-key", "gcloud secrets add-iam-policy-binding token-key"},
	{"roles-granted", func(s *standIn) { // a condition may not hold
		s.unbind(spec.Project, "roles/eventarc.eventReceiver")
		s.policies[spec.Project] = append(s.policies[spec.Project], obj{
			"role": "roles/eventarc.eventReceiver", "members": []string{"serviceAccount:heektime-eventarc@heektime-test.iam.gserviceaccount.com"},
			"condition": obj{"expression": "request.time < timestamp('2026-01-01T00:00:00Z')"},
		})
	}, "lacks roles/eventarc.eventReceiver", "add-iam-policy-binding"},
	{"act-as", func(s *standIn) { s.unbind(onAccount("heektime-tasks"), "roles/iam.serviceAccountUser") }, "heektime-refresh lacks roles/iam.serviceAccountUser", "gcloud iam service-accounts add-iam-policy-binding heektime-tasks@"},
	{"sign-blob", func(s *standIn) { s.unbind(onAccount("heektime-auth"), "roles/iam.serviceAccountTokenCreator") }, "lacks roles/iam.serviceAccountTokenCreator", "add-iam-policy-binding"},
	{"signature", func(s *standIn) { s.unsigned = true }, "service account heektime-auth cannot sign: ", "add-iam-policy-binding " + account},
	{"sign-blob", func(s *standIn) { s.accounts["heektime-auth"]["disabled"] = true }, "is disabled", apply},
	{"sign-blob", func(s *standIn) {
		s.apis = slices.DeleteFunc(s.apis, func(a string) bool { return a == credentialsAPI })
	}, credentialsAPI + " is not enabled", "gcloud services enable"},
	{"invokers", func(s *standIn) { s.unbind(onService("auth"), "roles/run.invoker") }, "service auth does not let allUsers call", "gcloud run services add-iam-policy-binding auth --region=asia-northeast3 --member=allUsers"},
	{"invokers", func(s *standIn) { s.unbind(onService("courses"), "roles/run.invoker") }, "does not let serviceAccount:heektime-refresh@", "add-iam-policy-binding courses"},
	{"invokers", func(s *standIn) { s.bind(onService("courses"), "roles/run.invoker", "allUsers") }, "service courses lets allUsers call", "gcloud run services remove-iam-policy-binding courses"},
	{"invokers", func(s *standIn) { s.bind(onService("courses"), "roles/run.invoker", "user:a@example.com") }, "lets user:a@example.com call", "remove-iam-policy-binding"},
	{"invokers", func(s *standIn) { s.services["cleanup"]["invokerIamDisabled"] = true }, "its IAM check is disabled", "--invoker-iam-check"},
	{"roles-excess", func(s *standIn) { s.bind(spec.Project, "roles/storage.admin", "serviceAccount:"+account) }, "has roles/storage.admin on the project", "gcloud projects remove-iam-policy-binding"},
	{"roles-excess", func(s *standIn) {
		s.bind(spec.Project, "roles/editor", "serviceAccount:123-compute@developer.gserviceaccount.com")
	}, "123-compute@developer.gserviceaccount.com has the basic role roles/editor", "remove-iam-policy-binding"},
	{"roles-excess", func(s *standIn) {
		s.bind(onAccount("heektime-tasks"), "roles/iam.serviceAccountTokenCreator", "serviceAccount:"+account)
	}, "on the service account heektime-tasks", "remove-iam-policy-binding heektime-tasks@"},
	{"no-public-access", func(s *standIn) {
		s.bind(spec.Resource{Kind: spec.OnBucket, ID: "lists"}, "roles/storage.objectViewer", "allUsers")
	}, "the bucket lists gives roles/storage.objectViewer to allUsers", "gcloud storage buckets remove-iam-policy-binding"},
	{"no-public-access", func(s *standIn) { s.bind(onService("auth"), "roles/run.admin", "allAuthenticatedUsers") }, "gives roles/run.admin", "remove-iam-policy-binding auth"},
}

var dataFaults = []fault{
	{"database", func(s *standIn) { s.database = nil }, "database (default) does not exist", apply},
	{"database", func(s *standIn) { s.database["type"] = "DATASTORE_MODE" }, "is of type DATASTORE_MODE", "--type=firestore-native"},
	{"database", func(s *standIn) { s.database["locationId"] = "nam5" }, "is in nam5", "databases create"},
	{"delete-protection", func(s *standIn) { s.database["deleteProtectionState"] = "DELETE_PROTECTION_DISABLED" }, "not protected", "--delete-protection"},
	{"point-in-time-recovery", func(s *standIn) { delete(s.database, "pointInTimeRecoveryEnablement") }, "no point-in-time recovery", "--enable-pitr"},
	{"backups", func(s *standIn) { s.backups = nil }, "daily backups are kept for 0 days, not 7", "--recurrence=daily --retention=1w"},
	{"backups", func(s *standIn) { s.backups[1]["retention"] = "604800s" }, "weekly backups are kept for 7 days, not 98", "--recurrence=weekly --day-of-week=SUN --retention=14w"},
	{"indexes", func(s *standIn) { s.indexes = s.indexes[1:] }, "does not exist", apply},
	{"indexes", func(s *standIn) { set(s.indexes[0], "fields.0.order", "ASCENDING") }, "is not in firestore.indexes.json", "indexes composite delete CICA0"},
	{"indexes", func(s *standIn) { s.indexes[0]["queryScope"] = "COLLECTION_GROUP" }, "does not exist", apply},
	{"indexes", func(s *standIn) { s.indexes[0]["state"] = "NEEDS_REPAIR" }, "NEEDS_REPAIR", apply},
	{"indexes", func(s *standIn) { s.indexes[0]["state"] = "CREATING" }, "is being built", "heektime doctor"},
	{"fields", func(s *standIn) { set(s.field("runs", "expires"), "indexConfig", obj{"usesAncestorConfig": true}) }, "is indexed as all fields are; the file says not indexed", apply},
	{"fields", func(s *standIn) {
		set(s.field("runs", "expires"), "indexConfig.indexes", []obj{{"queryScope": "COLLECTION", "fields": []obj{{"fieldPath": "expires", "order": "ASCENDING"}}}})
	}, "is indexed as COLLECTION ASCENDING", apply},
	{"fields", func(s *standIn) {
		s.fields = append(s.fields, obj{"name": "projects/p/databases/d/collectionGroups/users/fields/`name`", "indexConfig": obj{}})
	}, "field users.name is not indexed", apply},
	{"fields", func(s *standIn) { delete(s.field("lectures", "updatedAt")["indexConfig"].(obj), "indexes") }, "lectures.updatedAt is not indexed; the file says indexed as COLLECTION ASCENDING", apply},
	{"ttl", func(s *standIn) { delete(s.field("runs", "expires"), "ttlConfig") }, "is not the time to live", apply},
	{"ttl", func(s *standIn) { set(s.field("runs", "expires"), "ttlConfig.state", "CREATING") }, "is CREATING", "ttls list"},
	{"ttl", func(s *standIn) { s.field("changes", "lectures")["ttlConfig"] = obj{"state": "ACTIVE"} }, "is a time to live that the file does not have", "--disable-ttl"},
	{"ttl", func(s *standIn) {
		s.fields = append(s.fields, obj{"name": "projects/p/databases/d/collectionGroups/users/fields/createdAt", "ttlConfig": obj{"state": "ACTIVE"}, "indexConfig": obj{"usesAncestorConfig": true}})
	}, "field users.createdAt is a time to live", "ttls update createdAt --collection-group=users"},
	{"firestore-rules", func(s *standIn) { delete(s.rules, "cloud.firestore") }, "no rules are released", apply},
	{"firestore-rules", func(s *standIn) { s.rules["cloud.firestore"] = "rules_version = '2';\nallow all" }, "firestore.rules the released rules differ", apply},
	{"firestore-rules", func(s *standIn) { s.closeRules("cloud.firestore", "") }, "firestore.rules closed by heektime stop since 2026-11-29T03:12:00Z", "heektime start --google --project heektime-test"},
	{"firestore-rules", func(s *standIn) { s.closeRules("cloud.firestore", "\n// more") }, "firestore.rules the released rules differ", apply},
	{"firestore-rules", func(s *standIn) { s.closeRules("cloud.firestore", ""); s.rules["cloud.firestore"] += " " }, "somebody has edited the closed rules", apply},
	{"storage-rules", func(s *standIn) { s.rules["firebase.storage/heektime-test.firebasestorage.app"] += "\n// more" }, "storage.rules the released rules differ", apply},

	{"bucket", func(s *standIn) { s.bucket = nil }, "bucket heektime-test.firebasestorage.app does not exist", "deploy/firebase.sh heektime-test"},
	{"bucket-location", func(s *standIn) { s.bucket["location"] = "US" }, "is in US, neither in us-west1 nor in asia-northeast3", "buckets relocate gs://heektime-test.firebasestorage.app --location=us-west1"},
	{"image-clean-up", func(s *standIn) { s.repository = nil }, "image repository heektime does not exist", apply},
	{"image-clean-up", func(s *standIn) { s.repository["cleanupPolicyDryRun"] = true }, "deletes nothing", apply},
	{"image-clean-up", func(s *standIn) { set(s.repository, "cleanupPolicies.keep-recent.mostRecentVersions.keepCount", 1) }, "keeps 1 version of each image; the table says 10", apply},
	{"image-clean-up", func(s *standIn) { delete(s.repository["cleanupPolicies"].(obj), "keep-recent") }, "keeps 0 versions", apply},
	{"image-clean-up", func(s *standIn) { delete(s.repository["cleanupPolicies"].(obj), "delete-old") }, "deletes no images by age", apply},
	{"image-clean-up", func(s *standIn) { set(s.repository, "cleanupPolicies.delete-old.condition.olderThan", "86400s") }, "deletes images after 24h0m0s; the table says 720h0m0s", apply},

	{"bucket-cors", func(s *standIn) { s.bucket["cors"] = nil }, "pages of https://heektime-test.web.app may not GET", apply},
	{"bucket-cors", func(s *standIn) { set(s.bucket, "cors.0.maxAgeSeconds", 60) }, "remember for 1m0s", apply},
	{"bucket-cors", func(s *standIn) { set(s.bucket, "cors.0.responseHeader", []string{"Content-Type"}) }, "may not read the header Content-Encoding", apply},
	{"bucket-cors", func(s *standIn) { set(s.bucket, "cors.0.origin", []string{"https://heektime-test.web.app"}) }, "pages of https://heektime-test.firebaseapp.com may not GET", apply},
	{"bucket-cors", func(s *standIn) { set(s.bucket, "cors.0.method", []string{"GET", "PUT"}) }, "may PUT objects", apply},
	{"bucket-cors", func(s *standIn) { set(s.bucket, "cors.0.origin", []string{"*"}) }, "pages of * may GET", apply},
	{"bucket-access", func(s *standIn) { set(s.bucket, "iamConfiguration.uniformBucketLevelAccess.enabled", false) }, "access lists of their own", "--uniform-bucket-level-access"},
	{"bucket-soft-delete", func(s *standIn) { set(s.bucket, "softDeletePolicy.retentionDurationSeconds", "604800") }, "kept for 604800 s; the table says 0 s", "--soft-delete-duration=0"},
	{"bucket-lifecycle", func(s *standIn) {
		s.bucket["lifecycle"] = obj{"rule": []obj{{"action": obj{"type": "Delete"}, "condition": obj{"age": 30}}}}
	}, "a lifecycle rule deletes objects", "--clear-lifecycle"},
}

var callerFaults = []fault{
	{"queue-settings", func(s *standIn) { delete(s.queues, "refresh") }, "queue refresh does not exist", apply},
	{"queue-settings", func(s *standIn) { set(s.queues["refresh"], "rateLimits.maxConcurrentDispatches", 1000) }, "the concurrency is 1000, the table says 4", apply},
	{"queue-settings", func(s *standIn) { set(s.queues["refresh"], "retryConfig.maxAttempts", 100) }, "the number of attempts is 100", apply},
	{"queue-settings", func(s *standIn) { set(s.queues["refresh"], "retryConfig.maxRetryDuration", "3600s") }, "the limit on the time of retries is 1h0m0s", apply},
	{"queue-running", func(s *standIn) { s.queues["refresh"]["state"] = "PAUSED" }, "is PAUSED", "gcloud tasks queues resume refresh --location=asia-northeast3"},
	{"job-settings", func(s *standIn) { delete(s.jobs, "purge") }, "job purge does not exist", apply},
	{"job-settings", func(s *standIn) { s.jobs["purge"]["schedule"] = "0 0 * * *" }, "the schedule is 0 0 * * *", apply},
	{"job-settings", func(s *standIn) { s.jobs["purge"]["timeZone"] = "UTC" }, "the time zone is UTC", apply},
	{"job-settings", func(s *standIn) { set(s.jobs["purge"], "httpTarget.uri", "https://example.com/purge") }, "the URL is https://example.com/purge", apply},
	{"job-settings", func(s *standIn) { set(s.jobs["purge"], "httpTarget.oidcToken.audience", "x") }, "the tokens' audience is x", apply},
	{"job-settings", func(s *standIn) { set(s.jobs["purge"], "httpTarget.oidcToken", nil) }, "the tokens' account is ", apply},
	{"job-settings", func(s *standIn) { set(s.jobs["sweep"], "retryConfig.retryCount", 0) }, "the number of retries is 0", apply},
	{"job-settings", func(s *standIn) { set(s.jobs["purge"], "attemptDeadline", "180s") }, "the deadline of an attempt is 3m0s", apply},
	{"job-settings", func(s *standIn) { s.jobs["extra"] = obj{"name": "a/jobs/extra", "state": "ENABLED"} }, "job extra is not in the table", "gcloud scheduler jobs delete extra"},
	{"job-enabled", func(s *standIn) { s.jobs["purge"]["state"] = "PAUSED" }, "job purge is PAUSED", "gcloud scheduler jobs resume purge"},
	{"job-success", func(s *standIn) { s.jobs["purge"]["status"] = obj{"code": 7, "message": "permission denied"} }, "failed with code 7", "gcloud scheduler jobs run purge"},
	{"job-success", func(s *standIn) { delete(s.jobs["purge"], "lastAttemptTime") }, "has never run", "gcloud scheduler jobs run purge"},

	{"trigger-settings", func(s *standIn) { delete(s.triggers, "user-deleted") }, "trigger user-deleted does not exist", apply},
	{"trigger-settings", func(s *standIn) { s.triggers["user-deleted"]["eventDataContentType"] = "application/json" }, "the content type is application/json", apply},
	{"trigger-settings", func(s *standIn) { set(s.triggers["user-deleted"], "eventFilters.2.value", "users/{a=**}") }, "the document is match-path-pattern users/{a=**}", apply},
	{"trigger-settings", func(s *standIn) { delete(s.triggers["user-deleted"]["eventFilters"].([]obj)[2], "operator") }, "the document is users/{uid}", apply},
	{"trigger-settings", func(s *standIn) { set(s.triggers["user-deleted"], "eventFilters.1.value", "restored") }, "the database is restored", apply},
	{"trigger-settings", func(s *standIn) { set(s.triggers["user-deleted"], "destination.cloudRun.path", "/timetable-deleted") }, "the destination is asia-northeast3 functions/timetable-deleted", apply},
	{"trigger-settings", func(s *standIn) { set(s.triggers["user-deleted"], "destination", nil) }, "the destination is", apply},
	{"trigger-settings", func(s *standIn) { s.triggers["user-deleted"]["serviceAccount"] = "x@example.com" }, "the account is x@example.com", apply},
	{"trigger-settings", func(s *standIn) { s.triggers["extra"] = obj{"name": "a/triggers/extra"} }, "trigger extra is not in the table", "gcloud eventarc triggers delete extra"},
	{"trigger-health", func(s *standIn) {
		s.triggers["user-deleted"]["conditions"] = obj{"subscription": obj{"code": "PERMISSION_DENIED", "message": "cannot subscribe"}}
	}, "subscription: PERMISSION_DENIED cannot subscribe", "gcloud eventarc triggers describe user-deleted"},
}

var secretFaults = []fault{
	{"secret-present", func(s *standIn) { delete(s.secrets, "token-key") }, "secret token-key does not exist", apply},
	{"secret-present", func(s *standIn) { s.secrets["token-key"] = nil }, "has no enabled version", "openssl rand -base64 32 | gcloud secrets versions add token-key"},
	{"secret-present", func(s *standIn) {
		s.secrets["token-key"] = append([]obj{{"name": "a/versions/3", "createTime": "2026-11-01T00:00:00Z", "state": "DISABLED"}}, s.secrets["token-key"]...)
	}, "its newest version is DISABLED", "gcloud secrets versions enable 3 --secret=token-key"},
	{"secret-age", func(s *standIn) { s.secrets["token-key"][0]["createTime"] = "2025-11-27T00:00:00Z" }, "is 366 days old", "gcloud secrets versions add token-key"},
	{"secret-age", func(s *standIn) {
		s.secrets["token-key-old"] = []obj{{"name": "a/versions/1", "createTime": "2025-01-01T00:00:00Z", "state": "ENABLED"}}
	}, "secret token-key-old is 696 days old", "gcloud secrets versions disable 1 --secret=token-key-old"},
	{"api-keys", func(s *standIn) { delete(s.apiKeys, "services") }, "API key services does not exist", apply},
	{"api-keys", func(s *standIn) { delete(s.apiKeys["services"], "restrictions") }, "may call every API", apply},
	{"api-keys", func(s *standIn) {
		set(s.apiKeys["services"], "restrictions.apiTargets", []obj{{"service": storageAPI}})
	}, "may call " + storageAPI, apply},
	{"api-keys", func(s *standIn) {
		set(s.apiKeys["services"], "restrictions.browserKeyRestrictions", obj{"allowedReferrers": []string{"example.com"}})
	}, "is restricted to web pages", apply},
	{"api-keys", func(s *standIn) { delete(s.apiKeys["clients"], "restrictions") }, "API key clients may call every API", "gcloud services api-keys update clients"},

	{"sign-in-email", func(s *standIn) { s.authentication = nil }, "is disabled", "deploy/firebase.sh"},
	{"sign-in-email", func(s *standIn) { set(s.authentication, "signIn.email.enabled", false) }, "is disabled", "deploy/firebase.sh"},
	{"sign-in-email", func(s *standIn) { set(s.authentication, "signIn.email.passwordRequired", false) }, "by e-mail link is enabled", "authentication/providers"},
	{"sign-in-unused", func(s *standIn) { set(s.authentication, "signIn.anonymous.enabled", true) }, "anonymous sign-in is enabled", "deploy/firebase.sh"},
	{"sign-in-unused", func(s *standIn) { set(s.authentication, "signIn.phoneNumber.enabled", true) }, "by phone is enabled", "authentication/providers"},
	{"sign-in-accounts", func(s *standIn) { set(s.authentication, "signIn.allowDuplicateEmails", true) }, "several accounts", "deploy/firebase.sh"},
	{"sign-in-enumeration", func(s *standIn) { delete(s.authentication, "emailPrivacyConfig") }, "enumeration protection is disabled", "authentication/settings"},
	{"sign-in-domains", func(s *standIn) { s.authentication["authorizedDomains"] = []string{siteHost} }, "heektime-test.firebaseapp.com is not authorized", "deploy/firebase.sh"},
	{"sign-in-domains", func(s *standIn) {
		s.authentication["authorizedDomains"] = []string{siteHost, "heektime-test.firebaseapp.com", "localhost"}
	}, "the domain localhost is authorized", "deploy/firebase.sh"},
	{"sign-in-plan", func(s *standIn) { s.authentication["subtype"] = "IDENTITY_PLATFORM" }, "is upgraded to Identity Platform", "usage/details"},
}

var outsideFaults = []fault{
	{"public-reachable", respondsAs("auth"+runHost, strangerResponse{status: 200, body: "<h1>Hello</h1>"}), "is another program", "heektime release"},
	{"public-reachable", respondsAs("auth"+runHost, strangerResponse{status: 403}), "service auth responds 403 Forbidden", "gcloud logging read"},
	{"public-reachable", respondsAs("auth"+runHost, strangerResponse{err: errors.New("connection refused")}), "does not respond: ", "gcloud logging read"},
	{"private-closed", respondsAs("cleanup"+runHost, strangerResponse{status: 200}), "responds 200 OK to a request without a token", "--invoker-iam-check"},
	{"private-closed", respondsAs("forged cleanup"+runHost, strangerResponse{status: 404}), "with a token that nobody signed", "--invoker-iam-check"},
	{"private-closed", respondsAs("cleanup"+runHost, strangerResponse{err: errors.New("no such host")}), "no such host", "--invoker-iam-check"},
	{"site", respondsAs(siteHost+"/", strangerResponse{status: 404}), "responds 404 Not Found", "firebase-tools@15 deploy --only hosting"},
	{"site", respondsAs(siteHost+"/", strangerResponse{status: 200}), "the header Content-Security-Policy is", "firebase-tools@15 deploy --only hosting"},
	{"site-rewrites", respondsAs(siteHost+"/login/", strangerResponse{status: 200, header: map[string]string{"Content-Type": "text/html; charset=utf-8"}}), "/login/ is the app's page", "deploy --only hosting"},
	{"site-rewrites", respondsAs(siteHost+"/apis/v2/doctor", strangerResponse{status: 502}), "responds 502", "deploy --only hosting"},
	{"certificates", func(s *standIn) { s.strangers.expires = testNow().Add(13 * 24 * time.Hour) }, "expires on 2026-12-11, in 13 days", "hosting/sites"},

	{"go-version", func(s *standIn) {
		s.releases = []obj{{"version": "go1.99.1", "stable": true}, {"version": "go1.98rc1", "stable": false}, {"version": "go1.97.5", "stable": true}}
	}, "supported are go1.99.1 and go1.97.5", "heektime release"},

	{"alert-policies", func(s *standIn) { s.alerts = nil }, "alert purge-late does not exist", apply},
	{"alert-policies", func(s *standIn) { s.alerts = s.alerts[1:] }, "alert list-failing does not exist", apply},
	{"alert-policies", func(s *standIn) { s.alerts[1]["enabled"] = false }, "alert No refreshes are scheduled is disabled", "gcloud monitoring policies update"},
	{"alert-policies", func(s *standIn) {
		s.alerts[1]["notificationChannels"] = []string{"projects/p/notificationChannels/gone"}
	}, "notifies no enabled channel", apply},
	{"alert-policies", func(s *standIn) { s.alerts[1]["validity"] = obj{"code": 5, "message": "metric not found"} }, "is not valid: metric not found", apply},
	{"alert-conditions", func(s *standIn) {
		set(s.alert("list-failing"), "conditions.0.conditionMatchedLog.filter", "severity>=ERROR")
	}, "alert list-failing has another condition than the table's: one line; at most one notification in 12 hours for the same school", apply},
	{"alert-conditions", func(s *standIn) {
		s.alert("list-failing")["conditions"] = []obj{{"conditionThreshold": obj{"filter": `metric.type="logging.googleapis.com/user/x"`}}}
	}, "alert list-failing has another condition", apply},
	{"alert-conditions", func(s *standIn) {
		set(s.alert("list-failing"), "conditions.0.conditionMatchedLog.labelExtractors", obj{})
	}, "alert list-failing separates lines by other labels", apply},
	{"alert-conditions", func(s *standIn) { s.alert("list-failing")["alertStrategy"] = obj{} }, "alert list-failing does not limit its notifications to one in 12h0m0s", apply},
	{"alert-conditions", func(s *standIn) {
		set(s.alert("purge-late"), "alertStrategy.notificationRateLimit.period", "300s")
	}, "alert purge-late does not limit its notifications", apply},
	{"alert-conditions", func(s *standIn) {
		a := s.alert("purge-late")
		a["conditions"] = append(a["conditions"].([]obj), a["conditions"].([]obj)...)
	}, "alert purge-late has 2 conditions instead of one", apply},
	{"alert-conditions", func(s *standIn) {
		set(s.alert("firestore-reads"), "conditions.0.conditionThreshold.thresholdValue", 100)
	}, "alert firestore-reads has another condition than the table's: 200000 or more", apply},
	{"alert-conditions", func(s *standIn) {
		set(s.alert("firestore-reads"), "conditions.0.conditionThreshold.aggregations.0.alignmentPeriod", "60s")
	}, "alert firestore-reads has another condition", apply},
	{"alert-conditions", func(s *standIn) {
		set(s.alert("nothing-runs"), "conditions.0.conditionThreshold.evaluationMissingData", "EVALUATION_MISSING_DATA_INACTIVE")
	}, "alert nothing-runs has another condition than the table's: no such line for 2 hours", apply},
	{"log-metrics", func(s *standIn) { s.metrics = nil }, "metric heektime-nothing-runs does not exist", apply},
	{"log-metrics", func(s *standIn) { s.metrics[0]["filter"] = "severity>=ERROR" }, "counts other lines", apply},
	{"log-metrics", func(s *standIn) { s.metrics[0]["disabled"] = true }, "is disabled", apply},
	{"notification-channels", func(s *standIn) { s.channels = nil }, "no notification channel works", "alert_emails"},
	{"notification-channels", func(s *standIn) { s.channels[0]["enabled"] = false }, "is disabled", "channels update"},
	{"notification-channels", func(s *standIn) { s.channels[0]["verificationStatus"] = "UNVERIFIED" }, "is not verified", "console.cloud.google.com"},
	{"billing", func(s *standIn) { s.billing["billingEnabled"] = false }, "no billing account pays", "gcloud billing projects link heektime-test"},
	{"budget", func(s *standIn) { s.budgets = nil }, "has no budget", apply},
	{"budget", func(s *standIn) { set(s.budgets[0], "budgetFilter.projects", []string{"projects/999"}) }, "has no budget", apply},
	{"budget", func(s *standIn) { s.budgets[0]["thresholdRules"] = []obj{{"thresholdPercent": 1}} }, "does not notify at 50 %", apply},
}

// TestEveryCheckFails makes every fault, one at a time, and tests that its check finds it, and says why
// it matters and how to repair it.
func TestEveryCheckFails(t *testing.T) {
	faults := slices.Concat(serviceFaults, accessFaults, dataFaults, callerFaults, secretFaults, outsideFaults)
	fails := map[string]bool{}
	for _, f := range faults {
		fails[f.check] = true
		t.Run(f.check+": "+f.want, func(t *testing.T) {
			s := newStandIn(t)
			f.change(s)
			o := s.options(t)
			o.Images = f.check == "go-version"
			report := diagnose(t, o)
			found := false
			for _, got := range report.Findings {
				if got.Why == "" || got.Remedy == "" || strings.Contains(got.What+got.Remedy, "%!") {
					t.Errorf("finding is not complete: %+v", got)
				}
				found = found || got.Check == f.check && strings.Contains(got.Subject+" "+got.What, f.want) && strings.Contains(got.Remedy, f.remedy)
			}
			if !found {
				t.Errorf("no finding of %s with %q and the remedy %q:\n%+v", f.check, f.want, f.remedy, report.Findings)
			}
			for _, r := range report.Results {
				if r.Check == f.check && r.Status != Found {
					t.Errorf("the check %s", r.Status)
				}
			}
		})
	}
	for _, c := range checks {
		if !fails[c.id] {
			t.Errorf("no test makes the check %s fail", c.id)
		}
	}
}
