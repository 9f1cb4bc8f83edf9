package runmodel

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"
)

const ms = time.Millisecond

func TestPlay(t *testing.T) {
	burst := func(n int, cpu, wait time.Duration) []Request { return slices.Repeat([]Request{{0, cpu, wait}}, n) }
	one := Service{MilliCPU: 1000, Concurrency: 80, MaxInstances: 10, Start: 500 * ms}
	small := Service{MilliCPU: 1000, Concurrency: 1, MaxInstances: 1, Start: 500 * ms}
	half := Service{MilliCPU: 500, Concurrency: 80, MaxInstances: 10, Start: 500 * ms}
	for _, c := range []struct {
		name                       string
		service                    Service
		requests                   []Request
		refused, instances, queued int
		longest, billed            time.Duration
	}{
		{"nothing", one, nil, 0, 0, 0, 0, 0},
		{"a cold start", one, burst(1, 10*ms, 30*ms), 0, 1, 1, 540 * ms, 600 * ms},
		{"half a vCPU", half, burst(1, 10*ms, 30*ms), 0, 1, 1, 550 * ms, 600 * ms},
		{"the CPU serves one after another, waiting overlaps", one, burst(10, 10*ms, 30*ms), 0, 1, 10, 630 * ms, 700 * ms},
		{"two that follow are billed apart", one, []Request{{0, 0, 40 * ms}, {2 * time.Second, 0, 40 * ms}}, 0, 1, 1, 540 * ms, 700 * ms},
		{"60 % of the concurrency", one, burst(48, 0, 10*ms), 0, 1, 48, 510 * ms, 600 * ms},
		{"one more needs another instance", one, burst(49, 0, 10*ms), 0, 2, 49, 510 * ms, 1100 * ms},
		{"a full instance", small, burst(3, 1000*ms, 0), 0, 1, 3, 3500 * ms, 3500 * ms},
		{"refused after ten seconds", small, burst(12, 1000*ms, 0), 2, 1, 12, 10500 * ms, 10500 * ms},
		{"never more than the maximum", one, burst(10_000, 0, time.Second), 2000, 10, 10_000, 10500 * ms, 10 * 10500 * ms},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := c.service.Play(c.requests)
			var billed time.Duration
			for _, i := range r.Intervals {
				billed += i.Billed()
			}
			if billed != r.Billed || r.Starts != r.Instances {
				t.Errorf("the intervals are billed as %v of %v; %d instances were started, %d were there", billed, r.Billed, r.Starts, r.Instances)
			}
			if r.Refused != c.refused || r.Instances != c.instances || r.Queued != c.queued || r.Billed != c.billed || r.Quantile(1) != c.longest {
				t.Errorf("%d refused, %d instances, %d queued, %v billed, %v the longest; want %d, %d, %d, %v, %v",
					r.Refused, r.Instances, r.Queued, r.Billed, r.Quantile(1), c.refused, c.instances, c.queued, c.billed, c.longest)
			}
			if len(r.Latencies)+r.Refused != len(c.requests) {
				t.Errorf("%d requests were served and %d refused, of %d", len(r.Latencies), r.Refused, len(c.requests))
			}
		})
	}
}

// Work that keeps the CPUs busy starts more instances, although there are few requests at a time.
func TestInstancesForCPU(t *testing.T) {
	var requests []Request
	for i := range 600 {
		requests = append(requests, Request{time.Duration(i) * 50 * ms, 60 * ms, 0}) // 1.2 vCPUs
	}
	s := Service{MilliCPU: 1000, Concurrency: 80, MaxInstances: 10, Start: 500 * ms}
	if r := s.Play(requests); r.Instances != 2 || r.Refused != 0 {
		t.Errorf("%d instances and %d refused, want 2 and 0", r.Instances, r.Refused)
	}
}

// An instance without requests stays for 15 minutes, and costs nothing then.
func TestIdleInstances(t *testing.T) {
	s := Service{MilliCPU: 1000, Concurrency: 80, MaxInstances: 10, Start: 500 * ms}
	for between, starts := range map[time.Duration]int{14 * time.Minute: 1, 16 * time.Minute: 2} {
		r := s.Play([]Request{{0, 0, 60 * ms}, {between, 0, 60 * ms}})
		if want := 2*100*ms + time.Duration(starts)*500*ms; r.Starts != starts || r.Instances != 1 || r.Billed != want {
			t.Errorf("%v later: %d starts, at most %d instances, %v billed; want %d, 1, %v", between, r.Starts, r.Instances, r.Billed, starts, want)
		}
	}
}

// Whatever the requests, every one is served or refused, no CPU works without being billed, and the same
// requests give the same result.
func TestPlayIsReproducible(t *testing.T) {
	for seed := range uint64(50) {
		random := rand.New(rand.NewPCG(seed, 0))
		var requests []Request
		for range random.IntN(2000) {
			requests = append(requests, Request{
				time.Duration(random.Int64N(int64(20 * time.Second))), time.Duration(random.Int64N(int64(30 * ms))), time.Duration(random.Int64N(int64(100 * ms))),
			})
		}
		s := Service{
			MilliCPU: 250 * (1 + random.IntN(8)), Concurrency: 1 + random.IntN(100), MaxInstances: 1 + random.IntN(5),
			Start: time.Duration(random.Int64N(int64(4 * time.Second))),
		}
		r := s.Play(requests)
		if len(r.Latencies)+r.Refused != len(requests) || r.Instances > s.MaxInstances || r.Billed < r.Busy {
			t.Errorf("seed %d: %d served and %d refused of %d, %d instances of %d", seed, len(r.Latencies), r.Refused, len(requests), r.Instances, s.MaxInstances)
		}
		if again := s.Play(requests); !reflect.DeepEqual(r, again) {
			t.Errorf("seed %d: the same requests give another result", seed)
		}
	}
}
