package local

// DefaultProject is the embedded cloud's project: by Firebase's habit a name that begins with demo- never means a real one.
const DefaultProject = "demo-heektime"

// region is where everything is deployed: Seoul.
const region = "asia-northeast3"

// Queue is the full name of the queue that refreshes wait in.
func Queue(project string) string {
	return "projects/" + project + "/locations/" + region + "/queues/refresh"
}

// Job is the full name of a job of Cloud Scheduler.
func Job(project, name string) string {
	return "projects/" + project + "/locations/" + region + "/jobs/" + name
}

// TasksAccount is the service account that Cloud Tasks calls services as.
func TasksAccount(project string) string { return account("tasks", project) }

func schedulerAccount(project string) string { return account("scheduler", project) }

func eventarcAccount(project string) string { return account("eventarc", project) }

func refreshAccount(project string) string { return account("refresh", project) }

func account(name, project string) string {
	return name + "@" + project + ".iam.gserviceaccount.com"
}
