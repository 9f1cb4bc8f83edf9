package deployment

import (
	"time"

	"heek.kr/heektime/internal/deployment/spec"
)

// pushService sends notifications, for Cloud Tasks only. A task sends up to a few hundred messages.
func pushService() spec.Service {
	return spec.Service{
		Name: "push", Purpose: "sends notifications, and keeps the topics of devices",
		Package: "run/push", Account: pushAccount,
		Invokers: []string{TasksAccount, CheckAccount}, Ingress: spec.IngressAll,
		Timeout: pushTimeout, MemoryMiB: 512, MilliCPU: 1000, Concurrency: 8, MaxInstances: 2,
		Environment: variables([]spec.Variable{project, database, listsBucket}, callerCheck("push", TasksAccount), pushQueue("PUSH_QUEUE", PushQueue)),
	}
}

// subscriptionsService stores which devices get notifications. Everything else waits for Google.
func subscriptionsService() spec.Service {
	return spec.Service{
		Name: "subscriptions", Purpose: "subscribes users' devices to notifications",
		Package: "run/subscriptions", Account: subscriptionsAccount,
		Public: true, Ingress: spec.IngressAll,
		Timeout: time.Minute, MemoryMiB: 512, MilliCPU: 1000, Concurrency: 80, MaxInstances: 2,
		Environment: variables([]spec.Variable{project, database}, pushQueue("TOPICS_QUEUE", TopicsQueue)),
	}
}

// pushTimeout bounds a request of push, and the attempt of a task.
const pushTimeout = 2 * time.Minute

// pushQueue are the variables of a service that adds tasks to a queue of push.
func pushQueue(variable, queue string) []spec.Variable {
	return []spec.Variable{
		{Name: variable, Required: true, Value: spec.QueueName(queue), Purpose: "queue of the push service, projects/P/locations/L/queues/Q"},
		{Name: "PUSH_URL", Required: true, Value: spec.ServiceURL("push"), Purpose: "base URL of the push service, which the queue calls"},
		tasksServiceAccount,
	}
}
