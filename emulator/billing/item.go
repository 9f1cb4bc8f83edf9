package billing

// Item is something that Google bills, in the unit that the Meter counts it in.
type Item string

// The items that are counted as they happen.
const (
	FirestoreReads      Item = "firestore.reads"      // documents read, queries without results, reads of rules, 1,000 index entries of an aggregation
	FirestoreWrites     Item = "firestore.writes"     // documents written
	FirestoreDeletes    Item = "firestore.deletes"    // documents deleted by a request
	FirestoreTTLDeletes Item = "firestore.ttlDeletes" // documents deleted because they expired
	FirestoreEgress     Item = "firestore.egress"     // bytes of responses

	StorageClassA Item = "storage.classA" // operations that write or list
	StorageClassB Item = "storage.classB" // operations that read an object or its metadata
	StorageEgress Item = "storage.egress" // bytes of responses

	TasksOperations Item = "tasks.operations" // API calls and dispatches, by 32 kB
	EventarcEvents  Item = "eventarc.events"

	RunRequests  Item = "run.requests"
	RunCPU       Item = "run.cpu"    // vCPU-milliseconds
	RunMemory    Item = "run.memory" // MiB-milliseconds
	RunEgress    Item = "run.egress" // bytes of responses
	LoggingBytes Item = "logging.bytes"

	HostingEgress Item = "hosting.egress" // bytes of responses

	SecretAccesses Item = "secrets.accesses"
)

// The items that are billed for as long as something exists. The meter keeps their level and integrates it
// over time.
const (
	FirestoreStored Item = "firestore.stored" // bytes of documents and index entries
	StorageStored   Item = "storage.stored"   // bytes of objects
	HostingStored   Item = "hosting.stored"   // bytes of released files
	SchedulerJobs   Item = "scheduler.jobs"
	SecretVersions  Item = "secrets.versions"
	ImagesStored    Item = "images.stored" // bytes of container images
)

// AuthActiveUsers counts each user once a month.
const AuthActiveUsers Item = "auth.activeUsers"
