package billing

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	// runGranularity is what the time of an instance is rounded up to, and so the least that is billed.
	runGranularity = 100 * time.Millisecond
	// runIdle is how long Cloud Run keeps an instance without requests.
	runIdle = 15 * time.Minute
	// defaultConcurrency is how many requests an instance serves simultaneously.
	defaultConcurrency = 80
)

// RunService meters a Cloud Run service with request-based billing. [RunService.Handler] wraps the
// service's handler.
//
// An instance is billed while it starts, and while it serves at least one request, rounded up to 100 ms.
// Requests that an instance serves simultaneously share this time, so each is charged for its part. How
// many instances there are follows from the concurrency: a request goes to the first instance with room,
// or to a new one. An instance without requests ends after 15 minutes of the meter's clock. Durations are
// those of the machine.
//
// Sources: https://cloud.google.com/run/pricing, https://cloud.google.com/run/docs/configuring/billing-settings
// and https://cloud.google.com/run/docs/about-instance-autoscaling
type RunService struct {
	// Meter counts; nil counts nothing.
	Meter *Meter
	// Name is the service's name.
	Name string
	// MilliCPU and MemoryMiB are an instance's size: 1000 is one vCPU.
	MilliCPU, MemoryMiB int
	// Concurrency is how many requests an instance serves simultaneously; 0 is Cloud Run's default, 80.
	Concurrency int
	// StartUp is how long an instance takes to start. Requests do not wait for it here.
	StartUp time.Duration
	// User returns the uid of the user who makes a request, "" if there is none. Nil knows no users.
	User func(*http.Request) string
	// Internal is true for a service that only others in its region call. Their data transfer is free.
	Internal bool

	now func() time.Time // the machine's time, except in tests

	mu          sync.Mutex
	instances   []*instance
	cpu, memory int64 // what was billed and is less than a millisecond, in nanoseconds of milliCPU and of MiB
}

// instance is an instance of the service.
type instance struct {
	requests []*runRequest
	busy     time.Duration // billed for the requests that run now and those that have ended since it was idle
	start    time.Duration // the time of starting, until it is billed
	at       time.Time     // up to when busy is counted
	idle     time.Time     // by the meter's clock: when the last request ended
}

// runRequest is a request that is running, with its part of the instance's time.
type runRequest struct {
	instance *instance
	part     time.Duration
}

// Handler returns next with its requests metered.
func (s *RunService) Handler(next http.Handler) http.Handler {
	if s.Meter == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		cause := Cause{Service: s.Name, Action: r.Header.Get(ActionHeader)}
		if s.User != nil {
			cause.User = s.User(r)
		}
		out := &Response{ResponseWriter: w}
		running := s.begin()
		defer func() {
			cause.Action = cmp.Or(cause.Action, r.Pattern, r.URL.Path) // a ServeMux has set the pattern
			s.end(running, cause)
			s.Meter.Add(RunRequests, cause, 1)
			if !s.Internal && leavesGoogle(r) {
				s.Meter.Add(RunEgress, cause, out.Bytes)
			}
		}()
		next.ServeHTTP(out, r)
	})
}

// leavesGoogle reports whether the response to a request leaves Google's network from Cloud Run. Those to
// Cloud Tasks, Cloud Scheduler and Eventarc do not, and those through Hosting are billed there.
func leavesGoogle(r *http.Request) bool {
	agent := r.UserAgent()
	return !strings.HasPrefix(agent, "Google-Cloud-") && !strings.HasPrefix(agent, "APIs-Google") && r.Header.Get("X-Forwarded-Host") == ""
}

func (s *RunService) begin() *runRequest {
	s.mu.Lock()
	defer s.mu.Unlock()
	clock := s.Meter.clock.Now()
	s.instances = slices.DeleteFunc(s.instances, func(i *instance) bool {
		return len(i.requests) == 0 && clock.Sub(i.idle) >= runIdle
	})
	most := cmp.Or(s.Concurrency, defaultConcurrency)
	at := slices.IndexFunc(s.instances, func(i *instance) bool { return len(i.requests) < most })
	if at < 0 {
		at = len(s.instances)
		s.instances = append(s.instances, &instance{start: s.StartUp})
	}
	i := s.instances[at]
	i.share(s.time())
	r := &runRequest{instance: i, part: i.start}
	i.busy += i.start
	i.start = 0
	i.requests = append(i.requests, r)
	return r
}

func (s *RunService) end(r *runRequest, cause Cause) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := r.instance
	i.share(s.time())
	i.requests = slices.DeleteFunc(i.requests, func(x *runRequest) bool { return x == r })
	if len(i.requests) == 0 {
		rounded := max((i.busy+runGranularity-1)/runGranularity*runGranularity, runGranularity)
		r.part += rounded - i.busy
		i.busy = 0
		i.idle = s.Meter.clock.Now()
	}
	s.cpu += int64(r.part) * int64(s.MilliCPU)
	s.memory += int64(r.part) * int64(s.MemoryMiB)
	s.Meter.Add(RunCPU, cause, s.cpu/1e9)
	s.Meter.Add(RunMemory, cause, s.memory/1e6)
	s.cpu, s.memory = s.cpu%1e9, s.memory%1e6
}

// share divides the time since the last call between the running requests.
func (i *instance) share(now time.Time) {
	passed := now.Sub(i.at)
	i.at = now
	n := time.Duration(len(i.requests))
	if n == 0 || passed <= 0 {
		return
	}
	i.busy += passed
	for _, r := range i.requests {
		r.part += passed / n
	}
	i.requests[0].part += passed % n
}

func (s *RunService) time() time.Time {
	if s.now != nil {
		return s.now()
	}
	return time.Now()
}
