package doctor

import (
	"sync"
	"time"

	apikeys "google.golang.org/api/apikeys/v2"
	artifactregistry "google.golang.org/api/artifactregistry/v1"
	billingbudgets "google.golang.org/api/billingbudgets/v1"
	"google.golang.org/api/cloudbilling/v1"
	"google.golang.org/api/cloudresourcemanager/v3"
	"google.golang.org/api/cloudscheduler/v1"
	"google.golang.org/api/cloudtasks/v2"
	"google.golang.org/api/eventarc/v1"
	firestoreadmin "google.golang.org/api/firestore/v1"
	"google.golang.org/api/iam/v1"
	"google.golang.org/api/identitytoolkit/v2"
	"google.golang.org/api/logging/v2"
	"google.golang.org/api/monitoring/v3"
	"google.golang.org/api/run/v2"
	"google.golang.org/api/secretmanager/v1"
	"google.golang.org/api/storage/v1"

	"heek.kr/heektime/internal/deployment/spec"
)

// State is what was read from a project. Resources are by their id in the table; one that does not exist
// is missing, and a single one is nil.
type State struct {
	Project *cloudresourcemanager.Project
	// Enabled are the hosts of the enabled APIs.
	Enabled map[string]bool

	Services map[string]*run.GoogleCloudRunV2Service
	Accounts map[string]*iam.ServiceAccount
	// Keys are the names of key files of service accounts, by account.
	Keys map[string][]string

	// Policies are the IAM policies. Those of the project have an empty id.
	Policies map[spec.Resource]Policy

	Database *firestoreadmin.GoogleFirestoreAdminV1Database
	Indexes  []*firestoreadmin.GoogleFirestoreAdminV1Index
	Fields   []*firestoreadmin.GoogleFirestoreAdminV1Field
	Backups  []*firestoreadmin.GoogleFirestoreAdminV1BackupSchedule

	// FirestoreRules and StorageRules are the released rules; nil without a release.
	FirestoreRules, StorageRules *string

	Buckets  map[string]*storage.Bucket
	Queues   map[string]*cloudtasks.Queue
	Jobs     map[string]*cloudscheduler.Job
	Triggers map[string]*eventarc.Trigger

	// Secrets are the versions of each secret.
	Secrets map[string][]*secretmanager.SecretVersion

	Authentication *identitytoolkit.GoogleCloudIdentitytoolkitAdminV2Config
	APIKeys        []*apikeys.V2Key
	// ServicesKey is the API key of the services.
	ServicesKey string

	// Repository has the images.
	Repository *artifactregistry.Repository

	// Signatures are the errors of those accounts that cannot sign, by account.
	Signatures map[string]error

	LogMetrics    map[string]*logging.LogMetric
	AlertPolicies []*monitoring.AlertPolicy
	Channels      []*monitoring.NotificationChannel
	Billing       *cloudbilling.ProjectBillingInfo
	Budgets       []*billingbudgets.GoogleCloudBillingBudgetsV1Budget

	// Visits are the responses to a stranger's requests.
	Visits map[visitKey]*Visit

	// GoReleases are the supported releases of Go, and GoVersions those that the services' binaries were
	// built with.
	GoReleases []string
	GoVersions map[string]string

	mu     sync.Mutex
	unread map[sourceID]error
}

// Visit is the response to a request without credentials, or with a forged token.
type Visit struct {
	Status      int
	ContentType string
	// Body is the response's body, or its beginning.
	Body   []byte
	Header map[string]string
	// Expires is when the certificate does; zero without TLS.
	Expires time.Time
	// Err says why there is no response.
	Err error
}

// visitKey names a request of the collection.
type visitKey struct {
	// Service that is visited; empty for the site.
	Service string
	// Path of the request.
	Path string
	// Forged requests carry an unsigned token.
	Forged bool
}
