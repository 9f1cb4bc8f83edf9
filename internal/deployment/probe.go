package deployment

import (
	"time"

	"heek.kr/heektime/internal/deployment/spec"
)

// startupProbe: a service listens once its settings are read, so a connection is proof enough. Google's
// default probe is the same with a period of four minutes, so an instance would serve as late. There is no
// liveness probe: a process that hangs is a bug, and a probe is billed like a request.
func startupProbe() spec.Probe {
	return spec.Probe{Timeout: time.Second, Period: time.Second, Failures: 60}
}
