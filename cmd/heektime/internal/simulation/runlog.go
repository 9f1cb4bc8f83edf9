package simulation

import (
	"cmp"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"heek.kr/heektime/cmd/heektime/internal/local"
	"heek.kr/heektime/cmd/heektime/internal/runmodel"
	"heek.kr/heektime/emulator/billing"
	"heek.kr/heektime/internal/deployment/spec"
)

// runLog records the requests of Cloud Run's services, whose instances are modelled afterwards. How
// long they really took depends on this machine.
type runLog struct {
	now   func() time.Time
	times Instances

	mu       sync.Mutex
	services map[string]*spec.Service
	requests map[string][]runRequest // by service
}

// runRequest is a request: when it arrives, and how long the service works on it.
type runRequest struct {
	at    time.Time
	takes time.Duration
}

// metered wraps a service's handler. The meter counts requests and bytes; the log gets the rest.
func (l *runLog) metered(meter *billing.Meter, s *spec.Service, next http.Handler) http.Handler {
	l.mu.Lock()
	l.services[s.Name] = s
	l.mu.Unlock()
	run := &billing.RunService{Meter: meter, Name: s.Name, Concurrency: s.Concurrency, User: local.UserOf, Internal: !s.Public}
	counted := run.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		offset, _ := strconv.Atoi(r.Header.Get(offsetHeader)) // requests of tasks and jobs have none
		l.add(s.Name, runRequest{l.now().Add(time.Duration(offset) * time.Millisecond), l.times.of(s.Name, r.URL.Path)})
		counted.ServeHTTP(w, r)
	})
}

func (l *runLog) add(service string, r runRequest) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.requests[service] = append(l.requests[service], r)
}

// reset forgets what has been recorded.
func (l *runLog) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.requests = map[string][]runRequest{}
}

// of returns how long a service works on a request: the entry of its path, else the longest one that ends
// in a slash and that the path begins with, else that of "*".
func (r Instances) of(service, path string) time.Duration {
	ms, longest := 100, -1
	for prefix, value := range r.Milliseconds[service] {
		n := len(prefix)
		switch {
		case prefix == path:
			n++
		case prefix == "*":
			n = 0
		case !strings.HasSuffix(prefix, "/") || !strings.HasPrefix(path, prefix):
			continue
		}
		if n > longest {
			ms, longest = value, n
		}
	}
	return time.Duration(ms) * time.Millisecond
}

// runUsage is what instances are billed, and how many there were.
type runUsage struct {
	busy   map[billing.Date]map[string]time.Duration // by day and service
	most   map[int64]int                             // instances of a service that worked at the same time, by minute
	starts int
	// refused is how many requests found no instance in time.
	refused int
}

// model computes what the instances are billed if there are so many times as many students. Copies of
// a request arrive within 30 seconds before or after it. Requests of jobs and tasks, which services
// outside do not get, are not multiplied.
func (l *runLog) model(copies int) runUsage {
	u := runUsage{busy: map[billing.Date]map[string]time.Duration{}, most: map[int64]int{}}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(l.services)) {
		n := 1
		if isMultiplied(name) {
			n = copies
		}
		u.serve(l.services[name], copied(l.requests[name], n), l.times.StartUp)
	}
	return u
}

// copied returns requests with the copies of each.
func copied(requests []runRequest, n int) []runRequest {
	random := rand.New(rand.NewPCG(uint64(len(requests)), uint64(n)))
	all := make([]runRequest, 0, n*len(requests))
	for _, r := range slices.SortedFunc(slices.Values(requests), compareRequests) {
		all = append(all, r)
		for range n - 1 {
			moved := time.Duration(random.Int64N(int64(time.Minute))) - 30*time.Second
			all = append(all, runRequest{r.at.Add(moved), r.takes})
		}
	}
	return all
}

// compareRequests orders requests by their arrival, and the short ones of a moment first.
func compareRequests(x, y runRequest) int {
	return cmp.Or(x.at.Compare(y.at), cmp.Compare(x.takes, y.takes))
}

// isMultiplied reports whether a service's work grows with the number of students. That of push does not: it sends to
// topics, and the students who are played have no devices that it would subscribe.
func isMultiplied(service string) bool {
	return service != "refresh" && service != "courses" && service != "cleanup" && service != "push"
}

// serve adds the instances that serve requests. The behaviour file has how long a request takes, not what of it is
// CPU time: here it waits all the time, so requests of an instance do not slow each other down.
func (u *runUsage) serve(s *spec.Service, requests []runRequest, startUp int) {
	if len(requests) == 0 {
		return
	}
	begin := slices.MinFunc(requests, compareRequests).at
	played := make([]runmodel.Request, len(requests))
	for i, r := range requests {
		played[i] = runmodel.Request{At: r.at.Sub(begin), Wait: r.takes}
	}
	service := runmodel.Service{
		MilliCPU: s.MilliCPU, MemoryMiB: s.MemoryMiB, Concurrency: cmp.Or(s.Concurrency, 80), MaxInstances: s.MaxInstances,
		Start: time.Duration(startUp) * time.Millisecond,
	}
	result := service.Play(played)
	u.starts, u.refused = u.starts+result.Starts, u.refused+result.Refused
	for _, i := range result.Intervals {
		day := billing.DateOf(begin.Add(i.From))
		if u.busy[day] == nil {
			u.busy[day] = map[string]time.Duration{}
		}
		u.busy[day][s.Name] += i.Billed()
	}
	u.countWorking(begin, result.Intervals)
}

// countWorking counts the instances that worked at the same time, by minute.
func (u *runUsage) countWorking(begin time.Time, intervals []runmodel.Interval) {
	type change struct {
		at time.Time
		by int
	}
	var changes []change
	for _, i := range intervals {
		changes = append(changes, change{begin.Add(i.From), 1}, change{begin.Add(i.To), -1})
	}
	// Of simultaneous changes, an end is first: the next one may be of the same instance.
	slices.SortFunc(changes, func(x, y change) int { return cmp.Or(x.at.Compare(y.at), cmp.Compare(x.by, y.by)) })
	working, minute := 0, int64(0)
	for _, c := range changes {
		at := c.at.Unix() / 60
		for ; working > 0 && minute < at; minute++ {
			u.most[minute] = max(u.most[minute], working)
		}
		working, minute = working+c.by, at
		u.most[minute] = max(u.most[minute], working)
	}
}
