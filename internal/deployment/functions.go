package deployment

import (
	"time"

	"heek.kr/heektime/internal/deployment/spec"
)

// functionsService handles Firestore's events, one path a function: see triggers.go; and tasks of its own. Eventarc waits
// at most ten minutes for a response.
//
// Each lecture that a student adds is an event, which takes a millisecond of CPU and is billed as 100 ms of an
// instance. A quarter of a CPU is a quarter of the price, and nobody waits for the response. Cloud Run then lets an
// instance handle one event at a time.
func functionsService() spec.Service {
	return spec.Service{
		Name: "functions", Purpose: "handles the events of documents",
		Package: "functions", Account: functionsAccount,
		Invokers: []string{EventarcAccount, TasksAccount, CheckAccount}, Ingress: spec.IngressAll,
		Timeout: 9 * time.Minute, MemoryMiB: 512, MilliCPU: 250, Concurrency: 1, MaxInstances: 20,
		Environment: variables([]spec.Variable{project, database}, callerCheck("functions", EventarcAccount, TasksAccount), pushQueue("TOPICS_QUEUE", TopicsQueue), []spec.Variable{
			{Name: "FOLLOWERS_QUEUE", Required: true, Value: spec.QueueName(FollowersQueue), Purpose: "queue of counts, projects/P/locations/L/queues/Q"},
			{Name: "FUNCTIONS_URL", Required: true, Value: spec.ServiceURL("functions"), Purpose: "the service's own base URL, which the queue calls"},
		}),
	}
}
