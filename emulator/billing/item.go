package billing

import "slices"

// Item is something that Google bills, in the unit that the Meter counts it in.
type Item string

// The items that are counted as they happen.
const (
	FirestoreReads      Item = "firestore.reads"      // documents read, queries without results, reads of rules, 1,000 index entries of an aggregation
	FirestoreWrites     Item = "firestore.writes"     // documents written
	FirestoreDeletes    Item = "firestore.deletes"    // documents deleted by a request
	FirestoreTTLDeletes Item = "firestore.ttlDeletes" // documents deleted because they expired
	FirestoreEgress     Item = "firestore.egress"     // bytes of responses

	StorageClassA   Item = "storage.classA"   // operations that write or list
	StorageClassB   Item = "storage.classB"   // operations that read an object or its metadata
	StorageEgress   Item = "storage.egress"   // bytes of responses to clients
	StorageTransfer Item = "storage.transfer" // bytes of requests and responses of services: free if the bucket is in their region
	StorageCached   Item = "storage.cached"   // bytes that an HTTP cache spared: free

	TasksOperations Item = "tasks.operations" // API calls and dispatches, by 32 kB
	EventarcEvents  Item = "eventarc.events"

	RunRequests  Item = "run.requests"
	RunCPU       Item = "run.cpu"    // vCPU-milliseconds
	RunMemory    Item = "run.memory" // MiB-milliseconds
	RunEgress    Item = "run.egress" // bytes of responses
	LoggingBytes Item = "logging.bytes"

	HostingEgress Item = "hosting.egress" // bytes of responses
	HostingCached Item = "hosting.cached" // bytes that an HTTP cache spared: free

	SecretAccesses Item = "secrets.accesses"

	MessagingMessages Item = "messaging.messages" // accepted by Cloud Messaging: free
)

// The items that are billed for as long as something exists. The meter keeps their level and integrates it
// over time. A [Usage] has them in byte-seconds, job-seconds and version-seconds.
const (
	FirestoreStored Item = "firestore.stored" // bytes of documents and index entries
	StorageStored   Item = "storage.stored"   // bytes of objects
	HostingStored   Item = "hosting.stored"   // bytes of released files
	SchedulerJobs   Item = "scheduler.jobs"
	SecretVersions  Item = "secrets.versions"
	ImagesStored    Item = "images.stored" // bytes of container images
)

// AuthActiveUsers counts each user once a month, on the first day of it that they are active.
const AuthActiveUsers Item = "auth.activeUsers"

// dimension is what an amount of an item measures. It decides the units that a price may have.
type dimension int

const (
	count      dimension = iota // things
	bytesOut                    // bytes
	cpuTime                     // vCPU-milliseconds
	memoryTime                  // MiB-milliseconds
	byteTime                    // byte-seconds
	thingTime                   // seconds of things
)

// isLevel reports whether an item of the dimension exists for a time, instead of happening.
func (d dimension) isLevel() bool { return d == byteTime || d == thingTime }

// itemInfo describes an item.
type itemInfo struct {
	item      Item
	service   string
	dimension dimension
}

// items are all items, in the order of a bill.
var items = []itemInfo{
	{FirestoreReads, "Firestore", count},
	{FirestoreWrites, "Firestore", count},
	{FirestoreDeletes, "Firestore", count},
	{FirestoreTTLDeletes, "Firestore", count},
	{FirestoreStored, "Firestore", byteTime},
	{FirestoreEgress, "Firestore", bytesOut},
	{StorageClassA, "Cloud Storage", count},
	{StorageClassB, "Cloud Storage", count},
	{StorageStored, "Cloud Storage", byteTime},
	{StorageEgress, "Cloud Storage", bytesOut},
	{StorageTransfer, "Cloud Storage", bytesOut},
	{StorageCached, "Cloud Storage", bytesOut},
	{RunRequests, "Cloud Run", count},
	{RunCPU, "Cloud Run", cpuTime},
	{RunMemory, "Cloud Run", memoryTime},
	{RunEgress, "Cloud Run", bytesOut},
	{TasksOperations, "Cloud Tasks", count},
	{SchedulerJobs, "Cloud Scheduler", thingTime},
	{EventarcEvents, "Eventarc", count},
	{HostingStored, "Hosting", byteTime},
	{HostingEgress, "Hosting", bytesOut},
	{HostingCached, "Hosting", bytesOut},
	{AuthActiveUsers, "Authentication", count},
	{MessagingMessages, "Cloud Messaging", count},
	{SecretVersions, "Secret Manager", thingTime},
	{SecretAccesses, "Secret Manager", count},
	{ImagesStored, "Artifact Registry", byteTime},
	{LoggingBytes, "Cloud Logging", bytesOut},
}

// Items returns all items, in the order of a bill.
func Items() []Item {
	all := make([]Item, len(items))
	for i, info := range items {
		all[i] = info.item
	}
	return all
}

// Service returns the name of the service that bills an item, "" for an unknown item.
func (i Item) Service() string { return i.info().service }

// info returns an item's description. That of an unknown item is empty.
func (i Item) info() itemInfo {
	if at := slices.IndexFunc(items, func(info itemInfo) bool { return info.item == i }); at >= 0 {
		return items[at]
	}
	return itemInfo{}
}

// known reports whether an item is in the table.
func (i Item) known() bool { return i.info().item != "" }
