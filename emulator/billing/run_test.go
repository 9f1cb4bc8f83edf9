package billing

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"heek.kr/heektime/emulator/clock"
)

// runTest is a service whose requests last as long as a test says.
type runTest struct {
	*RunService
	machine time.Time
}

func newRunTest(concurrency int, startUp time.Duration) *runTest {
	r := &runTest{machine: time.Unix(1, 0)}
	r.RunService = &RunService{
		Meter: NewMeter(clock.New()), Name: "courses", MilliCPU: 500, MemoryMiB: 256, Concurrency: concurrency, StartUp: startUp,
		now: func() time.Time { return r.machine },
	}
	return r
}

// billed returns the milliseconds of instances that were billed, which CPU and memory must agree on.
func (r *runTest) billed(t *testing.T) int64 {
	t.Helper()
	u := r.Meter.Usage()
	cpu, memory := u.Amount(RunCPU), u.Amount(RunMemory)
	if cpu*2*256 != memory {
		t.Errorf("%d vCPU-ms at half a vCPU, but %d MiB-ms at 256 MiB", cpu, memory)
	}
	return memory / 256
}

func TestRunTime(t *testing.T) {
	const ms = time.Millisecond
	type event struct {
		at  time.Duration
		end int // the request that ends, counted from 1 in the order of their beginnings; 0 begins one
	}
	for _, c := range []struct {
		name        string
		concurrency int
		startUp     time.Duration
		events      []event
		want        int64
	}{
		{"a short request", 0, 0, []event{{0, 0}, {3 * ms, 1}}, 100},
		{"rounded up", 0, 0, []event{{0, 0}, {101 * ms, 1}}, 200},
		{"exactly", 0, 0, []event{{0, 0}, {300 * ms, 1}}, 300},
		{"start-up included", 0, 250 * ms, []event{{0, 0}, {30 * ms, 1}}, 300},
		{"start-up once", 0, 250 * ms, []event{{0, 0}, {30 * ms, 1}, {500 * ms, 0}, {510 * ms, 2}}, 400},
		{"two that follow", 0, 0, []event{{0, 0}, {50 * ms, 1}, {60 * ms, 0}, {90 * ms, 2}}, 200},
		{"two that share an instance", 2, 0, []event{{0, 0}, {100 * ms, 0}, {250 * ms, 1}, {390 * ms, 2}}, 400},
		{"a second instance", 1, 0, []event{{0, 0}, {100 * ms, 0}, {250 * ms, 1}, {390 * ms, 2}}, 300 + 300},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRunTest(c.concurrency, c.startUp)
			start := r.machine
			var running []*runRequest
			for _, e := range c.events {
				r.machine = start.Add(e.at)
				if e.end == 0 {
					running = append(running, r.begin())
				} else {
					r.end(running[e.end-1], Cause{})
				}
			}
			if got := r.billed(t); got != c.want {
				t.Errorf("billed %d ms, want %d", got, c.want)
			}
		})
	}
}

// Requests that run simultaneously share the time of their instance.
func TestRunShares(t *testing.T) {
	r := newRunTest(10, 0)
	start := r.machine
	a := r.begin()
	r.machine = start.Add(100 * time.Millisecond)
	b := r.begin()
	r.machine = start.Add(300 * time.Millisecond)
	r.end(a, Cause{User: "ann"})
	r.machine = start.Add(400 * time.Millisecond)
	r.end(b, Cause{User: "bob"})
	for user, want := range map[string]int64{"ann": 200, "bob": 200} {
		got := r.Meter.Usage().AmountOf(RunMemory, func(c Cause) bool { return c.User == user }) / 256
		if got != want {
			t.Errorf("%s is charged %d ms, want %d", user, got, want)
		}
	}
}

// An instance that was idle for 15 minutes has ended; the next request starts another.
func TestRunInstanceEnds(t *testing.T) {
	r := newRunTest(0, time.Second)
	for _, idle := range []time.Duration{0, 14 * time.Minute, 15 * time.Minute} {
		r.Meter.clock.Advance(idle)
		r.end(r.begin(), Cause{})
	}
	if got, want := r.billed(t), int64(1000+100+1000); got != want {
		t.Errorf("billed %d ms, want %d", got, want)
	}
}

func TestResponsesOfInternalServicesStayInTheRegion(t *testing.T) {
	r := newRunTest(0, 0)
	r.Internal = true
	handler := r.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("hello")) }))
	handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/lists", nil))
	u := r.Meter.Usage()
	if requests, egress := u.Amount(RunRequests), u.Amount(RunEgress); requests != 1 || egress != 0 {
		t.Errorf("%d requests and %d bytes out, want 1 and 0", requests, egress)
	}
}

func TestRunHandler(t *testing.T) {
	r := newRunTest(0, 0)
	r.User = func(r *http.Request) string { return r.Header.Get("Authorization") }
	handler := r.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("hello")) }))
	for _, header := range []http.Header{
		{"Authorization": {"ann"}}, {"X-Billing-Action": {"open the app"}},
		{"User-Agent": {"Google-Cloud-Tasks"}}, {"X-Forwarded-Host": {"heek.kr"}},
	} {
		request := httptest.NewRequest("GET", "/lists", nil)
		request.Header = header
		handler.ServeHTTP(httptest.NewRecorder(), request)
	}
	u := r.Meter.Usage()
	if n := u.Amount(RunRequests); n != 4 {
		t.Errorf("%d requests, want 4", n)
	}
	if n := u.Amount(RunEgress); n != 10 {
		t.Errorf("%d bytes leave Google's network from Cloud Run, want 10", n)
	}
	want := Cause{User: "ann", Service: "courses", Action: "/lists"}
	if n := u.AmountOf(RunRequests, func(c Cause) bool { return c == want }); n != 1 {
		t.Errorf("%d requests of %+v, want 1", n, want)
	}
	if n := u.AmountOf(RunRequests, func(c Cause) bool { return c.Action == "open the app" }); n != 1 {
		t.Errorf("%d requests to open the app, want 1", n)
	}
	var none *RunService = &RunService{}
	if none.Handler(http.NotFoundHandler()) == nil {
		t.Error("a service without a meter has no handler")
	}
}
