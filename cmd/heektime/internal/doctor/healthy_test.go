package doctor

import (
	"fmt"
	"runtime"
	"strconv"
	"time"

	"heek.kr/heektime/internal/deployment/spec"
)

func testNow() time.Time { return time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC) }

// healthy fills the stand-in with what the deployment's table and the files say, in the JSON that
// Google documents for each API. It is long because each API has a few lines.
func (s *standIn) healthy(files Files) {
	name := "projects/" + testProject
	location := name + "/locations/" + s.table.Region
	s.project = obj{"name": "projects/" + testNumber, "projectId": testProject, "state": "ACTIVE"}
	s.billing = obj{"name": name + "/billingInfo", "projectId": testProject, "billingAccountName": "billingAccounts/01-02-03", "billingEnabled": true}
	s.apis = sortedKeys(requiredAPIs)
	s.database = obj{
		"name": name + "/databases/(default)", "locationId": s.table.Region, "type": "FIRESTORE_NATIVE",
		"pointInTimeRecoveryEnablement": "POINT_IN_TIME_RECOVERY_ENABLED", "deleteProtectionState": "DELETE_PROTECTION_ENABLED",
	}
	s.backups = []obj{
		{"name": name + "/databases/(default)/backupSchedules/1", "retention": "604800s", "dailyRecurrence": obj{}},
		{"name": name + "/databases/(default)/backupSchedules/2", "retention": "8467200s", "weeklyRecurrence": obj{"day": "SUNDAY"}},
	}
	s.healthyIndexes(files.Indexes)
	s.rules = map[string]string{"cloud.firestore": files.FirestoreRules, "firebase.storage/" + testProject + ".firebasestorage.app": files.StorageRules}
	s.bucket = obj{
		"kind": "storage#bucket", "name": testProject + ".firebasestorage.app", "location": "US-WEST1", "storageClass": "STANDARD",
		"iamConfiguration": obj{"uniformBucketLevelAccess": obj{"enabled": true}, "publicAccessPrevention": "inherited"},
		"softDeletePolicy": obj{"retentionDurationSeconds": "0"},
		"cors": []obj{{
			"origin": []string{"https://" + testProject + ".web.app", "https://" + testProject + ".firebaseapp.com"}, "method": []string{"GET"},
			"responseHeader": []string{"Content-Type", "Content-Encoding"}, "maxAgeSeconds": 3600,
		}},
	}
	s.authentication = obj{
		"name": "projects/" + testNumber + "/config", "subtype": "FIREBASE_AUTH",
		"signIn":             obj{"email": obj{"enabled": true, "passwordRequired": true}, "anonymous": obj{}, "phoneNumber": obj{}},
		"emailPrivacyConfig": obj{"enableImprovedEmailPrivacy": true},
		"authorizedDomains":  []string{testProject + ".firebaseapp.com", testProject + ".web.app"},
	}
	s.apiKeys = map[string]obj{
		"services": {"name": "projects/" + testNumber + "/locations/global/keys/services", "restrictions": obj{"apiTargets": []obj{{"service": identityAPI}}}},
		"clients":  {"name": "projects/" + testNumber + "/locations/global/keys/clients", "restrictions": obj{"apiTargets": []obj{{"service": firestoreAPI}, {"service": identityAPI}}}},
	}
	s.secrets = map[string][]obj{
		"token-key": {{"name": "projects/" + testNumber + "/secrets/token-key/versions/2", "createTime": "2026-10-01T00:00:00.123456Z", "state": "ENABLED"},
			{"name": "projects/" + testNumber + "/secrets/token-key/versions/1", "createTime": "2025-10-01T00:00:00Z", "state": "DESTROYED"}},
		"token-key-old": {}, "old-server-token-key": {},
	}
	channel := name + "/notificationChannels/7"
	s.channels = []obj{{"name": channel, "type": "slack", "displayName": "Slack #alerts", "enabled": true}}
	s.healthyAlerts(channel)
	s.repository = obj{
		"name": location + "/repositories/heektime", "format": "DOCKER", "cleanupPolicies": obj{
			"keep-recent": obj{"id": "keep-recent", "action": "KEEP", "mostRecentVersions": obj{"keepCount": 10}},
			"delete-old":  obj{"id": "delete-old", "action": "DELETE", "condition": obj{"tagState": "ANY", "olderThan": "2592000s"}},
		},
	}
	s.budgets = []obj{{
		"name": "billingAccounts/01-02-03/budgets/1", "displayName": "HeekTime", "budgetFilter": obj{"projects": []string{"projects/" + testNumber}},
		"thresholdRules": []obj{{"thresholdPercent": 0.5}, {"thresholdPercent": 0.9}, {"thresholdPercent": 1}},
	}}
	s.releases = []obj{{"version": runtime.Version(), "stable": true}, {"version": "go1.1.1", "stable": true}}

	s.accounts, s.keys, s.policies = map[string]obj{}, map[string][]obj{}, map[spec.Resource][]obj{}
	for _, a := range s.table.Accounts {
		email := spec.Email(testProject, a.ID)
		s.accounts[a.ID] = obj{"name": name + "/serviceAccounts/" + email, "email": email, "uniqueId": "1"}
	}
	for _, g := range s.table.Grants() {
		s.bind(g.On, g.Role, "serviceAccount:"+spec.Email(testProject, g.Account))
	}
	s.bind(spec.Project, "roles/owner", "user:someone@example.com")
	s.services, s.queues, s.jobs, s.triggers = map[string]obj{}, map[string]obj{}, map[string]obj{}, map[string]obj{}
	for i := range s.table.Services {
		s.healthyService(&s.table.Services[i])
	}
	for _, q := range s.table.Queues {
		s.queues[q.ID] = obj{
			"name": location + "/queues/" + q.ID, "state": "RUNNING",
			"rateLimits": obj{"maxDispatchesPerSecond": q.MaxDispatchesPerSecond, "maxBurstSize": 10, "maxConcurrentDispatches": q.MaxConcurrentDispatches},
			"retryConfig": obj{
				"maxAttempts": q.Retry.MaxAttempts, "minBackoff": seconds(q.Retry.MinBackoff), "maxBackoff": seconds(q.Retry.MaxBackoff), "maxDoublings": q.Retry.MaxDoublings,
			},
		}
	}
	for _, j := range s.table.Jobs {
		url := s.table.RunURL(j.Target.Service, testNumber)
		s.jobs[j.ID] = obj{
			"name": location + "/jobs/" + j.ID, "schedule": j.Schedule, "timeZone": j.TimeZone, "state": "ENABLED",
			"attemptDeadline": seconds(j.AttemptDeadline), "lastAttemptTime": "2026-11-28T11:55:00Z", "status": obj{},
			"httpTarget": obj{"uri": url + j.Target.Path, "httpMethod": "POST", "oidcToken": obj{
				"serviceAccountEmail": spec.Email(testProject, j.Target.Account), "audience": url,
			}},
			"retryConfig": obj{
				"retryCount": j.Retry.Count, "minBackoffDuration": seconds(max(j.Retry.MinBackoff, 5*time.Second)), "maxBackoffDuration": seconds(max(j.Retry.MaxBackoff, time.Hour)),
				"maxDoublings": max(j.Retry.MaxDoublings, 1), "maxRetryDuration": "0s",
			},
		}
	}
	for _, trigger := range s.table.Triggers {
		s.triggers[trigger.ID] = obj{
			"name": location + "/triggers/" + trigger.ID, "eventDataContentType": "application/protobuf",
			"serviceAccount": spec.Email(testProject, trigger.Target.Account),
			"eventFilters": []obj{
				{"attribute": "type", "value": trigger.Event}, {"attribute": "database", "value": "(default)"},
				{"attribute": "document", "value": trigger.Document, "operator": "match-path-pattern"},
			},
			"destination": obj{"cloudRun": obj{"service": trigger.Target.Service, "region": s.table.Region, "path": trigger.Target.Path}},
		}
	}
}

func seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', -1, 64) + "s" }

// bind adds a binding to a policy.
func (s *standIn) bind(on spec.Resource, role, member string) {
	s.policies[on] = append(s.policies[on], obj{"role": role, "members": []string{member}})
}

// unbind removes a role's bindings from a policy.
func (s *standIn) unbind(on spec.Resource, role string) {
	var rest []obj
	for _, b := range s.policies[on] {
		if b["role"] != role {
			rest = append(rest, b)
		}
	}
	if len(rest) == len(s.policies[on]) {
		panic(fmt.Sprintf("%v has no binding of %s", on, role))
	}
	s.policies[on] = rest
}

func (s *standIn) healthyService(want *spec.Service) {
	place := spec.Place{
		Project: testProject, URLs: map[string]string{}, APIKey: testKey, SiteURL: "https://" + testProject + ".web.app",
		Origins: []string{"https://" + testProject + ".web.app", "https://" + testProject + ".firebaseapp.com"},
		Secrets: map[string]string{"token-key": "the value"},
	}
	for _, other := range s.table.Services {
		place.URLs[other.Name] = s.table.RunURL(other.Name, testNumber)
	}
	values, err := s.table.Environment(want.Name, place)
	if err != nil {
		panic(err)
	}
	env := []obj{}
	for _, key := range sortedKeys(values) {
		if values[key] == "the value" {
			env = append(env, obj{"name": key, "valueSource": obj{"secretKeyRef": obj{"secret": "token-key", "version": "latest"}}})
			continue
		}
		env = append(env, obj{"name": key, "value": values[key]})
	}
	name := "projects/" + testProject + "/locations/" + s.table.Region + "/services/" + want.Name
	url, port := s.table.RunURL(want.Name, testNumber), "http1"
	if want.HTTP2 {
		port = "h2c"
	}
	if want.Public {
		s.bind(spec.Resource{Kind: spec.OnService, ID: want.Name}, "roles/run.invoker", "allUsers")
	}
	s.services[want.Name] = obj{
		"name": name, "ingress": ingress[want.Ingress], "customAudiences": []string{url},
		"urls": []string{url, "https://" + want.Name + "-abcdefghij-du.a.run.app"}, "uri": "https://" + want.Name + "-abcdefghij-du.a.run.app",
		"latestReadyRevision": name + "/revisions/" + want.Name + "-00002-abc", "latestCreatedRevision": name + "/revisions/" + want.Name + "-00002-abc",
		"terminalCondition": obj{"type": "Ready", "state": "CONDITION_SUCCEEDED"},
		"trafficStatuses":   []obj{{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": want.Name + "-00002-abc", "percent": 100}},
		"template": obj{
			"serviceAccount": spec.Email(testProject, want.Account), "timeout": seconds(want.Timeout), "executionEnvironment": "EXECUTION_ENVIRONMENT_GEN1",
			"maxInstanceRequestConcurrency": want.Concurrency,
			"scaling":                       obj{"minInstanceCount": want.MinInstances, "maxInstanceCount": want.MaxInstances},
			"containers": []obj{{
				"image": s.table.ImageRepository(testProject) + "/" + want.Name + "@sha256:" + want.Name, "env": env,
				"ports":        []obj{{"name": port, "containerPort": 8080}},
				"startupProbe": obj{"timeoutSeconds": 1, "periodSeconds": 1, "failureThreshold": 60, "tcpSocket": obj{"port": 8080}},
				"resources":    obj{"limits": obj{"cpu": fmt.Sprintf("%dm", want.MilliCPU), "memory": fmt.Sprintf("%dMi", want.MemoryMiB)}, "cpuIdle": true, "startupCpuBoost": true},
			}},
		},
	}
}

// healthyAlerts has the policies and metrics of deploy/alerts.tf, with all that have a price.
func (s *standIn) healthyAlerts(channel string) {
	name := "projects/" + testProject
	for i := range s.table.Alerts {
		a := &s.table.Alerts[i]
		c := &a.Condition
		condition, strategy := obj{"displayName": a.ID}, obj{}
		if c.Kind == spec.LineMatched {
			condition["conditionMatchedLog"] = obj{"filter": c.Filter(), "labelExtractors": c.Labels()}
			strategy["notificationRateLimit"] = obj{"period": seconds(a.Renotify)}
		} else {
			threshold := obj{
				"filter":     fmt.Sprintf(`metric.type="%s" AND resource.type="cloud_run_revision"`, a.MetricType()),
				"comparison": "COMPARISON_GT", "thresholdValue": c.AtLeast - 1, "duration": "0s",
				"aggregations": []obj{{"alignmentPeriod": seconds(c.Window), "perSeriesAligner": "ALIGN_SUM"}},
			}
			if c.Kind == spec.LinesAbsent {
				threshold["comparison"], threshold["thresholdValue"], threshold["duration"] = "COMPARISON_LT", 1, "60s"
				threshold["evaluationMissingData"] = "EVALUATION_MISSING_DATA_ACTIVE"
				s.metrics = append(s.metrics, obj{"name": a.MetricName(), "filter": c.Filter()})
			}
			condition["conditionThreshold"] = threshold
		}
		s.alerts = append(s.alerts, obj{
			"name": name + "/alertPolicies/" + a.ID, "displayName": a.Title, "enabled": true, "notificationChannels": []string{channel},
			"userLabels": obj{"alert": a.ID, "app": "heektime"}, "conditions": []obj{condition}, "alertStrategy": strategy,
		})
	}
}

// healthyIndexes has the indexes of the file as Google returns them: with __name__ at the end.
func (s *standIn) healthyIndexes(file IndexFile) {
	base := "projects/" + testProject + "/databases/(default)/collectionGroups/"
	for i, want := range file.Indexes {
		fields := []obj{}
		for _, f := range want.Fields {
			fields = append(fields, obj{"fieldPath": f.FieldPath, "order": f.Order})
		}
		s.indexes = append(s.indexes, obj{
			"name": fmt.Sprintf("%s%s/indexes/CICA%d", base, want.CollectionGroup, i), "queryScope": want.QueryScope, "state": "READY",
			"fields": append(fields, obj{"fieldPath": "__name__", "order": "DESCENDING"}),
		})
	}
	s.fields = []obj{{
		"name": base + "__default__/fields/*",
		"indexConfig": obj{"indexes": []obj{
			{"queryScope": "COLLECTION", "fields": []obj{{"fieldPath": "*", "order": "ASCENDING"}}},
			{"queryScope": "COLLECTION", "fields": []obj{{"fieldPath": "*", "order": "DESCENDING"}}},
			{"queryScope": "COLLECTION", "fields": []obj{{"fieldPath": "*", "arrayConfig": "CONTAINS"}}},
		}},
	}}
	for _, o := range file.FieldOverrides {
		field := obj{"name": base + o.CollectionGroup + "/fields/" + o.FieldPath, "indexConfig": obj{"ancestorField": base + "__default__/fields/*"}}
		if len(o.Indexes) > 0 {
			var indexes []obj
			for _, i := range o.Indexes {
				indexes = append(indexes, obj{"queryScope": i.QueryScope, "fields": []obj{{"fieldPath": o.FieldPath, "order": i.Order}}})
			}
			field["indexConfig"] = obj{"indexes": indexes}
		}
		if o.TTL {
			field["ttlConfig"] = obj{"state": "ACTIVE"}
		}
		s.fields = append(s.fields, field)
	}
}
