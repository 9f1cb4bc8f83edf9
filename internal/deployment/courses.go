package deployment

import (
	"time"

	"heek.kr/heektime/internal/deployment/spec"
)

// coursesService reads lists from schools. A long list takes 100 MB, so an instance reads few at a
// time: as many as the queue dispatches.
func coursesService() spec.Service {
	return spec.Service{
		Name: "courses", Purpose: "reads a semester's course list from its school (gRPC)",
		Package: "run/courses", Account: coursesAccount,
		Invokers: []string{refreshAccount, CheckAccount}, Ingress: spec.IngressAll, HTTP2: true,
		Timeout: 5 * time.Minute, MemoryMiB: 512, MilliCPU: 1000, Concurrency: refreshesAtATime, MaxInstances: 2,
		Environment: variables([]spec.Variable{project}, callerCheck("courses", refreshAccount), []spec.Variable{
			{Name: "COURSES_FILES", Value: spec.Default(""), Purpose: "folder that `file:` URLs may read; none in production"},
		}),
	}
}
