package bill

import (
	"strings"

	"heek.kr/heektime/emulator/billing"
)

// metric is a metric of Cloud Monitoring that says how much of an item was used.
type metric struct {
	item billing.Item
	name string // the metric's type
	// gauge is set for what is stored: the metric has levels, not counts.
	gauge bool
	// factor converts the metric's unit into the item's.
	factor float64
	// filter is added to that of the metric's type.
	filter string
	// group are the labels that say what was used for what.
	group []string
	// cause returns the cause of a series by its labels, and its item: "" is one that costs nothing.
	cause func(m *metric, labels map[string]string) (billing.Item, billing.Cause)
}

// The labels that causes are made of.
const (
	labelDatabase = "resource.label.database_id"
	labelType     = "metric.label.type"
	labelOp       = "metric.label.op"
	labelMethod   = "metric.label.method"
	labelBucket   = "resource.label.bucket_name"
	labelService  = "resource.label.service_name"
	labelQueue    = "resource.label.queue_id"
	labelDomain   = "resource.label.domain_name"
)

// metrics are those that the bill of a real project is computed from. docs/cost.md lists them.
//
// Sources: the lists of metrics, https://cloud.google.com/monitoring/api/metrics_gcp_d_h (Firestore, Hosting),
// …/metrics_gcp_c (Cloud Run, Cloud Tasks), …/metrics_gcp_p_z (Cloud Storage), …/metrics_gcp_a_b (Artifact
// Registry), …/metrics_gcp_i_o (Logging). Of Firestore's two metrics of reads, read_ops_count is the one that
// its documentation recommends to understand the bill.
var metrics = []metric{
	{item: billing.FirestoreReads, name: "firestore.googleapis.com/document/read_ops_count", group: []string{labelDatabase, labelType}, cause: firestoreCause},
	{item: billing.FirestoreWrites, name: "firestore.googleapis.com/document/write_ops_count", group: []string{labelDatabase, labelOp}, cause: firestoreCause},
	{item: billing.FirestoreDeletes, name: "firestore.googleapis.com/document/delete_ops_count", group: []string{labelDatabase}, cause: firestoreCause},
	{item: billing.FirestoreTTLDeletes, name: "firestore.googleapis.com/document/ttl_deletion_count", group: []string{labelDatabase}, cause: firestoreCause},
	{item: billing.FirestoreStored, name: "firestore.googleapis.com/storage/data_and_index_storage_bytes", gauge: true, group: []string{labelDatabase}, cause: firestoreCause},

	{item: billing.StorageClassA, name: "storage.googleapis.com/api/request_count", group: []string{labelBucket, labelMethod}, cause: storageOperation},
	{item: billing.StorageEgress, name: "storage.googleapis.com/network/sent_bytes_count", group: []string{labelBucket, labelMethod}, cause: storageCause},
	{item: billing.StorageStored, name: "storage.googleapis.com/storage/v2/total_bytes", gauge: true, group: []string{labelBucket}, cause: storageCause},

	{item: billing.RunRequests, name: "run.googleapis.com/request_count", group: []string{labelService}, cause: runCause},
	{item: billing.RunCPU, name: "run.googleapis.com/container/cpu/allocation_time", factor: 1000, group: []string{labelService}, cause: runCause},              // vCPU-seconds
	{item: billing.RunMemory, name: "run.googleapis.com/container/memory/allocation_time", factor: 1024 * 1000, group: []string{labelService}, cause: runCause}, // GiB-seconds
	{item: billing.RunEgress, name: "run.googleapis.com/container/network/sent_bytes_count", filter: `metric.label.kind = "internet"`, group: []string{labelService}, cause: runCause},

	// An operation is a call or a dispatch.
	{item: billing.TasksOperations, name: "cloudtasks.googleapis.com/api/request_count", group: []string{labelQueue}, cause: taskCause("call")},
	{item: billing.TasksOperations, name: "cloudtasks.googleapis.com/queue/task_attempt_count", group: []string{labelQueue}, cause: taskCause("dispatch")},

	{item: billing.HostingStored, name: "firebasehosting.googleapis.com/storage/total_bytes", gauge: true, group: []string{labelDomain}, cause: hostingCause},
	{item: billing.HostingEgress, name: "firebasehosting.googleapis.com/network/sent_bytes_count", group: []string{labelDomain}, cause: hostingCause},

	{item: billing.SecretAccesses, name: "serviceruntime.googleapis.com/api/request_count",
		filter: `resource.type = "consumed_api" AND resource.label.service = "secretmanager.googleapis.com" AND ` +
			`resource.label.method = "google.cloud.secretmanager.v1.SecretManagerService.AccessSecretVersion"`, cause: noCause},
	{item: billing.ImagesStored, name: "artifactregistry.googleapis.com/repository/size", gauge: true, cause: noCause},
	{item: billing.LoggingBytes, name: "logging.googleapis.com/billing/bytes_ingested", cause: noCause},
}

// Unmeasured are the items that no metric was found for and that are not free.
func Unmeasured() []billing.Item {
	var all []billing.Item
	for _, item := range billing.Items() {
		switch item {
		case billing.StorageClassB, billing.StorageCached, billing.HostingCached, billing.EventarcEvents, billing.MessagingMessages:
			continue // measured with class A; what a cache spares, Google's events and messages are free
		}
		measured := false
		for _, m := range metrics {
			measured = measured || m.item == item
		}
		if !measured {
			all = append(all, item)
		}
	}
	return all
}

func noCause(m *metric, _ map[string]string) (billing.Item, billing.Cause) {
	return m.item, billing.Cause{}
}

// firestoreCause names the database, for want of a collection.
func firestoreCause(m *metric, labels map[string]string) (billing.Item, billing.Cause) {
	action := strings.ToLower(labels[labelType] + labels[labelOp])
	if action == "" && !m.gauge {
		action = "delete"
	}
	return m.item, billing.Cause{Service: "Firestore", Action: action, Collection: labels[labelDatabase]}
}

func storageCause(m *metric, labels map[string]string) (billing.Item, billing.Cause) {
	return m.item, billing.Cause{Service: "Cloud Storage", Action: labels[labelMethod], Collection: labels[labelBucket]}
}

// storageOperation returns the class of an operation. Deleting is free. An operation that this does not know is of
// the dearer class.
//
// Source: https://cloud.google.com/storage/pricing#operations-by-class
func storageOperation(m *metric, labels map[string]string) (billing.Item, billing.Cause) {
	_, cause := storageCause(m, labels)
	method := strings.ToLower(labels[labelMethod])
	switch {
	case strings.HasPrefix(method, "delete"):
		return "", cause
	case strings.HasPrefix(method, "get"), strings.HasPrefix(method, "read"), strings.HasPrefix(method, "test"):
		return billing.StorageClassB, cause
	}
	return billing.StorageClassA, cause
}

func runCause(m *metric, labels map[string]string) (billing.Item, billing.Cause) {
	return m.item, billing.Cause{Service: labels[labelService], Action: "serve"}
}

func taskCause(action string) func(*metric, map[string]string) (billing.Item, billing.Cause) {
	return func(m *metric, labels map[string]string) (billing.Item, billing.Cause) {
		return m.item, billing.Cause{Service: "Cloud Tasks", Action: action, Collection: labels[labelQueue]}
	}
}

func hostingCause(m *metric, labels map[string]string) (billing.Item, billing.Cause) {
	return m.item, billing.Cause{Service: "Hosting", Action: "serve", Collection: labels[labelDomain]}
}
