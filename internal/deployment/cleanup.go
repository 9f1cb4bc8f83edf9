package deployment

import (
	"time"

	"heek.kr/heektime/internal/deployment/spec"
)

// cleanupService works in the background, one request at a time. The purge of the largest account
// takes longer than Cloud Run's default of five minutes.
func cleanupService() spec.Service {
	return spec.Service{
		Name: "cleanup", Purpose: "purges deleted accounts and sweeps up orphaned data",
		Package: "run/cleanup", Account: cleanupAccount,
		Invokers: []string{SchedulerAccount, CheckAccount}, Ingress: spec.IngressAll,
		Timeout: cleanupTimeout, MemoryMiB: 512, MilliCPU: 1000, Concurrency: 4, MaxInstances: 1,
		Environment: variables([]spec.Variable{project, database}, callerCheck("cleanup", SchedulerAccount), []spec.Variable{
			listsBucket,
			{Name: "SWEEP_OPERATIONS", Value: spec.Default("5000"), Purpose: "most operations that a sweep may bill"},
		}),
	}
}

// cleanupTimeout bounds a request of cleanup, and the attempt of its jobs.
const cleanupTimeout = 15 * time.Minute
