package deployment

import (
	"time"

	"heek.kr/heektime/internal/deployment/spec"
)

// functionsService handles Firestore's events, one path a function: see triggers.go. Eventarc waits
// at most ten minutes for a response.
func functionsService() spec.Service {
	return spec.Service{
		Name: "functions", Purpose: "handles the events of documents",
		Package: "functions", Account: functionsAccount,
		Invokers: []string{EventarcAccount, CheckAccount}, Ingress: spec.IngressAll,
		Timeout: 9 * time.Minute, MemoryMiB: 512, MilliCPU: 1000, Concurrency: 20, MaxInstances: 10,
		Environment: variables([]spec.Variable{project, database}, callerCheck("functions", EventarcAccount), pushQueue("TOPICS_QUEUE", TopicsQueue)),
	}
}
