package iam

import "slices"

// Groups of permissions that several roles contain.
var (
	readDocuments = []string{"datastore.databases.get", "datastore.databases.getMetadata", "datastore.entities.get", "datastore.entities.list"}
	readObjects   = []string{"storage.objects.get", "storage.objects.list"}
	readUsers     = []string{"firebaseauth.configs.get", "firebaseauth.users.get"}
)

// predefined are Google's roles, with those of their permissions that an emulator checks.
//
// Sources: https://cloud.google.com/iam/docs/roles-permissions/cloudscheduler, …/cloudtasks,
// …/datastore, …/eventarc, …/firebaseauth, …/firebasecloudmessaging, …/iam, …/run, …/secretmanager, …/storage
var predefined = map[string][]string{
	"roles/cloudscheduler.admin": {
		"cloudscheduler.jobs.create", "cloudscheduler.jobs.delete", "cloudscheduler.jobs.enable", "cloudscheduler.jobs.get",
		"cloudscheduler.jobs.list", "cloudscheduler.jobs.pause", "cloudscheduler.jobs.run", "cloudscheduler.jobs.update",
	},
	"roles/cloudscheduler.jobRunner": {"cloudscheduler.jobs.run"},
	"roles/cloudscheduler.viewer":    {"cloudscheduler.jobs.get", "cloudscheduler.jobs.list"},

	"roles/cloudtasks.admin": {
		"cloudtasks.queues.create", "cloudtasks.queues.delete", "cloudtasks.queues.get", "cloudtasks.queues.list",
		"cloudtasks.queues.pause", "cloudtasks.queues.purge", "cloudtasks.queues.resume", "cloudtasks.queues.update",
		"cloudtasks.tasks.create", "cloudtasks.tasks.delete", "cloudtasks.tasks.fullView", "cloudtasks.tasks.get",
		"cloudtasks.tasks.list", "cloudtasks.tasks.run",
	},
	"roles/cloudtasks.enqueuer":    {"cloudtasks.tasks.create", "cloudtasks.tasks.fullView"},
	"roles/cloudtasks.taskDeleter": {"cloudtasks.tasks.delete"},
	"roles/cloudtasks.taskRunner":  {"cloudtasks.tasks.fullView", "cloudtasks.tasks.run"},
	"roles/cloudtasks.viewer": {
		"cloudtasks.queues.get", "cloudtasks.queues.list", "cloudtasks.tasks.fullView", "cloudtasks.tasks.get", "cloudtasks.tasks.list",
	},

	"roles/datastore.user": slices.Concat(readDocuments, []string{
		"datastore.entities.allocateIds", "datastore.entities.create", "datastore.entities.delete", "datastore.entities.update",
	}),
	"roles/datastore.viewer": readDocuments,

	"roles/eventarc.eventReceiver": {"eventarc.events.receiveEvent"},

	"roles/firebaseauth.admin": slices.Concat(readUsers, []string{
		"firebaseauth.configs.create", "firebaseauth.configs.getHashConfig", "firebaseauth.configs.getSecret", "firebaseauth.configs.update",
		"firebaseauth.users.create", "firebaseauth.users.createSession", "firebaseauth.users.delete", "firebaseauth.users.sendEmail",
		"firebaseauth.users.update",
	}),
	"roles/firebaseauth.viewer": readUsers,

	"roles/firebasecloudmessaging.admin": {"cloudmessaging.messages.create"},

	"roles/iam.serviceAccountOpenIdTokenCreator": {"iam.serviceAccounts.getOpenIdToken"},
	"roles/iam.serviceAccountTokenCreator": {
		"iam.serviceAccounts.getAccessToken", "iam.serviceAccounts.getOpenIdToken", "iam.serviceAccounts.implicitDelegation",
		"iam.serviceAccounts.signBlob", "iam.serviceAccounts.signJwt",
	},
	"roles/iam.serviceAccountUser": {"iam.serviceAccounts.actAs"},

	"roles/run.invoker": {"run.jobs.run", "run.routes.invoke"},

	"roles/secretmanager.secretAccessor": {"secretmanager.versions.access"},

	"roles/storage.admin": slices.Concat(readObjects, []string{
		"storage.buckets.create", "storage.buckets.delete", "storage.buckets.get", "storage.buckets.list", "storage.buckets.update",
		"storage.objects.create", "storage.objects.delete", "storage.objects.move", "storage.objects.setIamPolicy", "storage.objects.update",
	}),
	"roles/storage.objectAdmin": slices.Concat(readObjects, []string{
		"storage.objects.create", "storage.objects.delete", "storage.objects.move", "storage.objects.setIamPolicy", "storage.objects.update",
	}),
	"roles/storage.objectCreator": {"storage.objects.create"},
	"roles/storage.objectUser": slices.Concat(readObjects, []string{
		"storage.objects.create", "storage.objects.delete", "storage.objects.move", "storage.objects.update",
	}),
	"roles/storage.objectViewer": readObjects,
}
