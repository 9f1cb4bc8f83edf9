package doctor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	"google.golang.org/api/googleapi"

	"heek.kr/heektime/internal/deployment/spec"
)

// sourceID names a source.
type sourceID string

// source is a part of the state that is read, and fails, as a whole.
type source struct {
	id sourceID
	// what is read, in words.
	what string
	// api is the host of the API; empty for requests of a stranger.
	api string
	// role is the narrowest predefined role that allows reading it.
	role string
	// on is what the role is granted on: empty for the project, "billing account" or "service account".
	on string
	// local sources are also read from a local cloud.
	local bool
	// flag is the flag without which the source is not read, because it takes longer or needs another role.
	flag string
	// first sources are read before the others, which use them.
	first bool
	read  func(ctx context.Context, r *reader) error
}

// The hosts of the APIs.
const (
	apiKeysAPI      = "apikeys.googleapis.com"
	artifactAPI     = "artifactregistry.googleapis.com"
	billingAPI      = "cloudbilling.googleapis.com"
	budgetsAPI      = "billingbudgets.googleapis.com"
	credentialsAPI  = "iamcredentials.googleapis.com"
	eventarcAPI     = "eventarc.googleapis.com"
	firestoreAPI    = "firestore.googleapis.com"
	loggingAPI      = "logging.googleapis.com"
	iamAPI          = "iam.googleapis.com"
	identityAPI     = "identitytoolkit.googleapis.com"
	monitoringAPI   = "monitoring.googleapis.com"
	resourcesAPI    = "cloudresourcemanager.googleapis.com"
	rulesAPI        = "firebaserules.googleapis.com"
	runAPI          = "run.googleapis.com"
	schedulerAPI    = "cloudscheduler.googleapis.com"
	secretsAPI      = "secretmanager.googleapis.com"
	serviceUsageAPI = "serviceusage.googleapis.com"
	storageAPI      = "storage.googleapis.com"
	tasksAPI        = "cloudtasks.googleapis.com"

	// goReleasesHost serves the list of Go's releases.
	goReleasesHost = "go.dev"
)

// signerRole lets sign as a service account, and get tokens of it.
const signerRole = "roles/iam.serviceAccountTokenCreator"

// sources are all sources. The roles are Google's predefined ones.
//
// Source: https://cloud.google.com/iam/docs/roles-permissions
var sources = []source{
	{id: "project", what: "the project", api: resourcesAPI, role: "roles/browser", first: true, read: readProject},
	{id: "project policy", what: "the roles on the project", api: resourcesAPI, role: "roles/iam.securityReviewer", read: readProjectPolicy},
	{id: "apis", what: "the enabled APIs", api: serviceUsageAPI, role: "roles/serviceusage.serviceUsageViewer", read: readAPIs},
	{id: "services", what: "the Cloud Run services", api: runAPI, role: "roles/run.viewer", first: true, read: readServices},
	{id: "invokers", what: "who may call the services", api: runAPI, role: "roles/run.viewer", read: readInvokers},
	{id: "accounts", what: "the service accounts and their keys", api: iamAPI, role: "roles/iam.securityReviewer", read: readAccounts},
	{id: "account policies", what: "the roles on service accounts", api: iamAPI, role: "roles/iam.securityReviewer", read: readAccountPolicies},
	{id: "database", what: "the Firestore database", api: firestoreAPI, role: "roles/datastore.viewer", read: readDatabase},
	{id: "indexes", what: "Firestore's indexes", api: firestoreAPI, role: "roles/datastore.viewer", read: readIndexes},
	{id: "backups", what: "Firestore's backup schedules", api: firestoreAPI, role: "roles/datastore.backupSchedulesViewer", read: readBackups},
	{id: "rules", what: "the released security rules", api: rulesAPI, role: "roles/firebaserules.viewer", read: readRules},
	{id: "buckets", what: "the buckets", api: storageAPI, role: "roles/storage.bucketViewer", local: true, read: readBuckets},
	{id: "bucket policies", what: "the roles on buckets", api: storageAPI, role: "roles/iam.securityReviewer", read: readBucketPolicies},
	{id: "queues", what: "the queues", api: tasksAPI, role: "roles/cloudtasks.viewer", local: true, read: readQueues},
	{id: "queue policies", what: "the roles on queues", api: tasksAPI, role: "roles/cloudtasks.viewer", read: readQueuePolicies},
	{id: "jobs", what: "the scheduler jobs", api: schedulerAPI, role: "roles/cloudscheduler.viewer", local: true, read: readJobs},
	{id: "triggers", what: "the Eventarc triggers", api: eventarcAPI, role: "roles/eventarc.viewer", read: readTriggers},
	{id: "secrets", what: "the secrets' versions", api: secretsAPI, role: "roles/secretmanager.viewer", read: readSecrets},
	{id: "secret policies", what: "the roles on secrets", api: secretsAPI, role: "roles/secretmanager.viewer", read: readSecretPolicies},
	{id: "authentication", what: "the settings of Authentication", api: identityAPI, role: "roles/firebaseauth.viewer", local: true, read: readAuthentication},
	{id: "api keys", what: "the API keys", api: apiKeysAPI, role: "roles/serviceusage.apiKeysViewer", read: readAPIKeys},
	{id: "alerts", what: "the alert policies and notification channels", api: monitoringAPI, role: "roles/monitoring.viewer", read: readAlerts},
	{id: "log metrics", what: "the log-based metrics", api: loggingAPI, role: "roles/logging.viewer", read: readLogMetrics},
	{id: "billing", what: "the project's billing account", api: billingAPI, role: "roles/browser", read: readBilling},
	{id: "budgets", what: "the budgets", api: budgetsAPI, role: "roles/billing.viewer", on: "billing account", read: readBudgets},
	{id: "visits", what: "the services and the site, as a stranger", local: true, read: readVisits},
	{id: "go releases", what: "the releases of Go", read: readGoReleases},
	{id: "image repository", what: "the image repository", api: artifactAPI, role: "roles/artifactregistry.reader", read: readRepository},
	{id: "images", what: "the images", api: artifactAPI, role: "roles/artifactregistry.reader", flag: "--images", read: readImages},
	{id: "signatures", what: "the signatures of service accounts", api: credentialsAPI, role: signerRole, on: "service account", flag: "--sign", read: readSignatures},
}

func sourceOf(id sourceID) source {
	return sources[slices.IndexFunc(sources, func(s source) bool { return s.id == id })]
}

// wants reports whether a source is read.
func (o *Options) wants(s source) bool {
	switch s.flag {
	case "--images":
		return o.Images
	case "--sign":
		return o.Sign
	}
	return true
}

// collect reads all sources in parallel. The state holds the errors of those that cannot be read.
func collect(ctx context.Context, r *reader) *State {
	ctx, cancel := context.WithTimeout(ctx, r.Timeout)
	defer cancel()
	for _, wave := range []bool{true, false} {
		var all sync.WaitGroup
		for _, s := range sources {
			if s.first != wave || r.Local && !s.local || !r.wants(s) {
				continue
			}
			all.Go(func() {
				if err := s.read(ctx, r); err != nil {
					r.state.mu.Lock()
					defer r.state.mu.Unlock()
					r.state.unread[s.id] = err
				}
			})
		}
		all.Wait()
	}
	return r.state
}

// finding explains why a source cannot be read, and what to do.
func (s source) finding(o *Options, err error) Finding {
	f := Finding{
		Check: "readable", Severity: Error, Subject: s.what, What: "cannot be read: " + firstLine(err.Error()),
		Why: "what cannot be read is not checked", Remedy: "heektime doctor --google --project " + o.Project + " --timeout 2m",
	}
	var response *googleapi.Error
	switch {
	case o.Local:
		f.Remedy = "heektime dev"
	case errors.Is(err, context.DeadlineExceeded):
		f.What = fmt.Sprintf("cannot be read: no response within %v", o.Timeout)
	case s.api == "" || !errors.As(err, &response):
	case isDisabled(response):
		f.What = "cannot be read: the API " + s.api + " is not enabled"
		f.Remedy = "gcloud services enable " + s.api + " --project=" + o.Project
	case response.Code == http.StatusForbidden:
		f.What = fmt.Sprintf("cannot be read: permission denied; %s allows it", s.role)
		f.Remedy = fmt.Sprintf("gcloud projects add-iam-policy-binding %s --member=user:YOUR_ADDRESS --role=%s", o.Project, s.role)
		switch s.on {
		case "billing account":
			f.Remedy = "gcloud billing accounts add-iam-policy-binding BILLING_ACCOUNT --member=user:YOUR_ADDRESS --role=" + s.role
		case "service account":
			f.Remedy = fmt.Sprintf("gcloud iam service-accounts add-iam-policy-binding %s --member=user:YOUR_ADDRESS --role=%s --project=%s",
				spec.Email(o.Project, o.signers()[0]), s.role, o.Project)
		}
	case response.Code == http.StatusUnauthorized:
		f.Remedy = "gcloud auth application-default login"
	}
	return f
}

// isDisabled reports whether an API responds that the project has not enabled it.
//
// Source: https://cloud.google.com/apis/design/errors#error_info
func isDisabled(err *googleapi.Error) bool {
	return err.Code == http.StatusForbidden && (strings.Contains(err.Body, "SERVICE_DISABLED") || strings.Contains(err.Body, "accessNotConfigured"))
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}
