package simulation

import (
	"cmp"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"heek.kr/heektime/cmd/heektime/internal/local"
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
	most   map[int64]int                             // instances by minute, of all services
	starts int
}

// Cloud Run bills an instance while it starts and while it works, rounded up to 100 ms, and keeps one
// without requests for up to 15 minutes.
//
// Source: https://cloud.google.com/run/pricing
const (
	billedStep = 100 * time.Millisecond
	keptIdle   = 15 * time.Minute
)

// model computes what the instances are billed if there are so many times as many students. Copies of
// a request arrive within 30 seconds before or after it. Requests of jobs and tasks, which services
// outside do not get, are not multiplied.
func (l *runLog) model(copies int) runUsage {
	u := runUsage{busy: map[billing.Date]map[string]time.Duration{}, most: map[int64]int{}}
	l.mu.Lock()
	defer l.mu.Unlock()
	for name, s := range l.services {
		requests := slices.Clone(l.requests[name])
		slices.SortFunc(requests, compareRequests)
		n := 1
		if isMultiplied(name) {
			n = copies
		}
		if n > 1 {
			random := rand.New(rand.NewPCG(uint64(len(requests)), uint64(n)))
			all := make([]runRequest, 0, n*len(requests))
			for _, r := range requests {
				all = append(all, r)
				for range n - 1 {
					moved := time.Duration(random.Int64N(int64(time.Minute))) - 30*time.Second
					all = append(all, runRequest{r.at.Add(moved), r.takes})
				}
			}
			slices.SortFunc(all, compareRequests)
			requests = all
		}
		u.serve(s, requests, time.Duration(l.times.StartUp)*time.Millisecond)
	}
	return u
}

// compareRequests orders requests by their arrival, and the short ones of a moment first.
func compareRequests(x, y runRequest) int {
	return cmp.Or(x.at.Compare(y.at), cmp.Compare(x.takes, y.takes))
}

// isMultiplied reports whether a service's work grows with the number of students.
func isMultiplied(service string) bool {
	return service != "refresh" && service != "courses" && service != "cleanup"
}

// runInstance is an instance of a service.
type runInstance struct {
	ends   []time.Time // of the requests that it works on
	since  time.Time   // when it became busy
	idleAt time.Time   // when it last was
}

// serve adds the instances that serve requests, which are in order.
func (u *runUsage) serve(s *spec.Service, requests []runRequest, startUp time.Duration) {
	var instances []*runInstance
	settle := func(i *runInstance, now time.Time) {
		left := i.ends[:0]
		for _, end := range i.ends {
			if end.After(now) {
				left = append(left, end)
			} else if end.After(i.idleAt) {
				i.idleAt = end
			}
		}
		wasBusy := len(i.ends) > 0
		if i.ends = left; wasBusy && len(left) == 0 {
			u.bill(s.Name, i.since, i.idleAt)
		}
	}
	concurrency := cmp.Or(s.Concurrency, 80)
	for _, r := range requests {
		for _, i := range instances {
			settle(i, r.at)
		}
		instances = slices.DeleteFunc(instances, func(i *runInstance) bool { return len(i.ends) == 0 && r.at.Sub(i.idleAt) >= keptIdle })
		at := slices.IndexFunc(instances, func(i *runInstance) bool { return len(i.ends) < concurrency })
		takes := r.takes
		if at < 0 {
			at = len(instances)
			instances = append(instances, &runInstance{})
			takes += startUp
			u.starts++
		}
		i := instances[at]
		if len(i.ends) == 0 {
			i.since = r.at
		}
		i.ends = append(i.ends, r.at.Add(takes))
		minute := r.at.Unix() / 60
		busy := 0
		for _, i := range instances {
			if len(i.ends) > 0 {
				busy++
			}
		}
		u.most[minute] = max(u.most[minute], busy)
	}
	for _, i := range instances {
		settle(i, requests[len(requests)-1].at.Add(24*time.Hour))
	}
}

// bill adds the time of an instance that was busy from one time to another.
func (u *runUsage) bill(service string, from, to time.Time) {
	day := billing.DateOf(from)
	if u.busy[day] == nil {
		u.busy[day] = map[string]time.Duration{}
	}
	u.busy[day][service] += (to.Sub(from) + billedStep - 1) / billedStep * billedStep
}
