package deployment

import (
	"time"

	"heek.kr/heektime/internal/deployment/spec"
)

// authService signs users in. A hash takes a whole CPU for a fifth of a second, and scrypt takes
// 64 MiB; as many run at a time as there are CPUs. Everything else waits for Google.
func authService() spec.Service {
	return spec.Service{
		Name: "auth", Purpose: "signs users in, and deletes and restores accounts",
		Package: "run/auth", Account: authAccount,
		Public: true, Ingress: spec.IngressAll,
		Timeout: time.Minute, MemoryMiB: 512, MilliCPU: 1000, Concurrency: 80, MaxInstances: 10,
		Environment: []spec.Variable{
			project,
			database,
			apiKey,
			{Name: "ALLOWED_ORIGINS", Value: spec.Origins(), Purpose: "web pages that may call, as `https://host`, separated by commas"},
			{Name: "SERVICE_ACCOUNT", Value: spec.Emails(authAccount), Purpose: "account that signs custom tokens. If it is unset, the service asks the metadata server at its first login"},
			trustedProxies,
			passwordRounds,
		},
	}
}
