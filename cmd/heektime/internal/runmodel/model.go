// Package runmodel plays requests against a model of a Cloud Run service, to see how many instances it needs,
// how long requests wait, and whether any is refused. The same requests give the same result.
//
// What the model knows of Cloud Run, and where from:
//
//   - A request goes to the instance with the fewest requests. One that finds every instance full waits, and is
//     refused with 429 after ten seconds, or after three and a half times the start of an instance if that is
//     longer (https://cloud.google.com/run/docs/about-instance-autoscaling).
//   - Another instance starts, up to the maximum, when the requests exceed 60 % of what all instances may
//     serve simultaneously, or their CPU was busy for more than 60 % of the last ten seconds. 60 % is Google's
//     target on the same page. How soon it acts is not documented; here it looks at requests immediately, and
//     at the CPU every five seconds.
//   - An instance is billed while it starts and while it serves a request, rounded up to 100 ms
//     (https://cloud.google.com/run/pricing).
//   - An instance without requests stays for up to 15 minutes (the page on autoscaling). Here it always does.
//
// What it assumes: an instance's CPU serves one request after another, so a short request waits behind a long
// one; the rest of a request is waiting for other services and takes no CPU.
//
// heektime bench registration plays a minute with the CPU times that it measures, and heektime simulate a month with
// the times of its behaviour file.
package runmodel

import (
	"cmp"
	"container/heap"
	"slices"
	"time"
)

// Service is the size and the limits of a service.
type Service struct {
	MilliCPU, MemoryMiB, Concurrency, MaxInstances int
	// Start is the time from the decision to start an instance to its first request.
	Start time.Duration
}

// Request is a request to the service.
type Request struct {
	// At is when it arrives.
	At time.Duration
	// CPU is the time that it takes on one vCPU, Wait what it waits for other services.
	CPU, Wait time.Duration
}

// Result is what happened.
type Result struct {
	Requests, Refused int
	// Starts is how many instances were started, Instances how many there were at the same time at most.
	Starts, Instances int
	// Latencies are those of the requests that were served, the shortest first.
	Latencies []time.Duration
	// Queued is how many requests waited because no instance had room.
	Queued int
	// Billed is the billed time of all instances, Intervals are the times of which it is the sum, in the order in
	// which they end.
	Billed    time.Duration
	Intervals []Interval
	// Busy is the time that their CPUs worked.
	Busy time.Duration
}

// Interval is a time in which an instance started or served, before it is rounded up.
type Interval struct{ From, To time.Duration }

// Billed is what is billed for the interval.
func (i Interval) Billed() time.Duration {
	return max(granularity, (i.To-i.From+granularity-1)/granularity*granularity)
}

// Quantile returns a latency that the part q of the requests did not exceed, 0 if none was served.
func (r *Result) Quantile(q float64) time.Duration {
	if len(r.Latencies) == 0 {
		return 0
	}
	return r.Latencies[min(len(r.Latencies)-1, int(q*float64(len(r.Latencies))))]
}

const (
	target      = 0.6
	granularity = 100 * time.Millisecond
	minPending  = 10 * time.Second
	cpuWindow   = 10 * time.Second
	cpuInterval = 5 * time.Second
	keptIdle    = 15 * time.Minute
)

// Play plays the requests, in the order of their arrival, until all are served or refused.
func (s Service) Play(requests []Request) *Result {
	p := &play{Service: s, result: &Result{Requests: len(requests)}}
	p.pending = max(minPending, s.Start*7/2)
	sorted := slices.Clone(requests)
	slices.SortStableFunc(sorted, func(a, b Request) int { return cmp.Compare(a.At, b.At) })
	if len(sorted) > 0 {
		p.last = sorted[len(sorted)-1].At
		if first := sorted[0].At + cpuInterval; first <= p.last {
			p.push(event{at: first, kind: evaluation})
		}
	}
	for next := 0; next < len(sorted) || len(p.events) > 0; {
		// Of simultaneous events, an arrival is the last.
		if next < len(sorted) && (len(p.events) == 0 || sorted[next].At < p.events[0].at) {
			p.arrive(&sorted[next])
			next++
			continue
		}
		p.handle(heap.Pop(&p.events).(event))
	}
	for _, i := range p.instances {
		p.pause(i, i.last)
	}
	slices.Sort(p.result.Latencies)
	return p.result
}

// play is a service while it is played.
type play struct {
	Service
	result    *Result
	events    events
	sequence  int
	instances []*instance
	queue     []*Request
	running   int           // requests at instances
	pending   time.Duration // how long a request may wait for an instance
	work      []work        // the CPU work that has arrived in the last window
	last      time.Duration // when the last request arrives
}

// work is CPU work that arrived at a time.
type work struct{ at, cpu time.Duration }

// instance is one instance of the service.
type instance struct {
	ready    bool
	requests int
	cpuFree  time.Duration // when the CPU has worked off all requests
	since    time.Duration // when the current billed interval began
	last     time.Duration // when the last request ended
	billing  bool
}

// resume begins a billed interval.
func (i *instance) resume(now time.Duration) {
	if !i.billing {
		i.billing, i.since = true, now
	}
}

// pause ends an instance's billed interval.
func (p *play) pause(i *instance, now time.Duration) {
	if i.billing {
		i.billing = false
		interval := Interval{i.since, now}
		p.result.Intervals = append(p.result.Intervals, interval)
		p.result.Billed += interval.Billed()
	}
}

// arrive handles the arrival of a request.
func (p *play) arrive(r *Request) {
	p.retire(r.At)
	p.work = append(p.work, work{r.At, r.CPU})
	if !p.place(r, r.At) {
		p.result.Queued++
		p.queue = append(p.queue, r)
		p.push(event{at: r.At + p.pending, kind: giveUp, request: r})
	}
	p.scale(r.At, p.forRequests())
}

// retire ends instances that have had no request for so long.
func (p *play) retire(now time.Duration) {
	p.instances = slices.DeleteFunc(p.instances, func(i *instance) bool { return i.ready && i.requests == 0 && now-i.last >= keptIdle })
}

func (p *play) handle(e event) {
	switch e.kind {
	case started:
		e.instance.ready, e.instance.last = true, e.at
		p.drain(e.at)
		if e.instance.requests == 0 {
			p.pause(e.instance, e.at)
		}
	case completion:
		e.instance.requests--
		p.running--
		e.instance.last = e.at
		p.drain(e.at)
		if e.instance.requests == 0 {
			p.pause(e.instance, e.at)
		}
	case giveUp:
		if at := slices.Index(p.queue, e.request); at >= 0 {
			p.queue = slices.Delete(p.queue, at, at+1)
			p.result.Refused++
		}
	case evaluation:
		p.scale(e.at, p.forCPU(e.at))
		if next := e.at + cpuInterval; next <= p.last {
			p.push(event{at: next, kind: evaluation})
		}
	}
}

// place gives a request to the instance with the fewest, and reports whether one had room.
func (p *play) place(r *Request, now time.Duration) bool {
	var best *instance
	for _, i := range p.instances {
		if i.ready && i.requests < p.Concurrency && (best == nil || i.requests < best.requests) {
			best = i
		}
	}
	if best == nil {
		return false
	}
	best.resume(now)
	best.requests++
	p.running++
	cpu := r.CPU * 1000 / time.Duration(p.MilliCPU)
	if p.MilliCPU > 1000 {
		cpu = r.CPU // of several vCPUs, a request uses one
	}
	best.cpuFree = max(best.cpuFree, now) + cpu
	p.result.Busy += cpu
	end := best.cpuFree + r.Wait
	p.result.Latencies = append(p.result.Latencies, end-r.At)
	p.push(event{at: end, kind: completion, instance: best})
	return true
}

// drain places requests that wait.
func (p *play) drain(now time.Duration) {
	for len(p.queue) > 0 && p.place(p.queue[0], now) {
		p.queue = p.queue[1:]
	}
}

// forRequests returns how many instances the present requests need.
func (p *play) forRequests() int {
	present, each := p.running+len(p.queue), target*float64(p.Concurrency)
	n := 1
	for float64(n)*each < float64(present) {
		n++
	}
	return n
}

// forCPU returns how many instances the CPU work of the last window needs.
func (p *play) forCPU(now time.Duration) int {
	p.work = slices.DeleteFunc(p.work, func(w work) bool { return w.at < now-cpuWindow })
	var sum time.Duration
	for _, w := range p.work {
		sum += w.cpu
	}
	each := target * float64(cpuWindow) * float64(p.MilliCPU) / 1000
	n := 1
	for float64(n)*each < float64(sum) {
		n++
	}
	return n
}

// scale starts instances until there are so many, or the maximum.
func (p *play) scale(now time.Duration, want int) {
	for len(p.instances) < min(want, p.MaxInstances) {
		i := &instance{}
		i.resume(now)
		p.instances = append(p.instances, i)
		p.result.Starts++
		p.result.Instances = max(p.result.Instances, len(p.instances))
		p.push(event{at: now + p.Start, kind: started, instance: i})
	}
}

// eventKind is what happens at an event. Of simultaneous events, the kind that makes room comes first.
type eventKind int

const (
	completion eventKind = iota
	started
	giveUp
	evaluation
)

type event struct {
	at       time.Duration
	kind     eventKind
	sequence int
	request  *Request
	instance *instance
}

func (p *play) push(e event) {
	e.sequence = p.sequence
	p.sequence++
	heap.Push(&p.events, e)
}

// events is a heap, the next event first.
type events []event

func (h events) Len() int { return len(h) }
func (h events) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(h[i].at, h[j].at), cmp.Compare(h[i].kind, h[j].kind), cmp.Compare(h[i].sequence, h[j].sequence)) < 0
}
func (h events) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *events) Push(x any)   { *h = append(*h, x.(event)) }
func (h *events) Pop() any {
	old := *h
	last := old[len(old)-1]
	*h = old[:len(old)-1]
	return last
}
