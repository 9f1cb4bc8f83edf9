package deployment

import "heek.kr/heektime/internal/deployment/spec"

// The service accounts. Each service runs as one of its own; the last four only call services.
const (
	authAccount      = "heektime-auth"
	coursesAccount   = "heektime-courses"
	refreshAccount   = "heektime-refresh"
	cleanupAccount   = "heektime-cleanup"
	functionsAccount = "heektime-functions"
	pushAccount      = "heektime-push"
	compatAccount    = "heektime-compat-server"

	subscriptionsAccount = "heektime-subscriptions"
	pagesAccount         = "heektime-pages"

	TasksAccount     = "heektime-tasks"
	SchedulerAccount = "heektime-scheduler"
	EventarcAccount  = "heektime-eventarc"

	// CheckAccount gets past Cloud Run to every service, but no service accepts it as a caller: only /health
	// responds to it. Releases create its tokens.
	CheckAccount = "heektime-check"
)

// Roles that several services need.
var (
	useTasksAccount       = spec.Grant{Role: "roles/iam.serviceAccountUser", On: spec.Resource{Kind: spec.OnAccount, ID: TasksAccount}, Why: "lets its tasks carry that account's tokens"}
	readAndWriteDocuments = spec.Grant{Role: "roles/datastore.user", On: spec.Project, Why: "reads and writes documents"}
	manageUsers           = spec.Grant{Role: "roles/firebaseauth.admin", On: spec.Project, Why: "creates, changes and deletes users"}
)

// accounts is long because it is a table.
func accounts() []spec.ServiceAccount {
	return []spec.ServiceAccount{{
		ID: authAccount, Purpose: "runs auth",
		Grants: []spec.Grant{
			readAndWriteDocuments, manageUsers,
			{Role: "roles/iam.serviceAccountTokenCreator", On: spec.Resource{Kind: spec.OnAccount, ID: authAccount},
				Why: "signs custom tokens without a key file"},
		},
	}, {
		ID: coursesAccount, Purpose: "runs courses, which calls no API of Google",
	}, {
		ID: refreshAccount, Purpose: "runs refresh",
		Grants: []spec.Grant{
			readAndWriteDocuments,
			{Role: "roles/storage.objectUser", On: spec.Resource{Kind: spec.OnBucket, ID: ListsBucket}, Why: "publishes lists and deletes old ones"},
			{Role: "roles/cloudtasks.enqueuer", On: spec.Resource{Kind: spec.OnQueue, ID: RefreshQueue}, Why: "enqueues refreshes"},
			{Role: "roles/cloudtasks.enqueuer", On: spec.Resource{Kind: spec.OnQueue, ID: PushQueue}, Why: "enqueues notifications"},
			useTasksAccount,
		},
	}, {
		ID: cleanupAccount, Purpose: "runs cleanup",
		Grants: []spec.Grant{
			readAndWriteDocuments, manageUsers,
			{Role: "roles/storage.objectUser", On: spec.Resource{Kind: spec.OnBucket, ID: ListsBucket}, Why: "deletes orphaned lists"},
		},
	}, {
		ID: functionsAccount, Purpose: "runs functions",
		Grants: []spec.Grant{
			readAndWriteDocuments, manageUsers,
			{Role: "roles/cloudtasks.enqueuer", On: spec.Resource{Kind: spec.OnQueue, ID: TopicsQueue}, Why: "enqueues changes of topics"},
			{Role: "roles/cloudtasks.enqueuer", On: spec.Resource{Kind: spec.OnQueue, ID: FollowersQueue}, Why: "enqueues counts of followers"},
			useTasksAccount,
		},
	}, {
		ID: pushAccount, Purpose: "runs push",
		Grants: []spec.Grant{
			readAndWriteDocuments,
			// Google has no role for sending only.
			{Role: "roles/firebasecloudmessaging.admin", On: spec.Project, Why: "sends messages and changes the topics of devices"},
			{Role: "roles/storage.objectViewer", On: spec.Resource{Kind: spec.OnBucket, ID: ListsBucket}, Why: "compares lists in which many lectures changed"},
			{Role: "roles/cloudtasks.enqueuer", On: spec.Resource{Kind: spec.OnQueue, ID: PushQueue}, Why: "enqueues what is due later"},
			useTasksAccount,
		},
	}, {
		ID: subscriptionsAccount, Purpose: "runs subscriptions",
		Grants: []spec.Grant{
			readAndWriteDocuments,
			{Role: "roles/firebaseauth.viewer", On: spec.Project, Why: "checks that a user's session has not ended"},
			{Role: "roles/cloudtasks.enqueuer", On: spec.Resource{Kind: spec.OnQueue, ID: TopicsQueue}, Why: "enqueues changes of topics"},
			useTasksAccount,
		},
	}, {
		ID: pagesAccount, Purpose: "runs pages",
		Grants: []spec.Grant{
			readAndWriteDocuments,
			{Role: "roles/storage.objectViewer", On: spec.Resource{Kind: spec.OnBucket, ID: ListsBucket}, Why: "reads course lists"},
		},
	}, {
		ID: compatAccount, Purpose: "runs compat-server",
		Grants: []spec.Grant{
			readAndWriteDocuments, manageUsers,
			{Role: "roles/storage.objectViewer", On: spec.Resource{Kind: spec.OnBucket, ID: ListsBucket}, Why: "reads course lists"},
		},
	}, {
		ID: TasksAccount, Purpose: "calls refresh, push and functions for Cloud Tasks",
	}, {
		ID: SchedulerAccount, Purpose: "calls refresh and cleanup for Cloud Scheduler",
	}, {
		ID: EventarcAccount, Purpose: "calls functions for Eventarc",
		Grants: []spec.Grant{
			{Role: "roles/eventarc.eventReceiver", On: spec.Project, Why: "receives the events of its triggers"},
		},
	}, {
		ID: CheckAccount, Purpose: "checks `/health` of new revisions for `heektime release`",
	}}
}
