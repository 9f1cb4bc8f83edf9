package deployment

import (
	"time"

	"heek.kr/heektime/internal/deployment/spec"
)

// schoolFile is where the image of refresh has the school file.
const schoolFile = "/schools.yaml"

// refreshService publishes course lists. A refresh may take five minutes, and the request a minute
// longer, so that a refresh that runs out of time still records that it did.
func refreshService() spec.Service {
	return spec.Service{
		Name: "refresh", Purpose: "keeps the published course lists fresh",
		Package: "run/refresh", Account: refreshAccount,
		Invokers: []string{SchedulerAccount, TasksAccount, CheckAccount}, Ingress: spec.IngressAll,
		Timeout: refreshTimeout, MemoryMiB: 512, MilliCPU: 1000, Concurrency: refreshesAtATime, MaxInstances: 2,
		Environment: variables([]spec.Variable{project, database}, callerCheck("refresh", SchedulerAccount, TasksAccount), []spec.Variable{
			listsBucket,
			{Name: "SCHOOLS_FILE", Required: true, Value: spec.FilePath(schoolFile), Purpose: "path of the school file"},
			{Name: "REFRESH_QUEUE", Required: true, Value: spec.QueueName(RefreshQueue), Purpose: "queue of refreshes, projects/P/locations/L/queues/Q"},
			{Name: "REFRESH_URL", Required: true, Value: spec.ServiceURL("refresh"), Purpose: "the service's own base URL, which the queue calls"},
			{Name: "COURSES_URL", Required: true, Value: spec.ServiceURL("courses"), Purpose: "base URL of the course service"},
		}, pushQueue("PUSH_QUEUE", PushQueue)),
		Files: []spec.File{{Source: "run/refresh/schools.yaml", Path: schoolFile}},
	}
}

// refreshTimeout bounds a request of refresh, and the attempt of a task.
const refreshTimeout = 6 * time.Minute
